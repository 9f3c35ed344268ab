with

final as (

    {% for system, table in staged_tables() -%}
    select
        '{{ system }}' as source_system,
        '{{ table }}' as source_table,
        source_file,
        row_number,
        row_status,
        case when row_status = 'rejected' then reject_reason end as reject_reason,
        case when row_status = 'accepted' then repairs end as repairs
    from {{ ref('stg_' ~ system ~ '__' ~ table) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
