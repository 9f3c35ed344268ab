{#- Limits of 99.8 %, as in a funnel: many doctors are compared at once. -#}
{% set low = poisson_range('facility_median_due', '3.090232306167813e0', '-') %}
{% set high = poisson_range('facility_median_due', '3.090232306167813e0', '+') %}

with

doctors as (

    select * from {{ ref('dim_doctors') }}

),

balanced as (

    select * from {{ ref('int_doctors_measured') }}

),

treatments as (

    select * from {{ ref('int_treatments_tallied') }}

),

costs as (

    select
        doctor_id,
        sum(total_cost) as treatment_cost
    from treatments
    group by doctor_id

),

joined as (

    select
        doctors.doctor_id,
        doctors.facility_id,
        doctors.specialization,
        coalesce(balanced.appointments, 0) as appointments,
        {%- for name in outcome_count_names() %}
        coalesce(balanced.{{ name }}, 0) as {{ name }},
        {%- endfor %}
        coalesce(balanced.distinct_days, 0) as distinct_days,
        balanced.first_date,
        balanced.last_date,
        coalesce(balanced.is_full_period, false) as is_full_period,
        balanced.facility_median_due,
        cast(coalesce(costs.treatment_cost, 0) as decimal(18, 2)) as treatment_cost
    from doctors
    left join balanced
        on balanced.doctor_id = doctors.doctor_id
    left join costs
        on costs.doctor_id = doctors.doctor_id
    where
        doctors.doctor_id != 'unknown'
        or balanced.doctor_id is not null
        or costs.doctor_id is not null

),

ranged as (

    select
        joined.*,
        {{ low }} as chance_low,
        {{ high }} as chance_high
    from joined

),

final as (

    select
        doctor_id,
        facility_id,
        specialization,
        appointments,
        {% for name in outcome_count_names() -%}
        {{ name }},
        {% endfor -%}
        {{ outcome_rates() }},
        {{ poisson_low('due') }} as due_low,
        {{ poisson_high('due') }} as due_high,
        distinct_days,
        first_date,
        last_date,
        is_full_period,
        treatment_cost,
        facility_median_due as expected_due,
        chance_low,
        chance_high,
        case
            when facility_median_due is null or not is_full_period then 'not compared'
            when due > chance_high then 'above chance'
            when due < chance_low then 'below chance'
            else 'within chance'
        end as position
    from ranged

)

select * from final
