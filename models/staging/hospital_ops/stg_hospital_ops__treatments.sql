with

raw as (

    select * from {{ raw_table('hospital_ops', 'treatments') }}

),

hash_key as (

    select secret from {{ source('private', 'hash_key') }}

),

parsed as (

    select
        raw.*,
        {{ version_values('hospital_ops') }},
        {{ clean_id('raw.appointment_id') }} as usable_appointment_id,
        {{ parse_date('raw.treatment_date', 'hospital_ops') }} as day,
        {{ parse_amount('raw.cost') }} as dollars,
        {{ known_name('types.code', 'raw.treatment_type') }} as type_name
    from raw
    {{ version_join('hospital_ops') }}
    {{ code_join('types', 'hospital_ops', 'treatment_type', 'raw.treatment_type') }}

),

ranged as (

    select
        parsed.*,
        case when dollars between 0 and {{ largest_amount() }} then dollars end as usable_dollars
    from parsed

),

judged as (

    select
        ranged.*,
        {{ reject_reason(
            'hospital_ops', 'treatments', ['treatment_id'], 'treatment_date', 'day'
        ) }} as reject_reason,
        {{ repairs([
            ('appointment_id', 'appointment_id', 'usable_appointment_id', 'sentinel'),
            ('treatment_type', 'treatment_type', 'type_name', 'sentinel'),
            ('cost', 'cost', 'usable_dollars',
                number_problem('cost')),
        ]) }} as repairs
    from ranged

),

versioned as (

    select
        judged.*,
        {{ row_status('superseded_row is not null') }} as row_status
    from judged
    {{ superseded_join('hospital_ops', 'treatments', 'treatment_id', 'treatment_date') }}

),

final as (

    select
        {{ row_ending('versioned') }},
        {{ entity_key('hospital_ops', 'treatment', 'versioned.treatment_id') }}
            as treatment_key,
        {{ entity_key('hospital_ops', 'appointment', 'versioned.usable_appointment_id') }}
            as appointment_key,
        coalesce(versioned.type_name, 'unknown') as treatment_type,
        versioned.day as treatment_date,
        versioned.usable_dollars as cost
    from versioned
    cross join hash_key

)

select * from final
