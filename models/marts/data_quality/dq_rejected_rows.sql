with

judged as (

    select * from {{ ref('int_raw_rows_judged') }}
    where row_status = 'rejected'

),

final as (

    select
        source_system,
        source_table,
        source_file,
        row_number,
        reject_reason as reason
    from judged

)

select * from final
