{#- What a model has to read so that its rows are up to date. -#}

{% macro changes_of(model_name) -%}
    {#-
      The rows of a model with `change`: 1 for a row that came, -1 for a row that went, so that
      sum(change) counts rows and sum(change * amount) adds amounts up. A tally reads nothing else:
      all rows in the first build, later those of the builds since its own.
    -#}
    {%- if is_incremental() -%}
    (
        select * exclude (build_number)
        from changes.{{ ref(model_name).identifier }}
        where build_number > {{ last_built() }}
    )
    {%- else -%}
    (
        select
            *,
            1 as change
        from {{ ref(model_name) }}
    )
    {%- endif -%}
{%- endmacro %}

{% macro touched_rows(model_name) -%}
    {#- The rows of a model that are to be judged: all, or those whose key find_touched() found. -#}
    {%- if is_incremental() -%}
    (
        select * from {{ ref(model_name) }}
        where {{ model.config.unique_key }} in (select touched_key from {{ model.name }}__touched)
    )
    {%- else -%}
    {{ ref(model_name) }}
    {%- endif -%}
{%- endmacro %}

{% macro find_touched() %}
    {#-
      Hook before a logged model: the keys whose rows have to be judged anew, as a temporary table.
      meta of the model, each a map; without the first all rows are worked out, the others are optional:
        rows_of: model -> the column of it that holds the key of our rows;
        through: column of the first of them -> [model, column], for rows that link to a changed one;
        dated: system, columns: dates of the first that are compared with the system's as-of date;
        aged: system, born: date of birth in the first, for a band of age on the as-of date.
    -#}
    {% set meta = model.config.meta %}
    {% if 'rows_of' in meta and is_incremental() %}
        {% set rows, key = (meta.rows_of.items() | list)[0] %}
        {% set changed = "where build_number > " ~ last_built() %}
        create or replace temp table {{ model.name }}__touched as
        select distinct touched_key
        from (
            {% for parent, column in meta.rows_of.items() -%}
            {{ 'union all' if not loop.first }}
            select {{ column }} as touched_key from changes.{{ parent }} {{ changed }}
            {% endfor %}
            {%- for column, parent in meta.get('through', {}).items() %}
            union all
            select {{ key }} from {{ ref(rows) }}
            where {{ column }} in (select {{ parent[1] }} from changes.{{ parent[0] }} {{ changed }})
            {% endfor %}
            {%- if 'dated' in meta or 'aged' in meta %}
            union all
            select rows_of.{{ key }}
            from {{ ref(rows) }} as rows_of
            cross join (
                select as_of_date as was, {{ increment_as_of_date() }} as is_now
                from private.model_states where model = '{{ model.name }}'
            ) as as_of
            where
                as_of.was is distinct from as_of.is_now
                and (
                    as_of.was is null
                    or as_of.is_now is null
                    {%- for column in meta.get('dated', {}).get('columns', []) %}
                    or {{ column }} between least(was, is_now) and greatest(was, is_now)
                    {%- endfor %}
                    {%- if 'aged' in meta %}
                    or {{ age_band(age_years(meta.aged.born, 'was')) }}
                    is distinct from {{ age_band(age_years(meta.aged.born, 'is_now')) }}
                    {%- endif %}
                )
            {%- endif %}
        )
        where touched_key is not null;
    {% endif %}
{% endmacro %}
