{#- How dbt brings an incremental table up to date: its strategies `staged`, `logged` and `tally`. -#}

{% macro get_incremental_logged_sql(arguments) %}
    {#-
      Replaces the rows of the touched keys, and keeps in the log what that changed. A model whose
      meta names no rows_of is worked out as a whole and compared with what is there.
    -#}
    {% set is_compared = 'rows_of' not in model.config.meta %}
    {% set touched %}
    where {{ arguments.unique_key }} in (select touched_key from {{ model.name }}__touched)
    {% endset %}
    create or replace temp table {{ model.name }}__old as
    select
        *,
        rowid as old_row
    from {{ arguments.target_relation }}
    {{ touched if not is_compared }};
    create or replace temp table {{ model.name }}__new as
    select * from {{ arguments.temp_relation }}
    {{ touched if not is_compared }};
    {{ replace_changed_rows(
        arguments.target_relation, model.name ~ '__new', arguments.dest_columns,
        [arguments.unique_key]
    ) }}
    drop table if exists {{ model.name }}__touched;
    drop table {{ model.name }}__new;
{% endmacro %}

{% macro replace_changed_rows(target_relation, new_rows, columns, key) %}
    {#-
      Of the rows <model>__old and new_rows, those that are in both stay as they are. Where a key
      has a row that is not, all its rows are replaced. The log gets the difference.
    -#}
    {% set columns = columns | map(attribute='quoted') | join(', ') %}
    create or replace temp table {{ model.name }}__difference as
    select
        {{ columns }},
        cast(sum(change) as bigint) as change
    from (
        select {{ columns }}, 1 as change from {{ new_rows }}
        union all
        select {{ columns }}, -1 as change from {{ model.name }}__old
    )
    group by {{ columns }}
    having sum(change) != 0;
    insert into changes.{{ model.name }} ({{ columns }}, change, build_number)
    select {{ columns }}, change, {{ build_number() }}
    from {{ model.name }}__difference;
    delete from {{ target_relation }}
    where rowid in (
        select old_row from {{ model.name }}__old
        where {{ row_of(key) }} in (select {{ row_of(key) }} from {{ model.name }}__difference)
    );
    insert into {{ target_relation }} ({{ columns }})
    select {{ columns }} from {{ new_rows }}
    where {{ row_of(key) }} in (select {{ row_of(key) }} from {{ model.name }}__difference);
    drop table {{ model.name }}__difference;
    drop table {{ model.name }}__old;
{% endmacro %}

{% macro row_of(columns) -%}
    {{ '(' ~ columns | join(', ') ~ ')' if columns | length > 1 else columns[0] }}
{%- endmacro %}

{% macro get_incremental_staged_sql(arguments) %}
    {#-
      The rows of files that went or changed go, those of new files come. Which version of a record
      is the newest is decided again for each record that has a row among them.
      meta of the model stg_<system>__<table>: record, the column that all versions share.
    -#}
    {% set name = model.name %}
    {% set system, table = name[4:].split('__') %}
    {% set record = model.config.meta.record %}
    {% set columns = arguments.dest_columns | map(attribute='quoted') | list %}
    create or replace temp table {{ name }}__gone as
    select source_file from private.staged_files as staged
    where
        source_system = '{{ system }}'
        and source_table = '{{ table }}'
        and not exists (
            select 1 from {{ source('raw', 'files') }} as files
            where
                files.source_system = staged.source_system
                and files.source_table = staged.source_table
                and files.source_file = staged.source_file
                and files.file_state = staged.file_state
        )
    union
    -- a file that is read anew never meets its old rows, whatever was known of it
    select distinct source_file from {{ arguments.temp_relation }};
    create or replace temp table {{ name }}__records as
    select distinct record
    from (
        select {{ record }} as record from {{ arguments.temp_relation }}
        union all
        select {{ record }} from {{ arguments.target_relation }}
        where source_file in (select source_file from {{ name }}__gone)
    )
    where record is not null;
    create or replace temp table {{ name }}__old as
    select
        *,
        rowid as old_row
    from {{ arguments.target_relation }}
    where
        {{ record }} in (select record from {{ name }}__records)
        or source_file in (select source_file from {{ name }}__gone);
    create or replace temp table {{ name }}__new as
    select
        * exclude (row_status, recency),
        {{ version_status('recency > 1') }} as row_status
    from (
        select
            {{ columns | join(', ') }},
            {{ version_recency(record) }} as recency
        from (
            select {{ columns | join(', ') }} from {{ arguments.temp_relation }}
            union all
            select {{ columns | join(', ') }} from {{ name }}__old
            where source_file not in (select source_file from {{ name }}__gone)
        )
    );
    {{ replace_changed_rows(
        arguments.target_relation, name ~ '__new', arguments.dest_columns,
        ['source_file', 'row_number']
    ) }}
    drop table {{ name }}__gone;
    drop table {{ name }}__records;
    drop table {{ name }}__new;
{% endmacro %}

{% macro get_incremental_tally_sql(arguments) %}
    {#-
      Adds the tally of the changes to the tally of before. unique_key: the dimensions; every other
      column is a sum, and the first of them is the number of rows: a group without any goes.
    -#}
    {% set name = model.name %}
    {% set dimensions = arguments.unique_key %}
    {% set columns = arguments.dest_columns | map(attribute='name') | list %}
    {% set sums = columns | reject('in', dimensions) | list %}
    {%- set same -%}
        {%- for dimension in dimensions -%}
        {{ ' and ' if not loop.first }}added.{{ dimension }} is not distinct from ours.{{ dimension }}
        {%- endfor -%}
    {%- endset %}
    create or replace temp table {{ name }}__old as
    select
        ours.*,
        ours.rowid as old_row
    from {{ arguments.target_relation }} as ours
    where exists (select 1 from {{ arguments.temp_relation }} as added where {{ same }});
    delete from {{ arguments.target_relation }}
    where rowid in (select old_row from {{ name }}__old);
    insert into {{ arguments.target_relation }} ({{ (dimensions + sums) | join(', ') }})
    select
        {{ dimensions | join(', ') }}
        {%- for sum in sums %},
        sum({{ sum }}) as {{ sum }}
        {%- endfor %}
    from (
        select {{ (dimensions + sums) | join(', ') }} from {{ name }}__old
        union all
        select {{ (dimensions + sums) | join(', ') }} from {{ arguments.temp_relation }}
    )
    group by {{ dimensions | join(', ') }}
    having sum({{ sums[0] }}) != 0;
    drop table {{ name }}__old;
{% endmacro %}
