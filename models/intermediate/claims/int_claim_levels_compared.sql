{#- How high one department's scores are, beside all others'. -#}
{%- set s2 = '((variance + other_variance) / 2)' -%}
{%- set smaller = 'least(responses, other_responses)' -%}
{%- set kind_d = dbt.string_literal(dbt.escape_single_quotes("Cohen's d")) -%}
{%- set kind_h = dbt.string_literal(dbt.escape_single_quotes("Cohen's h")) -%}

with

compared as (

    select * from {{ ref('int_claim_satisfaction_compared') }}
    where facility_id = 'all'

),

measured as (

    select
        compared.*,
        mean - other_mean as gap,
        {{ welch_error('variance', 'responses', 'other_variance', 'other_responses') }} as error,
        {{ welch_df('variance', 'responses', 'other_variance', 'other_responses') }} as df,
        (mean - other_mean) / nullif(sqrt({{ s2 }}), 0) as d,
        {{ newcombe_columns(
            'top_box_gap', 'top_box', 'responses', 'other_top_box', 'other_responses'
        ) }}
    from compared

),

standardised as (

    select
        measured.*,
        {{ z95() }} * sqrt(
            d * d * (
                variance * variance / nullif(responses - 1, 0)
                + other_variance * other_variance / nullif(other_responses - 1, 0)
            ) / nullif(8 * {{ s2 }} * {{ s2 }}, 0)
            + (
                variance / nullif(responses - 1, 0)
                + other_variance / nullif(other_responses - 1, 0)
            ) / nullif({{ s2 }}, 0)
        ) as d_margin
    from measured

),

final as (

    select
        department_id,
        'satisfaction_standardised_difference' as estimator,
        d as estimate,
        d - d_margin as low,
        d + d_margin as high,
        'Normal, without equal variances (Bonett 2008)' as interval_method,
        responses + other_responses as n,
        {{ smaller }} as smallest_group,
        d as effect_size,
        {{ kind_d }} as effect_size_kind
    from standardised
    union all
    select
        department_id,
        'satisfaction_mean_difference',
        gap,
        {{ welch_low('gap', 'error', 'df') }},
        {{ welch_high('gap', 'error', 'df') }},
        'Welch',
        responses + other_responses,
        {{ smaller }},
        d,
        {{ kind_d }}
    from measured
    union all
    select
        department_id,
        'satisfaction_top_box_difference',
        top_box_gap,
        top_box_gap_low,
        top_box_gap_high,
        'Newcombe',
        responses + other_responses,
        {{ smaller }},
        {{ cohens_h(
            safe_divide('top_box', 'responses'), safe_divide('other_top_box', 'other_responses')
        ) }},
        {{ kind_h }}
    from measured

)

select * from final
