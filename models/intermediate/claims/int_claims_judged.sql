with

claims as (

    select * from {{ ref('claims') }}
    where {{ of_this_data_set() }}

),

estimates as (

    select * from {{ ref('int_claims_estimated') }}

),

-- an estimate without an interval tests nothing
checked as (

    select
        claims.*,
        estimates.estimate,
        estimates.low,
        estimates.high,
        estimates.interval_method,
        coalesce(estimates.n, 0) as n,
        estimates.effect_size,
        estimates.effect_size_kind,
        greatest(coalesce(estimates.comparisons, 1), 1) as comparisons,
        estimates.remark,
        case
            when estimates.claim_id is null
            then 'no estimator ' || claims.estimator || ' gives a number'
            {%- for column, names in estimators_without().items() %}
            when
                claims.{{ column }} is not null
                and (
                    false
                    {%- for name in names %}
                    or claims.estimator = '{{ name }}'
                    {%- endfor %}
                )
            then 'this estimator takes no {{ column }}'
            {%- endfor %}
            when
                claims.source_system != 'hospital_ops'
                and (
                    false
                    {%- for name in estimators_of_operations() %}
                    or claims.estimator = '{{ name }}'
                    {%- endfor %}
                )
            then 'this estimator looks at hospital_ops only'
            when not estimates.is_testable then coalesce(estimates.why_not, 'data are missing')
            when estimates.estimate is null or estimates.low is null or estimates.high is null
            then 'its interval cannot be computed'
        end as why_not
    from claims
    left join estimates
        on estimates.claim_id = claims.claim_id
        and estimates.part = claims.part

),

placed as (

    select
        checked.*,
        low > no_difference as is_above,
        high < no_difference as is_below,
        -- 0.95 - 0.9 is a little less than 0.05 as a double
        abs(estimate - no_difference) >= smallest_effect - 1e-9 as is_large
    from checked

),

sided as (

    select
        placed.*,
        case
            when direction = 'above' then is_above
            when direction = 'below' then is_below
            else is_above or is_below
        end as is_as_claimed,
        case
            when direction = 'above' then is_below
            when direction = 'below' then is_above
            else false
        end as is_opposite
    from placed

),

final as (

    select
        claim_id,
        part,
        source,
        statement,
        estimator,
        source_system,
        kpi_id,
        subject,
        comparator,
        measure,
        direction,
        no_difference,
        smallest_effect,
        smallest_effect_reason,
        -- nothing is shown below its minimum
        {%- for name in ['estimate', 'low', 'high', 'effect_size', 'interval_method',
            'effect_size_kind', 'remark'] %}
        case when why_not is null then {{ name }} end as {{ name }},
        {%- endfor %}
        n,
        comparisons,
        case
            when why_not is not null then 'not_testable'
            when is_as_claimed and is_large then 'supported'
            when is_opposite then 'contradicted'
            else 'not_supported'
        end as verdict,
        why_not,
        case when is_above then 'above' when is_below then 'below' end as side
    from sided

)

select * from final
