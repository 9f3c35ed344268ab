{{ config(materialized='table') }}

{%- set ranked_claims = ['winter_cost_ratio', 'largest_hazard_ratio'] -%}

with

asked as (

    select distinct
        estimator,
        subject
    from ({{ claims_of(ranked_claims) }}) as served

),

measured as (

    select
        asked.estimator,
        asked.subject,
        case
            when {{ season('episodes.episode_date', var('hemisphere')) }} = 'winter' then 'winter'
            else 'rest'
        end as group_value,
        cast(episodes.cost as double) as value
    from asked
    inner join {{ ref('fct_episodes') }} as episodes
        on episodes.department_id = asked.subject
    where
        asked.estimator = 'winter_cost_ratio'
        and episodes.cost is not null
        and not episodes.is_future
    union all
    -- recorded months of everybody, whether or not it is known who died
    select
        asked.estimator,
        asked.subject,
        cases.group_value,
        cases.survival_months as value
    from asked
    inner join {{ ref('int_survival_times') }} as cases
        on cases.group_by = asked.subject
    where
        asked.estimator = 'largest_hazard_ratio'
        and cases.group_value != 'unknown'
        and cases.survival_months is not null

),

sized as (

    select
        measured.*,
        count(*) over (partition by estimator, subject, group_value) as group_size
    from measured

),

ranked as (

    select
        estimator,
        subject,
        group_value,
        {{ rank_columns('value', ['estimator', 'subject']) }}
    from sized
    where group_size >= {{ minimum_n('claim') }}

),

grouped as (

    select
        estimator,
        subject,
        group_value,
        {{ rank_group_sums() }}
    from ranked
    group by estimator, subject, group_value

),

tested as (

    select
        estimator,
        subject,
        cast(count(*) as bigint) as groups_tested,
        cast(sum(n) as bigint) as values_ranked,
        {{ kruskal_wallis_h() }} as h
    from grouped
    group by estimator, subject

),

final as (

    select
        estimator,
        subject,
        groups_tested,
        values_ranked,
        h,
        {{ chi_square_upper_tail('h', '(groups_tested - 1)', largest_df=24) }} as p_value
    from tested

)

select * from final
