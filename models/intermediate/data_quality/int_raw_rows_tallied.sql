{{ config(
    materialized='incremental',
    unique_key=['source_system', 'source_table', 'source_file', 'row_status', 'reject_reason']
) }}

with

judged as (

    {% for system, table in staged_tables() -%}
    select
        '{{ system }}' as source_system,
        '{{ table }}' as source_table,
        source_file,
        row_status,
        case when row_status = 'rejected' then reject_reason end as reject_reason,
        row_number,
        change
    from {{ changes_of('stg_' ~ system ~ '__' ~ table) }} as changes
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        source_system,
        source_table,
        source_file,
        row_status,
        reject_reason,
        cast(sum(change) as bigint) as rows_judged,
        cast(sum(change * row_number) as decimal(38, 0)) as number_sum,
        cast(sum(change * (row_number * row_number)) as decimal(38, 0)) as number_squares,
        -- nineteen digits or more: DuckDB gives products of narrower decimals no more than 18
        cast(
            sum(change * (cast(row_number * row_number as decimal(19, 0)) * row_number))
            as decimal(38, 0)
        ) as number_cubes
    from judged
    group by source_system, source_table, source_file, row_status, reject_reason

)

select * from final
