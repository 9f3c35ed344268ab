{#- KPI, its column in the mart, numerator. Who cancelled and how late may not be recorded: there
    the mart's rate is null, and so are the counts. -#}
{% set of_concluded = [
    ('AP04', 'cancellation_rate', 'cancelled'),
    ('AP05', 'patient_cancellation_rate', 'patient_cancellations'),
    ('AP06', 'provider_cancellation_rate', 'provider_cancellations'),
    ('AP07', 'late_patient_cancellation_rate', 'late_patient_cancellations'),
    ('AP08', 'lost_slot_rate', 'no_shows + late_cancellations'),
] %}

with

outcomes as (

    select * from {{ ref('kpi_appointment_outcomes_monthly') }}

),

slots as (

    select * from {{ ref('kpi_slot_utilisation_monthly') }}

),

lead_times as (

    select * from {{ ref('kpi_booking_lead_times') }}

),

totals as (

    select month, due from outcomes
    where facility_id = 'all'

),

-- the total's share of itself is no series
shares as (

    select
        outcomes.facility_id,
        outcomes.month,
        outcomes.due,
        totals.due as due_in_all,
        {{ rate_columns('share', 'outcomes.due', 'totals.due') }}
    from outcomes
    inner join totals
        on totals.month = outcomes.month
    where outcomes.facility_id != 'all'

),

final as (

    {{ kpi_value_row(
        'AP01', 'hospital_ops', 'appointments', 'outcomes', 'due', numerator='due', interval=false
    ) }}
    {% for kpi_id, value, numerator in [
        ('AP02', 'attendance_rate', 'attended'), ('AP03', 'no_show_rate', 'no_shows'),
    ] -%}
    union all
    {{ kpi_value_row(
        kpi_id, 'hospital_ops', 'appointments', 'outcomes', value,
        numerator=numerator, denominator='attended + no_shows',
        excluded='due - attended - no_shows'
    ) }}
    {% endfor -%}
    {% for kpi_id, value, numerator in of_concluded -%}
    union all
    {{ kpi_value_row(
        kpi_id, 'hospital_ops', 'appointments', 'outcomes', value,
        numerator=numerator, denominator='attended + no_shows + cancelled', excluded='unresolved',
        known=value ~ ' is not null or attended + no_shows + cancelled = 0'
    ) }}
    {% endfor -%}
    {% for kpi_id, value, numerator in [
        ('AP09', 'completed_of_due_rate', 'attended'), ('AP10', 'unresolved_rate', 'unresolved'),
    ] -%}
    union all
    {{ kpi_value_row(
        kpi_id, 'hospital_ops', 'appointments', 'outcomes', value,
        numerator=numerator, denominator='due'
    ) }}
    {% endfor -%}
    {% for kpi_id, value, numerator in [
        ('AP11', 'slot_utilisation_rate', 'booked_slots'),
        ('AP12', 'attended_utilisation_rate', 'attended_slots'),
    ] -%}
    union all
    {{ kpi_value_row(
        kpi_id, 'hospital_ops', 'slots', 'slots', value,
        numerator=numerator, denominator='available_slots', excluded='held_slots'
    ) }}
    {% endfor -%}
    union all
    {{ kpi_value_row(
        'AP13', 'hospital_ops', 'appointments', 'lead_times', 'median_lead_days',
        denominator='appointments', excluded='without_lead_time'
    ) }}
    union all
    {{ kpi_value_row(
        'RS01', 'hospital_ops', 'appointments', 'shares', 'share',
        numerator='due', denominator='due_in_all'
    ) }}

)

select * from final
