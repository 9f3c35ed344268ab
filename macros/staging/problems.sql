{#- What is wrong with a raw row: rejected as a whole, repaired in a column, or superseded. -#}

{% macro contract_columns(system, table) -%}
    {#- Names of the raw columns that the input contract (the dbt source) declares for a table. -#}
    {%- set names = [] -%}
    {%- if execute -%}
        {%- for node in graph.get('sources', {}).values()
            if node.source_name == system and node.name == table -%}
            {%- do names.extend(node.columns.keys()) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(names) }}
{%- endmacro %}

{% macro reject_reason(
    system, table, natural_key, main_date=none, parsed_date=none, fallback_key=none,
    may_be_blank=true
) -%}
    {#-
      Why a raw row cannot be used: the first reason that applies, or null.
      natural_key: raw columns that identify the record; main_date: the raw column that places it
      in time, if there is one; parsed_date: the column with its parsed value; fallback_key: raw
      column that makes a key, with the date, where the first natural key column is empty;
      may_be_blank: false where the rows are known to have a key, so that other columns stay unread.
    -#}
    {%- set named = (natural_key + [fallback_key]) | select | reject('eq', main_date) | list -%}
    case
        -- nearly every row: no word below ends in a digit, and no date that was read is missing
        when malformed_reason is null
            {%- for column in named %}
            and right({{ column }}, 1) between '0' and '9'
            {%- endfor %}
            {%- if main_date %}
            and cast({{ parsed_date }} as date) between cast('{{ var("earliest_date") }}' as date)
            and cast('{{ var("latest_date") }}' as date)
            {%- endif %}
            then null
        when malformed_reason is not null then 'malformed_line'
        {%- if may_be_blank %}
        when coalesce(
            {%- for column in contract_columns(system, table) %}nullif({{ column }}, ''), {% endfor -%}
            null
        ) is null then 'blank_row'
        {%- endif %}
        {%- for column in named %}
        when {{ is_one_of(column, ['total', 'totals', 'grand total', 'subtotal', 'sub-total', 'all']) }}
            then 'totals_row'
        {%- endfor %}
        {%- for column in [natural_key[0], fallback_key] if column %}
        when replace(replace(lower({{ column }}), '_', ''), ' ', '') = '{{ column | replace("_", "") }}'
            then 'header_row'
        {%- endfor %}
        {%- if fallback_key %}
        when {{ clean_id(natural_key[0]) }} is null and {{ clean_id(fallback_key) }} is null
            then 'missing_key'
        {%- else %}
        {%- for column in natural_key if column != main_date %}
        when {{ clean_id(column) if column.endswith('_id') else clean_text(column) }} is null
            then 'missing_key'
        {%- endfor %}
        {%- endif %}
    {%- if main_date %}
        {%- if main_date not in natural_key %}
        -- the source need not say again when what it withdraws happened
        when record_code = 'deleted'
            {%- if fallback_key %} and {{ clean_id(natural_key[0]) }} is not null {%- endif %}
            then null
        {%- endif %}
        when {{ clean_text(main_date) }} is null then 'missing_date'
        when {{ parsed_date }} is null
            or cast({{ parsed_date }} as date) < cast('{{ var("earliest_date") }}' as date)
            or cast({{ parsed_date }} as date) > cast('{{ var("latest_date") }}' as date)
            then 'unusable_date'
    {%- endif %}
    end
{%- endmacro %}

{% macro repairs(notes) -%}
    {#-
      `column:reason` of every value of the row that could not be used, joined by semicolons; null
      when there is none. notes: a list of (column, raw text, usable value, reason), the last two
      SQL but for a plain reason word: it is quoted when it is one word. An empty text is missing,
      which is no repair.
    -#}
    {%- set version_notes = [
        ('record_status', 'record_status', 'record_code', 'unmapped_code'),
        ('record_updated_at', 'record_updated_at', 'update_time', 'not_a_timestamp'),
    ] %}
    case
        -- nearly every row: each value could be used, or there is none
        when
        {%- for column, raw_text, value, reason in notes + version_notes %}
            {{ 'and ' if not loop.first }}({{ value }} is not null or {{ raw_text }} is null)
        {%- endfor %}
            then null
        else nullif(concat_ws(';'
    {%- for column, raw_text, value, reason in notes + version_notes %},
        case
            when {{ value }} is not null or nullif({{ raw_text }}, '') is null then null
            when {{ is_placeholder(raw_text) }} then '{{ column }}:sentinel'
            when length({{ raw_text }}) > {{ longest_name() }} then '{{ column }}:too_long'
            {%- if reason == 'sentinel' %}
            when {{ is_free_text(raw_text) }} then '{{ column }}:free_text'
            {%- endif %}
            else '{{ column }}:' || {{ reason if ' ' in reason else "'" ~ reason ~ "'" }}
        end
    {%- endfor %}
        ), '')
    end
{%- endmacro %}

{% macro recency(natural_key, is_usable='reject_reason is null', updated='update_time') -%}
    {#-
      1 for the newest version of a record: the latest record_updated_at (one without comes before
      all that have one), then the later file name (up to its dot first: 2025-01-corrected.csv comes
      after 2025-01.csv, though a hyphen comes before a dot), then the later row.
    -#}
    row_number() over (
        partition by {{ natural_key | join(', ') }}, case when {{ is_usable }} then 1 else 0 end
        order by
            {{ updated }} desc nulls last,
            split_part(source_file, '.', 1) desc nulls last,
            source_file desc nulls last,
            row_number desc nulls last
    )
{%- endmacro %}

{% macro row_status(is_superseded) -%}
    {#-
      Where a raw row ends: rejected, accepted, or superseded by a newer version of the same natural
      key. A newest version that says that the source withdrew the record is rejected, and so is the
      record: no older version lives again.
    -#}
    case
        when reject_reason is not null then 'rejected'
        when {{ is_superseded }} then 'superseded'
        when record_code = 'deleted' then 'rejected'
        else 'accepted'
    end
{%- endmacro %}

{% macro superseded_rows(system, table, natural_key, main_date=none, typed=none, fallback_key=none) -%}
    {#-
      The raw rows that a newer version of their record replaces, by source_file and row_number.
      Few keys stand in more than one row: an aggregate finds them, and only their rows are read
      and sorted. A window over all rows would sort the whole table, texts and all.
      typed: a relation with the rows already typed and the key of each as natural_key.
    -#}
    {%- set rows = typed or raw_table(system, table) -%}
    {%- set key = 'natural_key' if typed else natural_key -%}
    select
        source_file as superseded_file,
        row_number as superseded_row
    from (
        select
            judged.*,
            {{ recency([key]) }} as recency
        from (
            select
                parsed.*,
                {{ reject_reason(
                    system, table, [natural_key], main_date, 'day' if main_date, fallback_key,
                    may_be_blank=false
                ) }} as reject_reason
            from (
                select
                    raw.*
                    {%- if not typed %},
                    {{ version_values(system) }}
                    {%- if main_date %},
                    {{ parse_date('raw.' ~ main_date, system) }} as day
                    {%- endif %}
                    {%- endif %}
                from {{ rows }} as raw
                inner join (
                    select {{ key }} as repeated_key
                    from {{ rows }} as keys
                    group by {{ key }}
                    having count(*) > 1
                ) as repeated
                    on repeated.repeated_key = raw.{{ key }}
                {{ version_join(system) if not typed }}
            ) as parsed
        ) as judged
    ) as ranked
    where reject_reason is null and recency > 1
{%- endmacro %}

{% macro superseded_join(system, table, natural_key, main_date=none, typed=none, fallback_key=none) -%}
    {#-
      Joins superseded_rows to `judged`, for row_status('superseded_row is not null'). An increment
      compares its rows with those of before afterwards: get_incremental_staged_sql().
    -#}
    {%- if is_incremental() -%}
    cross join (select cast(null as bigint) as superseded_row) as superseded
    {%- else -%}
    left join (
        {{ superseded_rows(system, table, natural_key, main_date, typed, fallback_key) }}
    ) as superseded
        on superseded.superseded_file = judged.source_file
        and superseded.superseded_row = judged.row_number
    {%- endif -%}
{%- endmacro %}

{% macro version_recency(record) -%}
    {#- As recency(), from the columns of row_ending(). -#}
    {{ recency(
        [record], "coalesce(reject_reason, 'deleted_at_source') = 'deleted_at_source'",
        'record_updated_at'
    ) }}
{%- endmacro %}

{% macro version_status(is_superseded) -%}
    {#- As row_status(), from the columns of row_ending(). -#}
    case
        when reject_reason != 'deleted_at_source' then 'rejected'
        when {{ is_superseded }} then 'superseded'
        when reject_reason is not null then 'rejected'
        else 'accepted'
    end
{%- endmacro %}

{% macro row_ending(relation) -%}
    {#-
      The columns that say where a raw row ended and why, from a relation with its row_status. What
      a superseded row would be rejected for and its repairs are kept: it counts again when the row
      that replaces it goes.
    -#}
    {{ relation }}.source_file,
        {{ relation }}.row_number,
        {{ relation }}.row_status,
        case
            when {{ relation }}.reject_reason is not null then {{ relation }}.reject_reason
            when {{ relation }}.record_code = 'deleted' then 'deleted_at_source'
        end as reject_reason,
        case when {{ relation }}.reject_reason is null then {{ relation }}.repairs end as repairs,
        {{ relation }}.update_time as record_updated_at
{%- endmacro %}

{% macro version_values(system) -%}
    {#- What a raw row says of its record: the word of its status, and when it was last changed. -#}
    record_words.code as record_code,
        {{ parse_update_time('raw.record_updated_at', system) }} as update_time
{%- endmacro %}

{% macro version_join(system) -%}
    {#- The code map's row of the record's status, for version_values. -#}
    {{ code_join('record_words', system, 'record_status', 'raw.record_status') }}
{%- endmacro %}

{% macro code_joins(system, columns) -%}
    {#- One code_join for each raw column, under the alias <column>_words. -#}
    {%- for column in columns -%}
    {{ code_join(column ~ '_words', system, column, 'raw.' ~ column) }}
    {% endfor -%}
{%- endmacro %}

{% macro code_join(alias, system, column, raw_text) -%}
    {#- Joins the code map row of a raw word as `alias`, whose `code` is null for an unknown word. -#}
    left join {{ ref('code_map') }} as {{ alias }}
        on {{ alias }}.source_system = '{{ system }}'
        and {{ alias }}.column_name = '{{ column }}'
        and {{ alias }}.raw_value = lower({{ raw_text }})
{%- endmacro %}
