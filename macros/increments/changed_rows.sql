{#-
  What data tests read. A row that has passed them once does not change unless the log says so: in a
  build, the tests of a model with a log look at the rows that came since the last build in which
  all tests passed, unless a test was added or changed since. `dbt test` looks at all rows.
-#}

{% macro get_where_subquery(relation) -%}
    {#- Replaces dbt's own: what stands for the tested model in a generic test. -#}
    {%- set name = changed_since_green() -%}
    {%- if not name or model.test_metadata.name == 'totals_match' -%}
        {{ return(dbt.default__get_where_subquery(relation)) }}
    {%- endif -%}
    {%- set changed -%}
    (
        select * exclude (change, build_number)
        from changes.{{ name }}
        where
            build_number > {{ last_green_build() }}
            {{ 'and (' ~ config.get('where') ~ ')' if config.get('where') }}
        group by all
        having sum(change) > 0
    )
    {%- endset -%}
    {{ return(changed) }}
{%- endmacro %}

{% macro last_green_build() -%}
    (select max(build_number) from private.builds where is_green)
{%- endmacro %}

{% macro changed_since_green() -%}
    {#- The name of the tested model, when its log tells what came since all tests passed; or none. -#}
    {%- if execute and flags.WHICH == 'build' and target.type == 'duckdb' and model.attached_node
        and has_log(graph.nodes[model.attached_node]) -%}
        {%- set name = graph.nodes[model.attached_node].name -%}
        {%- set complete = run_query(
            "select 1 from private.model_states as made cross join private.builds as this_build "
            ~ "inner join private.builds as green on green.tests_state = this_build.tests_state "
            ~ "where made.model = '" ~ name ~ "' and made.log_from <= green.build_number "
            ~ "and green.build_number = " ~ last_green_build()
            ~ " and this_build.build_number = " ~ build_number()
        ) -%}
        {{ return(name if complete.rows | length else none) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}

{% macro all_rows_of(changed, column) -%}
    {#- All rows of the tested model that share a column's value with a row that is tested. -#}
    {%- if changed_since_green() -%}
    (
        select * from {{ ref(changed_since_green()) }}
        where
            {{ column }} in (select {{ column }} from {{ changed }})
            or {{ column }} is null
    )
    {%- else -%}
    {{ changed }}
    {%- endif -%}
{%- endmacro %}
