with

hazards as (

    select * from {{ ref('kpi_hazard_ratios') }}
    where group_by = 'insurance_type' and strata != 'none'

),

-- which of two insurance types comes first in the mart is a matter of the alphabet
final as (

    {%- for one, other, sign in [
        ('group_value', 'reference_value', '1'), ('reference_value', 'group_value', '-1')
    ] %}
    {{ 'union all' if not loop.first }}
    select
        lower({{ one }}) as subject,
        lower({{ other }}) as comparator,
        {{ sign }} * (observed - expected) / nullif(variance, 0) as log_ratio,
        {{ z95() }} / nullif(sqrt(variance), 0) as log_margin,
        cases + reference_cases as cases,
        least(cases, reference_cases) as smallest_group,
        share_in_two_arm_strata
    from hazards
    {%- endfor %}

)

select * from final
