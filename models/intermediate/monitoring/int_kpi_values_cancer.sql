with

waits as (

    select * from {{ ref('kpi_cancer_waits') }}
    where cancer_type = 'all'

),

final as (

    {% for kpi_id, standard in [
        ('CA02', 'faster_diagnosis'), ('CA03', 'decision_to_treatment'),
        ('CA04', 'referral_to_treatment'),
    ] -%}
    {{ kpi_value_row(
        kpi_id, 'cancer_registry', 'cases', 'waits', 'within_standard_rate',
        numerator='within_standard', denominator='cases',
        excluded='excluded_without_start + excluded_negative',
        where="standard = '" ~ standard ~ "'"
    ) }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
)

select * from final
