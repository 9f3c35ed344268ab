{#-
  Appointment outcomes are counted and rated in one place, so that every mart that shows them
  (by month, facility, doctor or segment) has the same numerators and denominators.
-#}

{% macro outcome_count_names() -%}
    {{ return([
        'due', 'attended', 'no_shows', 'cancelled', 'unresolved', 'patient_cancellations',
        'provider_cancellations', 'cancellations_with_notice', 'late_cancellations',
        'late_patient_cancellations',
    ]) }}
{%- endmacro %}

{% macro outcome_counts() -%}
    {#- Over rows of fct_appointments without the future ones. -#}
    count(*) as due,
        count(case when outcome = 'attended' then 1 end) as attended,
        count(case when outcome = 'no_show' then 1 end) as no_shows,
        count(case when outcome = 'cancelled' then 1 end) as cancelled,
        count(case when outcome = 'unresolved' then 1 end) as unresolved,
        count(case when outcome = 'cancelled' and cancelled_by = 'patient' then 1 end)
            as patient_cancellations,
        count(case when outcome = 'cancelled' and cancelled_by = 'provider' then 1 end)
            as provider_cancellations,
        count(case when outcome = 'cancelled' and notice_hours is not null then 1 end)
            as cancellations_with_notice,
        count(case when outcome = 'cancelled' and is_late_cancellation then 1 end)
            as late_cancellations,
        count(
            case
                when outcome = 'cancelled' and is_late_cancellation and cancelled_by = 'patient'
                    then 1
            end
        ) as late_patient_cancellations
{%- endmacro %}

{% macro tallied_outcomes() -%}
    {#- The counts of outcome_counts() as measures of a tally of fct_appointments. -#}
    {%- set conditions = {
        'due': "outcome != 'future'",
        'attended': "outcome = 'attended'",
        'no_shows': "outcome = 'no_show'",
        'cancelled': "outcome = 'cancelled'",
        'unresolved': "outcome = 'unresolved'",
        'patient_cancellations': "outcome = 'cancelled' and cancelled_by = 'patient'",
        'provider_cancellations': "outcome = 'cancelled' and cancelled_by = 'provider'",
        'cancellations_with_notice': "outcome = 'cancelled' and notice_hours is not null",
        'late_cancellations': "outcome = 'cancelled' and is_late_cancellation",
        'late_patient_cancellations':
            "outcome = 'cancelled' and is_late_cancellation and cancelled_by = 'patient'",
    } -%}
    {%- for name in outcome_count_names() -%}
    {{ tallied_rows(conditions[name]) }} as {{ name }}{{ ',\n        ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{% macro has_responded(outcome) -%}
    {#- Whether a registry case went well; null while nobody can tell. -#}
    case
        when {{ outcome }} in ('complete_response', 'partial_response') then true
        when {{ outcome }} not in ('in_progress', 'unknown') then false
    end
{%- endmacro %}

{% macro treatment_results() -%}
    {#- Counts of episodes and registry cases that have begun, with what became of their treatment. -#}
    select
        'care_episodes' as source_system,
        treatment_type as treatment,
        facility_id,
        department_id,
        month,
        episodes as cases,
        evaluable,
        successes
    from {{ ref('int_episodes_tallied') }}
    union all
    -- a registry names no department
    select
        'cancer_registry' as source_system,
        treatment,
        facility_id,
        'unknown' as department_id,
        {{ first_of_month('diagnosis_date') }} as month,
        1 as cases,
        case when {{ has_responded('outcome') }} is not null then 1 else 0 end as evaluable,
        case when {{ has_responded('outcome') }} then 1 else 0 end as successes
    from {{ ref('fct_cancer_cases') }}
    where not is_future
{%- endmacro %}

{% macro treatment_result_counts() -%}
    {#- Over rows of treatment_results. -#}
    cast(sum(cases) as bigint) as cases,
        cast(sum(evaluable) as bigint) as evaluable,
        cast(sum(successes) as bigint) as successes
{%- endmacro %}

{% macro rate_columns(name, numerator, denominator) -%}
    {#- The rate with its 95 % Wilson interval: name, name_low, name_high. -#}
    {{ safe_divide(numerator, denominator) }} as {{ name }},
        {{ wilson_low(numerator, denominator) }} as {{ name }}_low,
        {{ wilson_high(numerator, denominator) }} as {{ name }}_high
{%- endmacro %}

{% macro outcome_rates() -%}
    {#- Over the columns of outcome_counts. Who cancelled and how late may not be in the extract:
        then the rates that need it are null, not zero. -#}
    {%- set concluded = '(attended + no_shows + cancelled)' -%}
    {%- set by_whom = 'case when patient_cancellations + provider_cancellations > 0 or cancelled = 0 then ' ~ concluded ~ ' end' -%}
    {%- set with_notice = 'case when cancellations_with_notice > 0 or cancelled = 0 then ' ~ concluded ~ ' end' -%}
    {%- set with_both = 'case when (patient_cancellations + provider_cancellations > 0 and cancellations_with_notice > 0) or cancelled = 0 then ' ~ concluded ~ ' end' -%}
    {{ rate_columns('attendance_rate', 'attended', '(attended + no_shows)') }},
        {{ rate_columns('no_show_rate', 'no_shows', '(attended + no_shows)') }},
        {{ rate_columns('no_show_share_of_due', 'no_shows', 'due') }},
        {{ rate_columns('cancellation_rate', 'cancelled', concluded) }},
        {{ rate_columns('patient_cancellation_rate', 'patient_cancellations', by_whom) }},
        {{ rate_columns('provider_cancellation_rate', 'provider_cancellations', by_whom) }},
        {{ rate_columns('late_patient_cancellation_rate', 'late_patient_cancellations', with_both) }},
        {{ rate_columns('lost_slot_rate', '(no_shows + late_cancellations)', with_notice) }},
        {{ rate_columns('completed_of_due_rate', 'attended', 'due') }},
        {{ rate_columns('unresolved_rate', 'unresolved', 'due') }}
{%- endmacro %}

{% macro lead_time_band(lead_days) -%}
    {#- Days between booking and appointment, in bands that sort as text. -#}
    case
        when {{ lead_days }} is null then 'unknown'
        when {{ lead_days }} = 0 then '00 days'
        when {{ lead_days }} <= 7 then '01-07 days'
        when {{ lead_days }} <= 14 then '08-14 days'
        when {{ lead_days }} <= 28 then '15-28 days'
        when {{ lead_days }} <= 42 then '29-42 days'
        else '43+ days'
    end
{%- endmacro %}
