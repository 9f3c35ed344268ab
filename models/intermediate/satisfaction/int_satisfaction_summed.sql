with

tallied as (

    select * from {{ ref('int_satisfaction_tallied') }}

),

-- powers of distances from a whole number near the mean add up exactly and cancel little
centres as (

    select
        cast(round({{ safe_divide(
            'sum(satisfaction_score * episodes)',
            'sum(case when satisfaction_score is not null then episodes end)'
        ) }}, 0) as decimal(6, 2)) as centre
    from tallied

),

centred as (

    select
        tallied.*,
        cast(tallied.satisfaction_score - centres.centre as decimal(6, 2)) as distance
    from tallied
    cross join centres

),

final as (

    select
        case when grouping(department_id) = 1 then 'all' else department_id end as department_id,
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        {{ satisfaction_sums() }},
        cast(coalesce(sum(distance * episodes), 0) as double) as distance_sum,
        cast(coalesce(sum(cast(distance * distance as decimal(9, 4)) * episodes), 0) as double)
            as distance_squares,
        cast(coalesce(sum(
            cast(distance * distance * distance as decimal(12, 6)) * episodes
        ), 0) as double) as distance_cubes,
        cast(coalesce(sum(
            cast(distance * distance * distance * distance as decimal(15, 8)) * episodes
        ), 0) as double) as distance_fourths
    from centred
    group by cube(department_id, facility_id)
    -- no total of nothing: engines differ in whether it is a row
    having count(*) > 0

)

select * from final
