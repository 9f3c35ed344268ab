{#-
  The build log lives in the private database, beside the tables it speaks of: a build that is
  killed leaves "started" behind, so the publish step can tell a half-built database from a green
  one. Only commands that change tables are logged.
-#}

{% macro record_build_start() %}
    {% if execute and flags.WHICH in ('build', 'run', 'seed') and target.type == 'duckdb' %}
        create schema if not exists private;
        create or replace table private.last_build as
        select
            '{{ invocation_id }}' as invocation_id,
            '{{ flags.WHICH }}' as command,
            {{ is_complete_selection() }} as is_complete,
            'started' as status,
            cast({{ var('minimum_cell') | int }} as bigint) as minimum_cell,
            cast(0 as bigint) as nodes,
            cast('' as string) as failures;
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
            failures = '{{ failures | join(", ") | replace("'", "''") }}'
        where invocation_id = '{{ invocation_id }}';
    {% endif %}
{% endmacro %}

{% macro is_complete_selection() %}
    {#-
      True when no node was left out by a selection on the command line. Unit tests alone may be:
      they run on rows of their own and say nothing about this build's data.
    -#}
    {% set arguments = invocation_args_dict %}
    {% set narrowed = [] %}
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
