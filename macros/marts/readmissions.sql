{#- What the readmission models share: how a return came about, exclusions and their counts. -#}

{% macro came_as(admission_types) -%}
    {#- Whether a stay began as one of the types; where the type is unknown, whether it is known
        to be unplanned. -#}
    case
        when admission_type = 'unknown' then coalesce(not is_planned, false)
        else admission_type in ('{{ admission_types | join("', '") }}')
    end
{%- endmacro %}

{% macro readmission_exclusions() -%}
    {#- In the order in which int_readmissions_classified asks for them. -#}
    {{ return([
        'unknown_patient', 'overlapping', 'open', 'not_recorded', 'died', 'transferred',
        'continued', 'against_advice', 'not_adult', 'no_cancer', 'cancer_treatment', 'psychiatric',
        'rehabilitation', 'dialysis', 'follow_up', 'flag_missing',
    ]) }}
{%- endmacro %}

{% macro readmission_counts() -%}
    {#- Over rows of int_readmissions_classified. -#}
    count(*) as stays,
        count(case when is_index then 1 end) as index_stays,
        count(case when is_readmitted then 1 end) as readmissions
        {%- for reason in readmission_exclusions() %},
        count(case when exclusion_reason = '{{ reason }}' then 1 end) as excluded_{{ reason }}
        {%- endfor %}
{%- endmacro %}

{% macro readmission_count_columns() -%}
    stays,
        index_stays,
        readmissions,
        {{ rate_columns('readmission_rate', 'readmissions', 'index_stays') }}
        {%- for reason in readmission_exclusions() %},
        excluded_{{ reason }}
        {%- endfor %}
{%- endmacro %}
