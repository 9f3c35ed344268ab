{#-
  Direct standardisation to a standard population and indirect standardisation to expected events.
  Arguments are SQL expressions; sources in _standardisation__macros.yml.
-#}

{% macro dsr_sums(events, n, population) -%}
    {#- Over age bands (or other strata). A band of the standard without people has no rate. -#}
    {%- set weight = 'cast(' ~ population ~ ' as double)' -%}
    {%- set rate = safe_divide(events, n) -%}
    sum({{ events }}) as dsr_events,
        cast(sum({{ population }}) as double) as dsr_population,
        count(case when {{ population }} > 0 and coalesce({{ n }}, 0) <= 0 then 1 end)
            as dsr_empty_bands,
        {{ exact_sum(weight ~ ' * ' ~ rate) }} as dsr_expected,
        {{ exact_sum(
            weight ~ ' * ' ~ weight ~ ' * ' ~ rate ~ ' / nullif(' ~ n ~ ', 0)'
        ) }} as dsr_spread
{%- endmacro %}

{% macro dsr_columns(name, multiplier='100000e0') -%}
    {#- Over the columns of dsr_sums: name, name_low, name_high. -#}
    {%- set rate = 'case when dsr_empty_bands = 0 then ' ~ multiplier
        ~ ' * dsr_expected / nullif(dsr_population, 0e0) end' -%}
    {%- set step = '(' ~ multiplier ~ ' * sqrt(dsr_spread / nullif(dsr_events, 0)) / nullif(dsr_population, 0e0))' -%}
    {#- few events in bands of uneven weight would reach below 0 -#}
    {{ rate }} as {{ name }},
        case
            when dsr_events > 0 and dsr_empty_bands = 0
                then greatest(
                    {{ rate }} + {{ step }} * ({{ poisson_low('dsr_events') }} - dsr_events), 0e0
                )
        end as {{ name }}_low,
        {{ rate }} + {{ step }} * ({{ poisson_high('dsr_events') }} - dsr_events) as {{ name }}_high
{%- endmacro %}

{% macro observed_to_expected_columns(name, observed, expected) -%}
    {#- Indirect standardisation: name, name_low, name_high. -#}
    {{ safe_divide(observed, expected) }} as {{ name }},
        {{ safe_divide(poisson_low(observed), expected) }} as {{ name }}_low,
        {{ safe_divide(poisson_high(observed), expected) }} as {{ name }}_high
{%- endmacro %}
