{% test unique_key(model, columns, where_clause='true') %}
    {#- Rows whose key is null in a part, or stands more than once. One node for a whole key. -#}
    select
        {{ columns | join(', ') }},
        count(*) as rows_with_key
    from {{ all_rows_of(model, columns[0]) }}
    where {{ where_clause }}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {%- for column in columns %}
        or {{ column }} is null
        {%- endfor %}
{% endtest %}
