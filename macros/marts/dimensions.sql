{#-
  What several marts split their counts by, in one place, and how one read of a fact is counted by
  each dimension: a grouping set each. No value is null, so that the set decides.
-#}

{% macro appointment_dimensions() -%}
    {#- Weekday and hour are split by together: int_appointment_hours_tallied. -#}
    {{ return({
        'lead_time': lead_time_band('lead_days'),
        'reason': 'reason',
        'age_band': 'age_band',
        'gender': 'gender',
    }) }}
{%- endmacro %}

{% macro patient_dimensions() -%}
    {#- Over dim_patients. -#}
    {{ return({
        'gender': 'gender',
        'age_band': 'age_band',
        'region': 'region',
        'insurance': 'insurance',
        'age_band_by_gender': "age_band || ' ' || gender",
    }) }}
{%- endmacro %}

{% macro cancer_dimensions() -%}
    {#- Over fct_cancer_cases. -#}
    {{ return({
        'cancer_type': 'cancer_type', 'treatment': 'treatment', 'facility': 'facility_id',
        'outcome': 'outcome', 'gender': 'gender', 'age_band': 'age_band', 'region': 'region',
        'stage': 'stage', 'insurance_type': 'insurance_type',
    }) }}
{%- endmacro %}

{% macro dimension_values(dimensions) -%}
    {#- A column for each dimension, in the query below the one that groups. -#}
    {%- for dimension, value in dimensions.items() -%}
    {{ value }} as {{ dimension }}_value{{ ',\n        ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{% macro dimension_and_value(dimensions) -%}
    case
            {%- for dimension in dimensions %}
            when grouping({{ dimension }}_value) = 0 then '{{ dimension }}'
            {%- endfor %}
        end as dimension,
        case
            {%- for dimension in dimensions %}
            when grouping({{ dimension }}_value) = 0 then {{ dimension }}_value
            {%- endfor %}
        end as value
{%- endmacro %}

{% macro dimension_sets(dimensions, keys=[]) -%}
    grouping sets (
        {%- for dimension in dimensions %}
        ({{ (keys + [dimension ~ '_value']) | join(', ') }}){{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
