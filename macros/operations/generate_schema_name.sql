{% macro generate_schema_name(custom_schema_name, node) -%}
    {#- A layer's schema has the layer's name (staging, intermediate, marts), without a prefix. -#}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
