{#-
  What each incremental model was last built from. A build has a number; a model keeps the number
  of the build that made it (build_number), of the one that made it as a whole (whole_in), the build
  since which its log of changes is complete (log_from), and the states of code, settings and key
  (project_state) and of the seeds, views and settings of its own (own_state). A model that reads the
  log of another goes on where its own build ended, so it does not matter whether a build was cut
  short or chose some models only: what was missed is in the log, and where it is not, the model is
  built as a whole.
-#}

{% macro open_increments() %}
    {#-
      Makes the tables of the increments and numbers this build. After a build that left no number
      here, one of an older version, nothing that is kept can be trusted.
    -#}
    create schema if not exists changes;
    create table if not exists private.builds (
        build_number bigint, invocation_id string, project_state string, tests_state string,
        is_green boolean
    );
    create table if not exists private.model_states (
        model string, project_state string, own_state string, build_number bigint, whole_in bigint,
        log_from bigint, as_of_date date
    );
    {% set last_builds = run_query(
        "select 1 from duckdb_tables() where database_name = current_database() "
        "and schema_name = 'private' and table_name = 'last_build'"
    ) %}
    {% if last_builds.rows %}
    delete from private.model_states
    where
        (select max(invocation_id) from private.last_build) is distinct from (
            select invocation_id from private.builds
            order by build_number desc nulls last
            limit 1
        );
    {% endif %}
    insert into private.builds
    select
        (select coalesce(max(build_number), 0) + 1 from private.builds),
        '{{ invocation_id }}',
        project_state
        || '{{ local_md5(invocation_args_dict.get("vars", {}) | string) }}{{ "empty" if flags.EMPTY }}',
        tests_state,
        false
    from private.project;
{% endmacro %}

{% macro build_number() -%}
    (select build_number from private.builds where invocation_id = '{{ invocation_id }}')
{%- endmacro %}

{% macro own_state() -%}
    {#-
      SQL for what decides about the model's rows besides the code and the rows that it reads: the
      seeds and views under it as they are in the database, and its configuration.
    -#}
    {%- set parts = ["'" ~ local_md5((model.config.unique_key, model.config.meta) | string) ~ "'"] -%}
    {%- for id in model.depends_on.nodes if id in graph.nodes -%}
        {%- set parent = graph.nodes[id] -%}
        {%- if parent.resource_type == 'seed' and not parent.name.startswith('raw_') -%}
            {%- do parts.append(
                "cast((select bit_xor(hash(seed)) from " ~ parent.relation_name
                ~ " as seed) as string)"
            ) -%}
        {%- elif parent.resource_type == 'model' and parent.config.materialized == 'view' -%}
            {%- do parts.append(
                "(select md5(sql) from duckdb_views() where database_name = current_database() "
                ~ "and schema_name = '" ~ parent.schema ~ "' and view_name = '" ~ parent.name ~ "')"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    concat_ws('|', {{ parts | join(', ') }})
{%- endmacro %}

{% macro last_built() -%}
    {#- The build that made the model whose SQL this stands in. -#}
    (select max(build_number) from private.model_states where model = '{{ model.name }}')
{%- endmacro %}

{% macro has_log(node) -%}
    {{ return(node.resource_type == 'model' and node.config.materialized == 'incremental'
        and node.config.incremental_strategy in ('staged', 'logged')) }}
{%- endmacro %}

{% macro is_incremental() -%}
    {#-
      Replaces dbt's own: whether the model's table can be brought up to date from what has changed.
      It cannot in the first build, after a change of code, settings, seeds, columns or key, with
      --full-refresh, and where the log of a model that it reads begins later than it was built.
    -#}
    {%- if not execute or target.type != 'duckdb' or flags.FULL_REFRESH
        or flags.WHICH not in ('build', 'run') or model.resource_type != 'model'
        or model.config.materialized != 'incremental' -%}
        {{ return(false) }}
    {%- endif -%}
    {%- if model.config.incremental_strategy == 'staged' and not env_var('WARDHOUSE_RAW_DIR', '') -%}
        {#- the demo's rows are seeds, which dbt loads anew in each build -#}
        {{ return(false) }}
    {%- endif -%}
    {%- set relation = adapter.get_relation(this.database, this.schema, this.identifier) -%}
    {%- if relation is none or relation.type != 'table' -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set parents = [] -%}
    {%- for id in model.depends_on.nodes if id in graph.nodes and has_log(graph.nodes[id]) -%}
        {%- do parents.append(graph.nodes[id].name) -%}
    {%- endfor -%}
    {%- set current -%}
        select
            (
                select count(*)
                from private.model_states as parent
                where
                    parent.model in ('{{ (parents or [""]) | join("', '") }}')
                    and parent.project_state = own.project_state
                    and parent.log_from <= own.build_number
            ) = {{ parents | length }}
            {%- if has_log(model) %}
            and exists (
                select 1 from duckdb_tables()
                where
                    database_name = current_database()
                    and schema_name = 'changes'
                    and table_name = '{{ model.name }}'
            )
            {%- endif %} as is_current
        from private.model_states as own
        where
            own.model = '{{ model.name }}'
            and own.own_state = {{ own_state() }}
            and own.project_state = (
                select project_state from private.builds
                where build_number = {{ build_number() }}
            )
    {%- endset -%}
    {%- set found = run_query(current) -%}
    {{ return(found.rows | length == 1 and found.rows[0][0]) }}
{%- endmacro %}

{% macro should_full_refresh() -%}
    {#- Replaces dbt's own, which knows the command line only. -#}
    {{ return(not is_incremental()) }}
{%- endmacro %}

{% macro keep_state() %}
    {#- Hook after a model, in its transaction: what it was built from, and an empty log when whole. -#}
    {% if execute and target.type == 'duckdb' and flags.WHICH in ('build', 'run')
        and model.resource_type == 'model' and model.config.materialized == 'incremental' %}
        {% set increment = is_incremental() %}
        {% if not increment and has_log(model) %}
            create or replace table changes.{{ model.name }} as
            select
                *,
                cast(0 as bigint) as change,
                cast(0 as bigint) as build_number
            from {{ this }}
            limit 0;
        {% endif %}
        create or replace temp table {{ model.name }}__state as
        select
            '{{ model.name }}' as model,
            builds.project_state,
            {{ own_state() }} as own_state,
            builds.build_number,
            {%- for column in ['whole_in', 'log_from'] %}
            {% if increment -%}
            (select {{ column }} from private.model_states where model = '{{ model.name }}')
            {%- else -%}
            builds.build_number
            {%- endif %} as {{ column }},
            {%- endfor %}
            {{ increment_as_of_date() }} as as_of_date
        from private.builds
        where builds.build_number = {{ build_number() }};
        delete from private.model_states where model = '{{ model.name }}';
        insert into private.model_states select * from {{ model.name }}__state;
        drop table {{ model.name }}__state;
        {% if model.config.incremental_strategy == 'staged' %}{{ keep_staged_files() }}{% endif %}
    {% endif %}
{% endmacro %}

{% macro close_increments() %}
    {#-
      Part of the hook after a build. Once a complete build is green, every model has read the logs to
      their ends and every row has been tested: they begin anew.
    -#}
    update private.builds
    set is_green = exists (
        select 1 from private.last_build
        where status = 'green' and is_complete and command = 'build'
    )
    where build_number = {{ build_number() }};
    update private.model_states
    set log_from = build_number
    where build_number = (select max(build_number) from private.builds where is_green);
    {% set logs = run_query(
        "select table_name from duckdb_tables() where database_name = current_database() "
        "and schema_name = 'changes'"
    ) %}
    {% for (log,) in logs.rows %}
    delete from changes.{{ log }}
    where build_number <= (select log_from from private.model_states where model = '{{ log }}');
    {% endfor %}
{% endmacro %}

{% macro increment_as_of_date() -%}
    {#- The as-of date that the model's rows were judged by; null where they are not. -#}
    {%- set meta = model.config.meta -%}
    {%- set system = meta.get('dated', meta.get('aged', {})).get('system') -%}
    {%- if system -%}
    (select as_of_date from {{ ref('int_systems_dated') }} where source_system = '{{ system }}')
    {%- else -%}
    cast(null as date)
    {%- endif -%}
{%- endmacro %}

{% macro keep_staged_files() %}
        {% set system, table = model.name[4:].split('__') %}
        delete from private.staged_files
        where source_system = '{{ system }}' and source_table = '{{ table }}';
        insert into private.staged_files
        select source_system, source_table, source_file, file_state
        from {{ source('raw', 'files') }}
        where source_system = '{{ system }}' and source_table = '{{ table }}';
{% endmacro %}
