{% set kind = dbt.string_literal(dbt.escape_single_quotes("Cohen's d")) %}

with

compared as (

    select * from {{ ref('int_claim_treatments_compared') }}

),

means as (

    select
        compared.*,
        estimator = 'treatment_mean_to_others' as is_mean,
        own_total / nullif(other_total, 0) as totals_ratio,
        -- of equal costs nothing is left but rounding, which may be negative
        {%- for group in ['own', 'other'] %}
        greatest({{ group }}_squares - {{ group }}_total * {{ group }}_total / {{ group }}_n, 0e0)
        / nullif({{ group }}_n - 1, 0) as {{ group }}_variance,
        {%- endfor %}
        own_total / own_n as own_mean,
        other_total / other_n as other_mean
    from compared

),

-- the variance of a logarithm is that of the value by the square of its mean
relative as (

    select
        means.*,
        own_variance / nullif(own_mean * own_mean, 0) as own_relative,
        other_variance / nullif(other_mean * other_mean, 0) as other_relative,
        sqrt(
            own_squares / nullif(own_total * own_total, 0)
            + other_squares / nullif(other_total * other_total, 0)
        ) as totals_error
    from means

),

scaled as (

    select
        relative.*,
        case when is_mean then own_mean / nullif(other_mean, 0) else totals_ratio end as estimate,
        {{ welch_error('own_relative', 'own_n', 'other_relative', 'other_n') }} as means_error,
        {{ welch_df('own_relative', 'own_n', 'other_relative', 'other_n') }} as df,
        -- where the subject is not the highest, the highest was picked among all the others
        case when totals_ratio < 1 then nullif(other_types, 0) else 1 end as adjusted_for
    from relative

),

bounded as (

    select
        scaled.*,
        case
            when is_mean then {{ t_critical_95('df') }} * means_error
            else {{ bonferroni_z('adjusted_for') }} * totals_error
        end as half_width,
        case
            when own_n is null
            then
                'no ' || coalesce(subject, 'treatment type that is named')
                || ' with a cost in the data'
            when other_n is null then 'no other treatment type to compare with'
            else {{ too_few('least(own_n, other_n)', 'treatments in a group') }}
        end as why_not
    from scaled

),

final as (

    select
        claim_id,
        part,
        estimate,
        estimate * exp(-half_width) as low,
        estimate * exp(half_width) as high,
        case
            when is_mean then 'Welch on the logarithm of the ratio of means'
            else
                'Compound Poisson on the logarithm, against the highest of all others'
                || {{ bonferroni_said('adjusted_for') }}
        end as interval_method,
        coalesce(own_n, 0) + coalesce(other_n, 0) as n,
        case
            when is_mean then (own_mean - other_mean) / nullif(sqrt(
                ((own_n - 1) * own_variance + (other_n - 1) * other_variance)
                / nullif(own_n + other_n - 2, 0)
            ), 0)
            else ln(nullif(estimate, 0))
        end as effect_size,
        case when is_mean then {{ kind }} else 'log ratio' end as effect_size_kind,
        case when is_mean then 1 else other_types end as comparisons,
        why_not is null as is_testable,
        why_not,
        case
            when estimator = 'treatment_total_to_next' and volume_effect is not null
            then
                'Against an average type, the number of treatments makes a difference of '
                || {{ plain_number('volume_effect') }} || ' and the cost of each one of '
                || {{ plain_number('price_effect') }} || '.'
        end as remark
    from bounded

)

select * from final
