with

appointments as (

    select * from {{ ref('int_appointments_tallied') }}
    where due > 0

),

counted as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        month,
        {{ sums_of(outcome_count_names()) }}
    from appointments
    group by month, rollup(facility_id)

),

facilities as (

    select facility_id
    from counted
    group by facility_id

),

months as (

    select month
    from {{ ref('dim_dates') }}
    group by month

),

-- a month without appointments is 0, so that no month is missing from a series; a lone absurd
-- date long before the data gets its own row but no empty months after it
spined as (

    select
        facilities.facility_id,
        months.month
    from facilities
    cross join months
    where
        months.month >= (
            select {{ first_of_month('min(systems.observed_from)') }}
            from {{ ref('int_systems_dated') }} as systems
            where systems.source_system = 'hospital_ops'
        )
        and months.month <= (select max(counted.month) from counted)

),

filled as (

    select
        {%- for name in outcome_count_names() %}
        coalesce(counted.{{ name }}, 0) as {{ name }},
        {%- endfor %}
        coalesce(spined.facility_id, counted.facility_id) as facility_id,
        coalesce(spined.month, counted.month) as month
    from spined
    full join counted
        on counted.facility_id = spined.facility_id
        and counted.month = spined.month

),

final as (

    select
        facility_id,
        month,
        {% for name in outcome_count_names() -%}
        {{ name }},
        {% endfor -%}
        {{ outcome_rates() }}
    from filled

)

select * from final
