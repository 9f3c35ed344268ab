{#- What the models of estimates for the claims about care do alike. -#}

{% macro estimate_columns(nothing, has_remark=false) -%}
    {#-
      The answer to a claim's part, from `estimates` left-joined to `asked`. smallest_group: rows of
      the smaller group, null where rows are not what is compared; why_not: what is missing; nothing:
      what is missing where `estimates` has no row.
    -#}
    {%- set has_enough = 'coalesce(estimates.smallest_group >= ' ~ minimum_n('claim') ~ ', true)' -%}
    {%- set is_testable -%}
        (
            estimates.why_not is null
            and {{ has_enough }}
            and estimates.low is not null
            and estimates.high is not null
        )
    {%- endset -%}
    asked.claim_id,
        asked.part,
        {%- for name in ['estimate', 'low', 'high'] %}
        case when {{ is_testable }} then estimates.{{ name }} end as {{ name }},
        {%- endfor %}
        estimates.interval_method,
        cast(coalesce(estimates.n, 0) as bigint) as n,
        case when {{ is_testable }} then estimates.effect_size end as effect_size,
        estimates.effect_size_kind,
        cast(coalesce(estimates.comparisons, 1) as bigint) as comparisons,
        {{ is_testable }} as is_testable,
        case
            when estimates.estimator is null then '{{ nothing }}'
            when estimates.why_not is not null then estimates.why_not
            when not {{ has_enough }} then {{ too_few('estimates.smallest_group', 'cases in a group') }}
            when not {{ is_testable }}
                then 'the values do not vary, so that nothing tells how uncertain they are'
        end as why_not
        {%- if has_remark %},
        estimates.remark
        {%- endif %}
{%- endmacro %}

{% macro p_text(p) -%}
    {#- A p-value as it is read; null where there is none. -#}
    case when {{ p }} < 0.001 then 'p < 0.001' else 'p = ' || {{ plain_number(p) }} end
{%- endmacro %}

{% macro as_points(value) -%}
    {#- A share as text in points of a hundred, to one decimal. -#}
    cast(cast(round(100 * {{ value }}, 1) as decimal(6, 1)) as string)
{%- endmacro %}
