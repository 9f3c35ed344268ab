with

appointments as (

    select * from {{ ref('int_appointments_tallied') }}

),

bookings as (

    select * from {{ ref('int_patient_bookings_tallied') }}

),

treatments as (

    select * from {{ ref('int_treatments_tallied') }}

),

counted as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        cast(sum(appointments) as bigint) as appointments,
        cast(sum(appointments - due) as bigint) as future,
        count(distinct case when due > 0 and doctor_id != 'unknown' then doctor_id end) as doctors,
        {{ sums_of(outcome_count_names()) }}
    from appointments
    group by rollup(facility_id)
    -- no total of nothing: engines differ in whether it is a row
    having count(*) > 0

),

patients as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        count(distinct patient_key) as patients
    from bookings
    group by rollup(facility_id)
    having count(*) > 0

),

costs as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        cast(sum(treatments) as bigint) as treatments,
        cast(sum(treatments - costs_known) as bigint) as treatments_without_cost,
        sum(total_cost) as treatment_cost
    from treatments
    group by rollup(facility_id)
    having count(*) > 0

),

totals as (

    select max(due) as due_in_all from counted
    where facility_id = 'all' and due > 0

),

joined as (

    select
        coalesce(counted.facility_id, costs.facility_id) as facility_id,
        coalesce(counted.appointments, 0) as appointments,
        coalesce(counted.future, 0) as future,
        coalesce(counted.doctors, 0) as doctors,
        coalesce(patients.patients, 0) as patients,
        {%- for name in outcome_count_names() %}
        coalesce(counted.{{ name }}, 0) as {{ name }},
        {%- endfor %}
        coalesce(costs.treatments, 0) as treatments,
        coalesce(costs.treatments_without_cost, 0) as treatments_without_cost,
        cast(coalesce(costs.treatment_cost, 0) as decimal(18, 2)) as treatment_cost,
        totals.due_in_all
    -- treatments that are linked to no appointment may be all that `unknown` has
    from counted
    full join costs
        on costs.facility_id = counted.facility_id
    left join patients
        on patients.facility_id = counted.facility_id
    cross join totals

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
        treatments_without_cost,
        treatment_cost,
        {{ safe_divide('treatment_cost', '(treatments - treatments_without_cost)') }}
            as mean_treatment_cost
    from joined

)

select * from final
