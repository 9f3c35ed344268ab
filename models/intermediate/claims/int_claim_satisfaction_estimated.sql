{%- set estimators = [
    'satisfaction_sd_ratio', 'satisfaction_relative_sd_ratio', 'satisfaction_deviation_difference',
    'satisfaction_between_facilities', 'satisfaction_standardised_difference',
    'satisfaction_mean_difference', 'satisfaction_top_box_difference', 'department_volume',
    'satisfaction_difference_elsewhere',
] -%}
{%- set count = 'cast(departments as string)' -%}

with

asked as (

    {{ claims_of(estimators) }}

),

facilities as (

    select
        overall.department_id,
        coalesce(overall.facilities_compared, 0) as facilities,
        sqrt(overall.tau_squared) / nullif(overall.sd, 0) as spread,
        bounds.spread_low,
        bounds.spread_high
    from {{ ref('kpi_satisfaction_overall') }} as overall
    left join {{ ref('int_claim_facilities_compared') }} as bounds
        on bounds.department_id = overall.department_id
    where overall.facility_id = 'all'

),

volumes as (

    select
        activity.department_id,
        activity.share,
        activity.share_low,
        activity.share_high,
        whole.episodes as all_episodes,
        count(*) over () as departments
    from {{ ref('kpi_department_activity') }} as activity
    inner join {{ ref('kpi_department_activity') }} as whole
        on whole.department_id = 'all'
    where
        activity.department_id not in ('all', 'unknown')
        and activity.episodes >= {{ minimum_n('claim') }}

),

measured as (

    select *, cast(null as string) as why_not from {{ ref('int_claim_spreads_compared') }}
    union all
    select *, cast(null as string) as why_not from {{ ref('int_claim_levels_compared') }}
    union all
    select
        department_id,
        'satisfaction_between_facilities',
        spread as estimate,
        least(spread_low, spread),
        greatest(spread_high, spread),
        'Q profile (Viechtbauer 2007)',
        facilities,
        cast(null as bigint),
        spread as effect_size,
        'share of a standard deviation',
        case
            when facilities < 3
            then 'fewer than three hospitals have ten scores of the department'
        end
    from facilities
    union all
    select
        department_id,
        'satisfaction_difference_elsewhere',
        gap as estimate,
        gap_low,
        gap_high,
        '95 % prediction interval of a further facility; lower at '
        || cast(facilities_below as string) || ' of ' || cast(facilities as string),
        facilities,
        cast(null as bigint),
        gap as effect_size,
        'difference',
        case when gap is null then 'fewer than three hospitals have enough scores to compare' end
    from {{ ref('int_claim_gaps_predicted') }}
    union all
    select
        department_id,
        'department_volume',
        share * departments,
        share_low * departments,
        share_high * departments,
        'Wilson, times ' || {{ count }} || ' departments',
        all_episodes,
        cast(null as bigint),
        ln(share * departments),
        'log ratio',
        case when departments < 2 then 'there is no other department' end
    from volumes

),

estimates as (

    select
        measured.*,
        1 as comparisons
    from measured

),

final as (

    select
        {{ estimate_columns('the data hold no such scores or episodes of the department') }}
    from asked
    left join estimates
        on estimates.estimator = asked.estimator
        and estimates.department_id = asked.subject

)

select * from final
