{% set dimensions = ['gender', 'age_band', 'region', 'insurance'] %}

with

patients as (

    select * from {{ ref('dim_patients') }}
    where source_system != 'unknown' and not is_future

),

unpivoted as (

    {% for dimension in dimensions -%}
    select
        source_system,
        '{{ dimension }}' as dimension,
        {{ dimension }} as value
    from patients
    union all
    {% endfor -%}
    select
        source_system,
        'age_band_by_gender' as dimension,
        age_band || ' ' || gender as value
    from patients

),

counted as (

    select
        source_system,
        dimension,
        value,
        count(*) as patients
    from unpivoted
    group by source_system, dimension, value

),

totalled as (

    select
        counted.*,
        cast(sum(patients) over (partition by source_system, dimension) as bigint) as all_patients
    from counted

),

final as (

    select
        source_system,
        dimension,
        value,
        patients,
        all_patients,
        {{ rate_columns('share', 'patients', 'all_patients') }}
    from totalled

)

select * from final
