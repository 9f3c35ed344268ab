with

claims as (

    {{ claims_of([
        'treatment_total_to_next', 'attended_treatment_total_to_next', 'treatment_mean_to_others',
    ]) }}

),

costs as (

    select
        *,
        treatments * mean_cost * mean_cost
        + (treatments - 1) * coalesce(sd_cost, 0) * coalesce(sd_cost, 0) as squares
    from {{ ref('kpi_treatment_costs') }}
    where treatment_type not in ('all', 'unknown') and treatments > 0

),

matched as (

    select
        claims.claim_id,
        claims.part,
        claims.estimator,
        claims.subject,
        costs.treatment_type,
        costs.treatments,
        costs.total_cost,
        costs.squares,
        costs.volume_effect,
        costs.price_effect,
        coalesce(lower(costs.treatment_type) = lower(claims.subject), false) as is_subject
    from claims
    left join costs
        on costs.source_system = coalesce(claims.source_system, 'hospital_ops')
        and costs.cost_scope
        = case when claims.estimator like 'attended_%' then 'attended' else 'all' end

),

ranked as (

    select
        matched.*,
        row_number() over (
            partition by claim_id, part, is_subject
            order by total_cost desc nulls last, treatment_type desc nulls last
        ) as place
    from matched

),

marked as (

    select
        ranked.*,
        not is_subject
        and treatment_type is not null
        and (place = 1 or estimator = 'treatment_mean_to_others') as is_other
    from ranked

),

-- a total is held against the highest of the others, a mean against all of them
final as (

    select
        claim_id,
        part,
        estimator,
        subject,
        cast(count(treatment_type) - count(case when is_subject then 1 end) as bigint)
            as other_types,
        cast(sum(case when is_subject then treatments end) as bigint) as own_n,
        cast(sum(case when is_subject then total_cost end) as double) as own_total,
        {{ exact_sum('case when is_subject then squares end', places=6) }} as own_squares,
        cast(sum(case when is_other then treatments end) as bigint) as other_n,
        cast(sum(case when is_other then total_cost end) as double) as other_total,
        {{ exact_sum('case when is_other then squares end', places=6) }} as other_squares,
        max(case when is_subject then volume_effect end) as volume_effect,
        max(case when is_subject then price_effect end) as price_effect
    from marked
    group by claim_id, part, estimator, subject

)

select * from final
