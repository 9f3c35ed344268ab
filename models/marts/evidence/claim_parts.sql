with

parts as (

    select * from {{ ref('int_claims_explained') }}

),

final as (

    select
        claim_id,
        part,
        part = 1 as is_primary,
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
        smallest_effect as smallest_effect_of_interest,
        smallest_effect_reason,
        estimate,
        low,
        high,
        interval_method,
        cast(n as bigint) as n,
        effect_size,
        effect_size_kind,
        cast(comparisons as bigint) as comparisons,
        verdict,
        case verdict
            when 'supported' then 'Supported. '
            when 'not_supported' then 'Not supported. '
            when 'contradicted' then 'Contradicted. '
            else 'Not testable. '
        end || sentence || coalesce(' ' || remark, '') as explanation
    from parts

)

select * from final
