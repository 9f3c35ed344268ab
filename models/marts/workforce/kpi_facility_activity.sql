with

appointments as (

    select * from {{ ref('fct_appointments') }}

),

treatments as (

    select * from {{ ref('fct_treatments') }}

),

counted as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        count(*) as appointments,
        count(case when outcome = 'future' then 1 end) as future,
        count(distinct case when doctor_id != 'unknown' then doctor_id end) as doctors,
        count(distinct case when patient_key >= 0 then patient_key end) as patients
    from appointments
    group by grouping sets ((facility_id), ())

),

outcomes as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        {{ outcome_counts() }}
    from appointments
    where outcome != 'future'
    group by grouping sets ((facility_id), ())

),

costs as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        count(*) as treatments,
        sum(cost) as treatment_cost
    from treatments
    group by grouping sets ((facility_id), ())

),

totals as (

    select due as due_in_all from outcomes
    where facility_id = 'all'

),

joined as (

    select
        counted.facility_id,
        counted.appointments,
        counted.future,
        counted.doctors,
        counted.patients,
        {%- for name in outcome_count_names() %}
        coalesce(outcomes.{{ name }}, 0) as {{ name }},
        {%- endfor %}
        coalesce(costs.treatments, 0) as treatments,
        cast(coalesce(costs.treatment_cost, 0) as decimal(18, 2)) as treatment_cost,
        totals.due_in_all
    from counted
    cross join totals
    left join outcomes
        on outcomes.facility_id = counted.facility_id
    left join costs
        on costs.facility_id = counted.facility_id

),

final as (

    select
        facility_id,
        appointments,
        future,
        {% for name in outcome_count_names() -%}
        {{ name }},
        {% endfor -%}
        {{ outcome_rates() }},
        {{ rate_columns('share', 'due', 'due_in_all') }},
        doctors,
        patients,
        {{ safe_divide('due', 'doctors') }} as appointments_per_doctor,
        {{ safe_divide(poisson_low('due'), 'doctors') }} as appointments_per_doctor_low,
        {{ safe_divide(poisson_high('due'), 'doctors') }} as appointments_per_doctor_high,
        treatments,
        treatment_cost,
        {{ safe_divide('treatment_cost', 'treatments') }} as mean_treatment_cost
    from joined

)

select * from final
