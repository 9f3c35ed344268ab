with

occupied as (

    select * from {{ ref('int_beds_occupied') }}

),

beds as (

    select * from {{ ref('int_beds_available') }}

),

joined as (

    select
        occupied.facility_id,
        occupied.department_id,
        occupied.census_date,
        occupied.occupied,
        occupied.same_day_only,
        occupied.long_stays,
        beds.beds
    from occupied
    left join beds
        on beds.facility_id = occupied.facility_id
        and beds.department_id = occupied.department_id
        and beds.bed_date = occupied.census_date

),

-- a total compares the patients of the departments whose beds are known with those beds
counted as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        case when grouping(department_id) = 1 then 'all' else department_id end as department_id,
        census_date,
        cast(sum(occupied) as bigint) as occupied_at_midnight,
        cast(sum(case when beds is not null then occupied end) as bigint)
            as occupied_with_known_beds,
        cast(sum(beds) as bigint) as available_beds,
        cast(sum(same_day_only) as bigint) as same_day_only,
        cast(sum(long_stays) as bigint) as long_stays
    from joined
    group by census_date, cube(facility_id, department_id)

),

final as (

    select
        facility_id,
        department_id,
        census_date,
        occupied_at_midnight,
        occupied_with_known_beds,
        available_beds,
        {{ safe_divide('occupied_with_known_beds', 'available_beds') }} as occupancy_rate,
        same_day_only,
        long_stays,
        {{ rate_columns('long_stay_share', 'long_stays', 'occupied_at_midnight') }}
    from counted

)

select * from final
