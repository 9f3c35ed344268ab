with

words as (

    {% for system, table, column in coded_columns() -%}
    select
        '{{ system }}' as source_system,
        '{{ table }}' as source_table,
        '{{ column }}' as column_name,
        lower(raw_rows.{{ column }}) as raw_value
    from {{ raw_table(system, table) }} as raw_rows
    where {{ clean_text('raw_rows.' ~ column) }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

codes as (

    select * from {{ ref('code_map') }}

),

final as (

    select
        words.source_system,
        words.source_table,
        words.column_name,
        words.raw_value,
        count(*) as raw_rows
    from words
    where
        not exists (
            select 1 from codes
            where
                codes.source_system = words.source_system
                and codes.column_name = words.column_name
                and codes.raw_value = words.raw_value
        )
    group by words.source_system, words.source_table, words.column_name, words.raw_value

)

select * from final
