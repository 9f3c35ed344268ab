{% macro raw_table(system, table) -%}
    {#-
      The only door for raw data: a relation with source_file, row_number (1 is the first record of
      the file), malformed_reason (null when the record is well-formed) and the columns of the
      input contract, all as text without white space at either end. The default is the demo seed;
      when WARDHOUSE_RAW_DIR is set it is the view that scripts/raw_door.py made over the user's
      files; an increment reads its view over the new files only. record_status and record_updated_at are there even where no file has them.
    -#}
    {%- set contract = contract_columns(system, table) -%}
    {%- set is_seed = not env_var('WARDHOUSE_RAW_DIR', '') -%}
    {%- set seed = 'raw_' ~ system ~ '__' ~ table -%}
    (
        {%- if contract %}
        select
            {{ "'" ~ seed ~ ".csv'" if is_seed else 'contracted.source_file' }} as source_file,
            {{ seed_row_number() if is_seed else 'contracted.row_number' }} as row_number,
            {{ 'cast(null as string)' if is_seed else 'contracted.malformed_reason' }}
                as malformed_reason
            {%- for column in contract if column not in version_columns() %},
            {{ trim_text('contracted.' ~ column) }} as {{ column }}
            {%- endfor %}
            {%- for column in version_columns() %},
            {% if column in contract and not is_seed -%}
            {{ trim_text('contracted.' ~ column) }} as {{ column }}
            {%- else -%}
            cast(null as string) as {{ column }}
            {%- endif %}
            {%- endfor %}
        {%- else %}
        {#- a unit test sees no contract: its rows are as they are given -#}
        select
            contracted.*
            {%- for column in version_columns() %},
            cast(null as string) as {{ column }}
            {%- endfor %}
        {%- endif %}
        from {{ ref(seed) if is_seed else raw_view(system, table) }} as contracted
    )
{%- endmacro %}

{% macro raw_view(system, table) -%}
    {#- The view over the files of a raw table; in an increment, over the new and changed files. -#}
    {%- set all_files = source(system, table) -%}
    {{ all_files.incorporate(path={'identifier': all_files.identifier ~ '__new'})
        if is_incremental() else all_files }}
{%- endmacro %}

{% macro version_columns() -%}
    {#- Optional raw columns of every table: what they say is about the record, not its content. -#}
    {{ return(['record_status', 'record_updated_at']) }}
{%- endmacro %}
