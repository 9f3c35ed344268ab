{% macro raw_table(system, table) -%}
    {#-
      The only door for raw data: a relation with source_file, row_number (1 is the first record of
      the file), malformed_reason (null when the record is well-formed) and the columns of the
      input contract, all as text. The default is the demo seed; when WARDHOUSE_RAW_DIR is set it
      is the view that scripts/raw_door.py made over the user's files.
    -#}
    {%- if env_var('WARDHOUSE_RAW_DIR', '') -%}
        {{ source(system, table) }}
    {%- else -%}
        {%- set seed = 'raw_' ~ system ~ '__' ~ table -%}
        (
            select
                '{{ seed }}.csv' as source_file,
                {{ seed_row_number() }} as row_number,
                cast(null as string) as malformed_reason,
                seed_rows.*
            from {{ ref(seed) }} as seed_rows
        )
    {%- endif -%}
{%- endmacro %}
