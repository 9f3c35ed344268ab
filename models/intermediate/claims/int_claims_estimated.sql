{#- One model for each family of estimators; those with a remark give a sentence more. -#}
{% set estimators = {
    'int_claim_appointments_estimated': false,
    'int_claim_units_estimated': false,
    'int_claim_caseloads_estimated': false,
    'int_claim_workloads_estimated': false,
    'int_claim_treatments_estimated': true,
    'int_claim_bills_estimated': false,
    'int_claim_satisfaction_estimated': false,
    'int_claim_costs_estimated': true,
    'int_claim_insurance_estimated': true,
    'int_claim_survival_estimated': true,
    'int_claim_teams_estimated': false,
    'int_claim_rates_estimated': false,
} %}

with

final as (

    {% for model, has_remark in estimators.items() -%}
    select
        {%- for name in estimate_names() %}
        {{ name }},
        {%- endfor %}
        {{ 'remark' if has_remark else 'cast(null as string)' }} as remark
    from {{ ref(model) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
