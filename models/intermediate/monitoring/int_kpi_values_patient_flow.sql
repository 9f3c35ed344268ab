with

volumes as (

    select * from {{ ref('kpi_patient_volume_monthly') }}

),

stays as (

    select * from {{ ref('kpi_length_of_stay') }}

),

mortality as (

    select * from {{ ref('kpi_mortality') }}

),

final as (

    {{ kpi_value_row(
        'PF01', 'care_episodes', 'episodes', 'volumes', 'episodes_per_observation_day',
        numerator='episodes', denominator='observation_days', n='episodes',
        department_id='department_id'
    ) }}
    union all
    {{ kpi_value_row(
        'PF02', 'care_episodes', 'episodes', 'stays', 'mean_days',
        numerator='total_days', denominator='stays_measured',
        excluded='separations - stays_measured', department_id='department_id'
    ) }}
    union all
    -- a same-day stay is 1 day
    {{ kpi_value_row(
        'PF03', 'care_episodes', 'episodes', 'stays', 'overnight_mean_days',
        numerator='total_days - same_day_separations', denominator='overnight_separations',
        excluded='separations - overnight_separations', department_id='department_id'
    ) }}
    union all
    {{ kpi_value_row(
        'PF04', 'care_episodes', 'episodes', 'stays', 'same_day_share',
        numerator='same_day_separations', denominator='stays_measured',
        excluded='separations - stays_measured', department_id='department_id'
    ) }}
    union all
    {{ kpi_value_row(
        'PF11', 'care_episodes', 'episodes', 'mortality', 'mortality_rate',
        numerator='deaths', denominator='separations_with_disposition',
        excluded='separations - separations_with_disposition', department_id='department_id'
    ) }}

)

select * from final
