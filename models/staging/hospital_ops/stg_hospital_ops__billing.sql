with

raw as (

    select * from {{ raw_table('hospital_ops', 'billing') }}

),

hash_key as (

    select secret from {{ source('private', 'hash_key') }}

),

parsed as (

    select
        raw.*,
        {{ version_values('hospital_ops') }},
        {{ clean_id('raw.patient_id') }} as usable_patient_id,
        {{ clean_id('raw.treatment_id') }} as usable_treatment_id,
        {{ parse_date('raw.bill_date', 'hospital_ops') }} as day,
        {{ parse_amount('raw.amount') }} as billed_dollars,
        {{ parse_date('raw.paid_at', 'hospital_ops') }} as paid_day,
        {{ parse_amount('raw.paid_amount') }} as paid_dollars,
        {{ parse_amount('raw.adjustment_amount') }} as adjusted_dollars,
        methods.code as method_code,
        statuses.code as status_code
    from raw
    {{ version_join('hospital_ops') }}
    {{ code_join('methods', 'hospital_ops', 'payment_method', 'raw.payment_method') }}
    {{ code_join('statuses', 'hospital_ops', 'payment_status', 'raw.payment_status') }}

),

ranged as (

    select
        parsed.*,
        {{ usable_date('paid_day') }} as usable_paid_day,
        case when billed_dollars between 0 and {{ largest_amount() }} then billed_dollars end
            as usable_billed,
        case when paid_dollars between 0 and {{ largest_amount() }} then paid_dollars end
            as usable_paid,
        case when adjusted_dollars between 0 and {{ largest_amount() }} then adjusted_dollars end
            as usable_adjustment
    from parsed

),

judged as (

    select
        ranged.*,
        {{ reject_reason('hospital_ops', 'billing', ['bill_id'], 'bill_date', 'day') }}
            as reject_reason,
        {{ repairs([
            ('patient_id', 'patient_id', 'usable_patient_id', 'sentinel'),
            ('treatment_id', 'treatment_id', 'usable_treatment_id', 'sentinel'),
            ('amount', 'amount', 'usable_billed',
                number_problem('amount')),
            ('payment_method', 'payment_method', 'method_code', 'unmapped_code'),
            ('payment_status', 'payment_status', 'status_code', 'unmapped_code'),
            ('paid_at', 'paid_at', 'usable_paid_day',
                date_problem('paid_at', 'hospital_ops', 'not_a_date')),
            ('paid_amount', 'paid_amount', 'usable_paid',
                number_problem('paid_amount')),
            ('adjustment_amount', 'adjustment_amount', 'usable_adjustment',
                number_problem('adjustment_amount')),
        ]) }} as repairs
    from ranged

),

versioned as (

    select
        judged.*,
        {{ row_status('superseded_row is not null') }} as row_status
    from judged
    {{ superseded_join('hospital_ops', 'billing', 'bill_id', 'bill_date') }}

),

final as (

    select
        {{ row_ending('versioned') }},
        {{ entity_key('hospital_ops', 'bill', 'versioned.bill_id') }} as bill_key,
        {{ entity_key('hospital_ops', 'treatment', 'versioned.usable_treatment_id') }}
            as treatment_key,
        {{ entity_key('hospital_ops', 'patient', 'versioned.usable_patient_id') }}
            as patient_key,
        versioned.day as bill_date,
        versioned.usable_billed as billed_amount,
        coalesce(versioned.method_code, 'unknown') as payment_method,
        coalesce(versioned.status_code, 'unknown') as payment_status,
        versioned.usable_paid_day as paid_date,
        versioned.usable_paid as paid_amount,
        versioned.usable_adjustment as adjustment_amount
    from versioned
    cross join hash_key

)

select * from final
