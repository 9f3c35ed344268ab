with

parts as (

    select * from {{ ref('int_claims_explained') }}

),

counted as (

    select
        claim_id,
        {%- for verdict in ['contradicted', 'not_supported', 'not_testable'] %}
        min(case when verdict = '{{ verdict }}' then part end) as first_{{ verdict }},
        {%- endfor %}
        count(*) as parts,
        count(case when verdict = 'supported' then 1 end) as parts_supported
    from parts
    group by claim_id

),

-- a claim whose primary part cannot be tested is not judged by its other parts
decided as (

    select
        counted.*,
        case
            when first_not_testable = 1 then 'not_testable'
            when first_contradicted is not null then 'contradicted'
            when first_not_supported is not null then 'not_supported'
            when first_not_testable is not null then 'not_testable'
            else 'supported'
        end as verdict,
        case
            when first_not_testable = 1 then 1
            else coalesce(first_contradicted, first_not_supported, first_not_testable, 1)
        end as deciding_part
    from counted

),

final as (

    select
        primary_part.claim_id,
        primary_part.source,
        primary_part.statement,
        primary_part.estimator,
        primary_part.measure,
        primary_part.estimate,
        primary_part.low,
        primary_part.high,
        primary_part.interval_method,
        cast(primary_part.n as bigint) as n,
        primary_part.effect_size,
        primary_part.effect_size_kind,
        primary_part.direction,
        primary_part.no_difference,
        primary_part.smallest_effect as smallest_effect_of_interest,
        primary_part.smallest_effect_reason,
        cast(primary_part.comparisons as bigint) as comparisons,
        decided.parts,
        decided.parts_supported,
        decided.deciding_part,
        decided.verdict,
        case decided.verdict
            when 'supported' then 'Supported'
            when 'not_supported' then 'Not supported'
            when 'contradicted' then 'Contradicted'
            else 'Not testable'
        end || case
            when decided.parts = 1 then ': '
            when decided.verdict = 'supported'
            then
                ', ' || case
                    when decided.parts = 2 then 'both' else 'all ' || cast(decided.parts as string)
                end || ' parts hold: '
            when decided.verdict = 'not_testable'
            then
                ' (part ' || cast(decided.deciding_part as string) || ' of '
                || cast(decided.parts as string) || '): '
            else
                ' by part ' || cast(decided.deciding_part as string) || ' ('
                || cast(decided.parts_supported as string)
                || ' of '
                || cast(decided.parts as string)
                || ' parts hold): '
        end || deciding.sentence || coalesce(' ' || deciding.remark, '') as explanation
    from decided
    inner join parts as primary_part
        on primary_part.claim_id = decided.claim_id
        and primary_part.part = 1
    inner join parts as deciding
        on deciding.claim_id = decided.claim_id
        and deciding.part = decided.deciding_part

)

select * from final
