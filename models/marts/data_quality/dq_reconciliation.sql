with

files as (

    select
        source_system,
        source_table,
        sum(raw_rows) as raw_rows
    from {{ source('raw', 'files') }}
    group by source_system, source_table

),

judged as (

    select
        source_system,
        source_table,
        cast(sum(case when row_status = 'accepted' then rows_judged else 0 end) as bigint)
            as accepted_rows,
        cast(sum(case when row_status = 'rejected' then rows_judged else 0 end) as bigint)
            as rejected_rows,
        cast(sum(case when row_status = 'superseded' then rows_judged else 0 end) as bigint)
            as superseded_rows
    from {{ ref('int_raw_rows_tallied') }}
    group by source_system, source_table

),

staged as (

    {% for system, table in staged_tables() -%}
    select '{{ system }}' as source_system, '{{ table }}' as source_table
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        staged.source_system,
        staged.source_table,
        cast(coalesce(files.raw_rows, 0) as bigint) as raw_rows,
        coalesce(judged.accepted_rows, 0) as accepted_rows,
        coalesce(judged.rejected_rows, 0) as rejected_rows,
        coalesce(judged.superseded_rows, 0) as superseded_rows,
        cast(coalesce(files.raw_rows, 0) as bigint)
        - coalesce(judged.accepted_rows, 0)
        - coalesce(judged.rejected_rows, 0)
        - coalesce(judged.superseded_rows, 0) as difference
    from staged
    left join files
        on files.source_system = staged.source_system
        and files.source_table = staged.source_table
    left join judged
        on judged.source_system = staged.source_system
        and judged.source_table = staged.source_table

)

select * from final
