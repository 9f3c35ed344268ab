{#- The pair of groups whose hazards differ most clearly, and by how much. -#}

with

pairs as (

    select * from {{ ref('kpi_hazard_ratios') }}
    where
        strata != 'none'
        and cases >= {{ minimum_n('claim') }}
        and reference_cases >= {{ minimum_n('claim') }}
        and share_in_two_arm_strata >= 0.5
        and variance > 0

),

ranked as (

    select
        pairs.*,
        count(*) over (partition by group_by) as comparisons,
        row_number() over (
            partition by group_by
            order by
                logrank_chi_square desc nulls last,
                group_value desc nulls last,
                reference_value desc nulls last
        ) as place
    from pairs

),

clearest as (

    select
        ranked.*,
        {{ bonferroni_z('comparisons') }} as z
    from ranked
    where place = 1

),

-- the group that fares worse over the other, so that the ratio is 1 or more
final as (

    select
        group_by,
        case when observed > expected then group_value else reference_value end as worse,
        case when observed > expected then reference_value else group_value end as better,
        comparisons,
        cases + reference_cases as cases,
        abs(observed - expected) / variance as log_ratio,
        z / sqrt(variance) as log_margin
    from clearest

)

select * from final
