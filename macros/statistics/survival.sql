{#-
  Survival analysis in plain SQL: what its models share. Checked against R's survival package and
  lifelines in tests/python/test_survival.py.
-#}

{% macro log_log_bound(survival, hazard_variance, sign) -%}
    {#- S to the power of exp(± z √G / |ln S|), G Greenwood's sum; none where S is 0 or 1. -#}
    case
        when {{ survival }} > 0 and {{ survival }} < 1
            then power(
                {{ survival }},
                exp({{ sign }} {{ z95() }} * sqrt({{ hazard_variance }}) / -ln(nullif({{ survival }}, 0e0)))
            )
    end
{%- endmacro %}

{% macro survival_quantile(survival, share, time) -%}
    {#-
      The time at which a curve falls to `share`, as an aggregate over its rows, by R's rule: where
      it lies exactly on the share, halfway from there to the next drop, or to the last follow-up
      when there is none. Products of doubles miss the share by rounding errors: 1e-9 is exact.
    -#}
    (
        min(case when {{ survival }} <= {{ share }} + 1e-9 then {{ time }} end)
        + coalesce(
            min(case when {{ survival }} < {{ share }} - 1e-9 then {{ time }} end),
            case when min({{ survival }}) <= {{ share }} + 1e-9 then max({{ time }}) end
        )
    ) / 2
{%- endmacro %}

{% macro largest_comparison() -%}
    {#- Most groups that one log-rank test compares: each is a step in the SQL that solves it. -#}
    24
{%- endmacro %}

{% macro among_large_groups() -%}
    {#- Ends the name of the strata in which only groups large enough for a claim are compared. -#}
    , large groups
{%- endmacro %}

{% macro exp_or_null(power) -%}
    {#- e to a power, null where a double could not hold it. -#}
    case when {{ power }} between -700 and 700 then exp({{ power }}) end
{%- endmacro %}

{% macro elimination_ctes(cells, pivots, together=3) -%}
    {#-
      Gaussian elimination of a symmetric matrix in long form, as a chain of CTEs that ends with
      <cells>_eliminated. Windows fetch what some pivots in a row need; DuckDB's optimiser takes
      twice as long for each further window in a chain, so several pivots share one.
    -#}
    {%- for first in range(1, pivots + 1, together) %}
    {%- set block = range(first, [first + together, pivots + 1] | min) %}
{{ cells }}_fetched_{{ first }} as (

    select
        cells.*
        {%- for p in block %},
        max(case when j = {{ p }} then cell end) over (partition by group_by, strata, i) as row_{{ p }},
        max(case when i = {{ p }} then cell end) over (partition by group_by, strata, j) as col_{{ p }}
        {%- for q in block if q >= p %},
        max(case when i = {{ p }} and j = {{ q }} then cell end) over (partition by group_by, strata)
            as cross_{{ p }}_{{ q }}
        {%- endfor %}
        {%- endfor %}
    from {{ cells ~ ('_after_' ~ (first - 1) if first > 1 else '') }} as cells

),
    {%- for p in block %}
    {%- set pivot = 'cross_' ~ p ~ '_' ~ p %}
    {#- a row that the rows before it already say all of leaves nothing but rounding errors -#}
    {%- set usable = 'case when ' ~ pivot ~ ' > 1e-10 then ' %}
    {%- set over = ' / ' ~ pivot ~ ' else 0 end' %}
{{ cells }}_{{ 'eliminated' if p == pivots else 'after_' ~ p }} as (

    select
        group_by,
        strata,
        i,
        j,
        cell - {{ usable }}row_{{ p }} * col_{{ p }}{{ over }} as cell,
        pivots + {{ usable }}1 else 0 end as pivots
        {%- for q in block if q > p %},
        row_{{ q }} - {{ usable }}row_{{ p }} * cross_{{ p }}_{{ q }}{{ over }} as row_{{ q }},
        col_{{ q }} - {{ usable }}cross_{{ p }}_{{ q }} * col_{{ p }}{{ over }} as col_{{ q }}
        {%- for r in block if r >= q %},
        cross_{{ q }}_{{ r }} - {{ usable }}cross_{{ p }}_{{ q }} * cross_{{ p }}_{{ r }}{{ over }}
            as cross_{{ q }}_{{ r }}
        {%- endfor %}
        {%- endfor %}
    from {{ cells }}_{{ 'fetched_' ~ first if loop.first else 'after_' ~ (p - 1) }}

){{ ',' if p < pivots }}
    {%- endfor %}
    {%- endfor %}
{%- endmacro %}
