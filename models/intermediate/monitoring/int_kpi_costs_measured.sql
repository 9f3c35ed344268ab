{#- Stored: the costs around the medians are read from the treatments, once. -#}
{{ config(materialized='table') }}

with

tallied as (

    select * from {{ ref('int_treatment_months_tallied') }}

),

treatments as (

    select * from {{ ref('fct_treatments') }}
    where not is_future and cost is not null

),

ranked as (

    select * from {{ ref('int_cost_months_ranked') }}

),

in_question as (

    select * from ranked
    where is_read

),

wanted as (

    select
        tallied.facility_id,
        tallied.month,
        tallied.cost_range
    from tallied
    inner join in_question
        on in_question.month = tallied.month
        and in_question.cost_range = tallied.cost_range
        and in_question.facility_id in ('all', tallied.facility_id)
    group by tallied.facility_id, tallied.month, tallied.cost_range

),

costs as (

    select
        case when grouping(treatments.facility_id) = 1 then 'all' else treatments.facility_id end
            as facility_id,
        wanted.month,
        wanted.cost_range,
        treatments.cost,
        count(*) as measured
    from treatments
    inner join wanted
        on wanted.facility_id = treatments.facility_id
        and wanted.month = {{ first_of_month('treatments.treatment_date') }}
        and wanted.cost_range = {{ cost_range('treatments.cost', fineness=1) }}
    group by wanted.month, wanted.cost_range, treatments.cost, rollup(treatments.facility_id)

),

medians as (

    select
        costs.facility_id,
        costs.month,
        costs.cost,
        in_question.n,
        in_question.last_rank - in_question.measured
        + {{ last_rank('costs.measured', [
            'costs.facility_id', 'costs.month', 'costs.cost_range'
        ], 'costs.cost') }} as last_rank
    from costs
    inner join in_question
        on in_question.facility_id = costs.facility_id
        and in_question.month = costs.month
        and in_question.cost_range = costs.cost_range

),

measured as (

    select
        facility_id,
        month,
        {{ tallied_quantile('cost', 'last_rank', 'n', 0.5) }} as median_cost,
        {{ tallied_value_at('cost', 'last_rank', median_low_rank('n')) }} as median_cost_low,
        {{ tallied_value_at('cost', 'last_rank', median_high_rank('n')) }} as median_cost_high
    from medians
    group by facility_id, month

),

summed as (

    select
        facility_id,
        month,
        cast(max(n) as bigint) as treatments,
        cast(sum(treatments) - max(n) as bigint) as treatments_without_cost,
        cast(sum(total_cost) as decimal(18, 2)) as total_cost
    from ranked
    group by facility_id, month

),

final as (

    select
        summed.*,
        measured.median_cost,
        measured.median_cost_low,
        measured.median_cost_high
    from summed
    left join measured
        on measured.facility_id = summed.facility_id
        and measured.month = summed.month

)

select * from final
