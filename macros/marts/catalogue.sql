{#- The tables of the catalogue that a user edits. -#}

{% macro of_this_data_set() -%}
    {#- Rows for the demo data must not speak of somebody's own data, nor the other way round. -#}
    data_set in ('all', '{{ 'own' if env_var('WARDHOUSE_RAW_DIR', '') else 'demo' }}')
{%- endmacro %}

{% macro minimum_n(rule_id) -%}
    {#- The number of a rule of minimum_n_rules, as a scalar subquery. -#}
    (
        select rules.minimum_n
        from {{ ref('minimum_n_rules') }} as rules
        where rules.rule_id = '{{ rule_id }}'
    )
{%- endmacro %}
