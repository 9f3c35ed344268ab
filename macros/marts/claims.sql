{#- What the models of the claims ledger have in common. -#}

{% macro claims_of(estimators) -%}
    {#- The rows of the claims that these estimators serve. -#}
    select * from {{ ref('claims') }}
    where
        {{ of_this_data_set() }}
        and estimator in ('{{ estimators | join("', '") }}')
{%- endmacro %}

{% macro estimate_names() -%}
    {{ return([
        'claim_id', 'part', 'estimate', 'low', 'high', 'interval_method', 'n', 'effect_size',
        'effect_size_kind', 'comparisons', 'is_testable', 'why_not',
    ]) }}
{%- endmacro %}

{% macro estimators_of_operations() -%}
    {#- Estimators that know the data of hospital_ops only. -#}
    {{ return([
        'completed_of_due', 'completed_or_open_of_due', 'attended_of_expected',
        'cancelled_of_settled', 'unrecorded_of_due', 'facility_count_to_next',
        'facility_share_over_equal', 'facility_caseload_ratio', 'doctor_count_to_next',
        'payment_share_over_equal', 'caseload_dispersion', 'collected_after_90_days',
        'billed_not_delivered',
    ]) }}
{%- endmacro %}

{% macro estimators_without() -%}
    {#- What a row of the claims names in vain: column -> estimators that do not look at it. -#}
    {{ return({
        'comparator': estimators_of_operations() + [
            'kpi_rate', 'treatment_total_to_next', 'attended_treatment_total_to_next',
            'treatment_mean_to_others',
        ],
        'subject': ['collected_after_90_days', 'billed_not_delivered'],
    }) }}
{%- endmacro %}

{% macro too_few(n, what) -%}
    {#- What is missing when a group is smaller than a claim needs; null when it is not. -#}
    case
        when coalesce({{ n }}, 0) = 0 then 'no {{ what }} in the data'
        when {{ n }} < {{ minimum_n('claim') }}
            then 'only ' || cast({{ n }} as string) || ' {{ what }}, fewer than '
                || cast({{ minimum_n('claim') }} as string)
    end
{%- endmacro %}

{% macro bonferroni_said(comparisons) -%}
    {#- What the name of an interval's method says of its adjustment; nothing of a single one. -#}
    case
        when {{ comparisons }} > 1
            then ', Bonferroni for ' || cast({{ comparisons }} as string) || ' comparisons'
        else ''
    end
{%- endmacro %}

{% macro plain_number(x) -%}
    {#- A number as it is read: whole where it is whole or large, otherwise up to three decimals. -#}
    case
        when abs({{ x }}) >= 1000 or {{ x }} = round({{ x }}, 0)
            then cast(cast({{ x }} as decimal(38, 0)) as string)
        when abs({{ x }}) >= 10 then cast(cast({{ x }} as decimal(38, 1)) as string)
        when {{ x }} = round({{ x }}, 2) then cast(cast({{ x }} as decimal(38, 2)) as string)
        else cast(cast({{ x }} as decimal(38, 3)) as string)
    end
{%- endmacro %}
