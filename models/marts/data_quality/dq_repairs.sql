{#- More repairs in one row than this would be lost: the totals_match test counts them. -#}
{% set most_repairs_in_a_row = 40 %}

with

judged as (

    select * from {{ ref('int_raw_rows_judged') }}
    where repairs is not null

),

positions as (

    select numbers.n + 1 as position_in_list
    from {{ numbers(2) }} as numbers
    where numbers.n < {{ most_repairs_in_a_row }}

),

noted as (

    select
        judged.source_system,
        judged.source_table,
        judged.source_file,
        judged.row_number,
        split_part(judged.repairs, ';', cast(positions.position_in_list as int)) as note
    from judged
    cross join positions
    where split_part(judged.repairs, ';', cast(positions.position_in_list as int)) != ''

),

final as (

    select
        source_system,
        source_table,
        source_file,
        row_number,
        split_part(note, ':', 1) as column_name,
        split_part(note, ':', 2) as reason
    from noted
    union all
    select
        source_system,
        source_table,
        source_file,
        row_number,
        column_name,
        'orphan' as reason
    from {{ ref('int_links_broken') }}

)

select * from final
