with

hazards as (

    select * from {{ ref('kpi_hazard_ratios') }}
    where group_by = 'insurance_type' and strata != 'none'

),

-- which of two insurance types comes first in the mart is a matter of the alphabet
directed as (

    {%- for one, other, sign in [
        ('group_value', 'reference_value', '1'), ('reference_value', 'group_value', '-1')
    ] %}
    {{ 'union all' if not loop.first }}
    select
        {{ one }} as subject_spelling,
        {{ other }} as comparator_spelling,
        lower({{ one }}) as subject,
        lower({{ other }}) as comparator,
        {{ sign }} * (observed - expected) / nullif(variance, 0) as log_ratio,
        {{ z95() }} / nullif(sqrt(variance), 0) as log_margin,
        cases + reference_cases as cases,
        least(cases, reference_cases) as smallest_group,
        share_in_two_arm_strata
    from hazards
    {%- endfor %}

),

-- of spellings that differ in case only, the one that the extract uses
ranked as (

    select
        directed.*,
        row_number() over (
            partition by subject, comparator
            order by
                cases desc nulls last,
                subject_spelling asc nulls last,
                comparator_spelling asc nulls last
        ) as place
    from directed
    where subject != comparator

),

final as (

    select
        subject,
        comparator,
        log_ratio,
        log_margin,
        cases,
        smallest_group,
        share_in_two_arm_strata
    from ranked
    where place = 1

)

select * from final
