{#- Standard, its days, where the clock starts, where it stops (that day's month counts). -#}
{% set standards = [
    ('faster_diagnosis', 28, 'referral_date', 'diagnosis_date'),
    ('decision_to_treatment', 31, 'decision_date', 'treatment_date'),
    ('referral_to_treatment', 62, 'referral_date', 'treatment_date'),
] %}

with

cases as (

    select * from {{ ref('fct_cancer_cases') }}
    where not is_future

),

systems as (

    select * from {{ ref('int_systems_dated') }}
    where source_system = 'cancer_registry'

),

waited as (

    {% for standard, standard_days, started, stopped in standards -%}
    select
        '{{ standard }}' as standard,
        {{ standard_days }} as standard_days,
        facility_id,
        cancer_type,
        {{ stopped }} as stopped_date,
        {{ days_between(started, stopped) }} as wait_days
    from cases
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

counted as (

    select
        waited.standard,
        waited.standard_days,
        {{ first_of_month('waited.stopped_date') }} as month,
        {%- for name in ['facility_id', 'cancer_type'] %}
        case
            when grouping(waited.{{ name }}) = 1 then 'all'
            else waited.{{ name }}
        end as {{ name }},
        {%- endfor %}
        count(case when waited.wait_days >= 0 then 1 end) as cases,
        count(case when waited.wait_days between 0 and waited.standard_days then 1 end)
            as within_standard,
        count(case when waited.wait_days is null then 1 end) as excluded_without_start,
        count(case when waited.wait_days < 0 then 1 end) as excluded_negative
    from waited
    inner join systems
        on systems.as_of_date > waited.stopped_date
    group by
        waited.standard,
        waited.standard_days,
        {{ first_of_month('waited.stopped_date') }},
        cube(waited.facility_id, waited.cancer_type)

),

final as (

    select
        standard,
        facility_id,
        cancer_type,
        month,
        cast(standard_days as bigint) as standard_days,
        cases,
        within_standard,
        {{ rate_columns('within_standard_rate', 'within_standard', 'cases') }},
        excluded_without_start,
        excluded_negative
    from counted

)

select * from final
