{#- How far one department's scores lie apart, beside all others'. -#}
{%- set smaller = 'least(responses, other_responses)' -%}

with

compared as (

    select * from {{ ref('int_claim_satisfaction_compared') }}
    where facility_id = 'all'

),

overall as (

    select * from {{ ref('kpi_satisfaction_overall') }}
    where facility_id = 'all' and department_id != 'all'

),

-- those of all others from their own departments' medians, so that levels are no spread
deviations as (

    select
        own.department_id,
        own.responses,
        whole.responses - own.responses as other_responses,
        own.deviation_sum / own.responses as mean,
        (whole.deviation_sum - own.deviation_sum) / nullif(whole.responses - own.responses, 0)
            as other_mean,
        {{ variance_of_doubles('own.responses', 'own.deviation_sum', 'own.deviation_squares') }}
            as variance,
        {{ variance_of_doubles(
            '(whole.responses - own.responses)', '(whole.deviation_sum - own.deviation_sum)',
            '(whole.deviation_squares - own.deviation_squares)'
        ) }} as other_variance
    from {{ ref('int_claim_deviations_summed') }} as own
    inner join {{ ref('int_claim_deviations_summed') }} as whole
        on whole.department_id = 'all'
    where own.department_id != 'all'

),

measured as (

    select
        compared.*,
        sqrt(relative_variance / nullif(other_relative_variance, 0)) as relative_ratio,
        {{ z95() }} / 2 * sqrt(log_relative_error + other_log_relative_error) as relative_margin
    from compared

),

deviated as (

    select
        deviations.*,
        mean - other_mean as gap,
        {{ welch_error('variance', 'responses', 'other_variance', 'other_responses') }} as error,
        {{ welch_df('variance', 'responses', 'other_variance', 'other_responses') }} as df
    from deviations

),

final as (

    select
        department_id,
        'satisfaction_sd_ratio' as estimator,
        sd_ratio as estimate,
        sd_ratio_low as low,
        sd_ratio_high as high,
        'Normal on the log scale, from the kurtosis of the scores'
        || case
            when {{ smaller }} < 30 then '; below 30 scores it covers a little less than 95 %'
            else ''
        end as interval_method,
        responses + other_responses as n,
        {{ smaller }} as smallest_group,
        ln(nullif(sd_ratio, 0)) as effect_size,
        'log ratio' as effect_size_kind
    from overall
    union all
    select
        department_id,
        'satisfaction_relative_sd_ratio',
        relative_ratio,
        relative_ratio * exp(-relative_margin),
        relative_ratio * exp(relative_margin),
        'Normal on the log scale, by the delta method',
        responses + other_responses,
        {{ smaller }},
        ln(nullif(relative_ratio, 0)),
        'log ratio'
    from measured
    union all
    select
        department_id,
        'satisfaction_deviation_difference',
        gap,
        {{ welch_low('gap', 'error', 'df') }},
        {{ welch_high('gap', 'error', 'df') }},
        'Welch (Brown-Forsythe test of two groups without equal variances)',
        responses + other_responses,
        {{ smaller }},
        ln(nullif(mean, 0) / nullif(other_mean, 0)),
        'log ratio'
    from deviated

)

select * from final
