{#-
  The build log lives in the private database, beside the tables it speaks of: a build that is
  killed leaves "started" behind, so the publish step can tell a half-built database from a green
  one. So do the seconds of each node: a later command overwrites dbt's own run_results.json. Only
  commands that change tables are logged.
-#}

{% macro record_build_start() %}
    {% if execute and flags.WHICH in ('build', 'run', 'seed') and target.type == 'duckdb' %}
        create schema if not exists private;
        {{ open_increments() }}
        create or replace table private.last_build as
        select
            '{{ invocation_id }}' as invocation_id,
            '{{ flags.WHICH }}' as command,
            {{ is_complete_selection() }} as is_complete,
            '{{ "own" if env_var("WARDHOUSE_RAW_DIR", "") else "demo" }}' as data_set,
            'started' as status,
            cast({{ var('minimum_cell') | int }} as bigint) as minimum_cell,
            cast(0 as bigint) as nodes,
            cast('' as string) as failures,
            cast('{{ utc_text(run_started_at) }}' as timestamp) as started_at,
            cast(null as timestamp) as ended_at,
            '{{ tojson(var("freshness")) | replace("'", "''") }}' as freshness;
        create or replace table private.build_nodes (
            node string, resource_type string, layer string, status string,
            failures bigint, seconds double
        );
    {% endif %}
{% endmacro %}

{% macro record_build_end(results) %}
    {% if execute and flags.WHICH in ('build', 'run', 'seed') and target.type == 'duckdb' %}
        {% set failures = [] %}
        {% for result in results
            if result.status | string not in ('success', 'pass', 'no-op') %}
            {% do failures.append(result.node.name ~ ' (' ~ result.status ~ ')') %}
        {% endfor %}
        update private.last_build
        set
            status = '{{ "failed" if failures else "green" }}',
            nodes = {{ results | length }},
            failures = '{{ failures | join(", ") | replace("'", "''") }}',
            ended_at = cast('{{ utc_text(modules.datetime.datetime.now(modules.pytz.utc)) }}' as timestamp)
        where invocation_id = '{{ invocation_id }}';
        {#- No message is kept: the text of an error may quote a value. -#}
        {% for batch in results | batch(500) %}
        insert into private.build_nodes values
            {% for result in batch -%}
            (
                '{{ result.node.name | replace("'", "''") }}', '{{ result.node.resource_type }}',
                '{{ build_layer(result.node) }}', '{{ result.status }}',
                {{ result.failures if result.failures is not none else 'null' }},
                {{ result.execution_time }}
            ){{ ';' if loop.last else ',' }}
            {% endfor %}
        {% endfor %}
        {{ close_increments() }}
    {% endif %}
{% endmacro %}

{% macro utc_text(at) -%}
    {{ at.strftime('%Y-%m-%d %H:%M:%S.%f') }}
{%- endmacro %}

{% macro build_layer(node) -%}
    {#- Seeds, the three layers of models, tests and unit tests: what the time of a build went to. -#}
    {%- if node.resource_type == 'model' -%} {{ node.fqn[1] }}
    {%- else -%} {{ node.resource_type | string }}s
    {%- endif -%}
{%- endmacro %}

{% macro is_complete_selection() %}
    {#-
      True when no node was left out by a selection on the command line. Unit tests alone may be:
      they run on rows of their own and say nothing about this build's data.
    -#}
    {% set arguments = invocation_args_dict %}
    {% set narrowed = [] %}
    {#- `dbt retry` calls itself a build and selects nothing: it runs only what had failed. -#}
    {% if not selected_resources %}{% do narrowed.append('retry') %}{% endif %}
    {% for argument in ['select', 'exclude', 'selector', 'resource_type', 'resource_types'] %}
        {% if arguments.get(argument) %}{% do narrowed.append(argument) %}{% endif %}
    {% endfor %}
    {% for argument in ['exclude_resource_type', 'exclude_resource_types'] %}
        {% for resource_type in arguments.get(argument) or [] %}
            {% if resource_type | string != 'unit_test' %}
                {% do narrowed.append(resource_type) %}
            {% endif %}
        {% endfor %}
    {% endfor %}
    {{ return(not narrowed) }}
{% endmacro %}
