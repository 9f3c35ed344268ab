{% macro newest_data() -%}
    {#-
      The query of `dbt source freshness`: when the newest data of a raw table arrived, in UTC.
      What cannot be old is as new as the clock says, with a line that says why: the demo data,
      a table without a file, one that wardhouse.yml names under except.
    -#}
    {%- set limits = var('freshness').get(model.source_name, {}) -%}
    {%- set this_table -%}
        where source_system = '{{ model.source_name }}' and source_table = '{{ model.name }}'
    {%- endset -%}
    {%- if limits.get('by') == 'event_date' -%}
        {%- set is_built = load_relation(
            api.Relation.create(database=target.database, schema='marts', identifier='dq_freshness')
        ) -%}
        {%- set query -%}
            select cast(last_event_date as timestamp)
            from {{ 'marts.dq_freshness' if is_built
                else '(select cast(null as date) as last_event_date, source_system, source_table'
                    ~ ' from raw.files)' }}
            {{ this_table }}
        {%- endset -%}
        {%- set nothing = 'no event, nothing to age' if is_built else 'not built yet' -%}
    {%- else -%}
        {%- set query -%} select max(modified_at) from raw.files {{ this_table }} {%- endset -%}
        {%- set nothing = 'no file' -%}
    {%- endif -%}
    {%- set why_not = namespace(text='') -%}
    {%- if not env_var('WARDHOUSE_RAW_DIR', '') -%}
        {%- set why_not.text = 'demo data, never stale' -%}
    {%- elif model.name in limits.get('except', []) -%}
        {%- set why_not.text = 'comes seldom (except in wardhouse.yml)' -%}
    {%- else -%}
        {%- set rows = run_query(query).rows -%}
        {%- if not rows or rows[0][0] is none -%}{%- set why_not.text = nothing -%}{%- endif -%}
    {%- endif -%}
    {%- if why_not.text -%}
        {%- do log(model.source_name ~ '/' ~ model.name ~ ': ' ~ why_not.text, info=true) -%}
        select current_timestamp
    {%- else -%}
        {{ query }}
    {%- endif -%}
{%- endmacro %}
