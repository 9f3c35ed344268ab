{#- Every number stands in the month of the KPI that it belongs to: of the episode, of the end of
    the stay, or of the arrival. -#}
{% set events = {
    'episode': {
        'episodes': 'count(*)',
        'icu_episodes': "count(case when department_id = 'icu' then 1 end)",
        'costs_known': 'count(cost)',
        'total_cost': 'sum(cost)',
        'cost_squares': 'sum(' ~ square_of_money('cost') ~ ')',
        'evaluable': 'count(is_success)',
        'successes': 'count(case when is_success then 1 end)',
    },
    'separation': {
        'separations': 'count(*)',
        'separations_with_disposition': 'count(is_death)',
        'deaths': 'count(case when is_death then 1 end)',
        'stays_measured': 'count(length_of_stay_aihw_days)',
        'stay_days': 'sum(length_of_stay_aihw_days)',
        'stay_squares': 'sum(length_of_stay_aihw_days * length_of_stay_aihw_days)',
    },
    'arrival': {'emergency_visits': 'count(*)'},
} %}
{% set types = {'total_cost': 'decimal(18, 2)', 'cost_squares': 'double'} %}

with

episodes as (

    select * from {{ ref('fct_episodes') }}
    where not is_future

),

dated as (

    select
        episodes.*,
        {{ first_of_month('episode_date') }} as episode_month,
        case when is_separation then {{ first_of_month('separation_date') }} end
            as separation_month,
        case
            when is_emergency_visit
            then {{ first_of_month('coalesce(cast(arrived_at as date), episode_date)') }}
        end as arrival_month
    from episodes

),

-- one read of the fact: a grouping set for each of the months that an episode has
grouped as (

    select
        facility_id,
        department_id,
        {%- for event, measures in events.items() %}
        grouping({{ event }}_month) as not_by_{{ event }},
        {%- for name, aggregate in measures.items() %}
        {{ aggregate }} as {{ name }},
        {%- endfor %}
        {%- endfor %}
        coalesce({{ events | join('_month, ') }}_month) as month
    from dated
    -- sqlfluff's dialect does not know grouping sets, which DuckDB and Spark share
    group by grouping sets (  -- noqa: PRS
        {%- for event in events %}
        (facility_id, department_id, {{ event }}_month){{ ',' if not loop.last }}
        {%- endfor %}
    )

),

-- of each set its own numbers only
final as (

    select
        facility_id,
        department_id,
        {%- for event, measures in events.items() %}
        {%- for name in measures %}
        cast(
            coalesce(sum(case when not_by_{{ event }} = 0 then {{ name }} end), 0)
            as {{ types.get(name, 'bigint') }}
        ) as {{ name }},
        {%- endfor %}
        {%- endfor %}
        month
    from grouped
    -- an episode that has not ended, or was no emergency visit, has no such month
    where month is not null
    group by facility_id, department_id, month

)

select * from final
