with

-- an unknown group is no group to compare; `all` is compared with nothing
known as (

    select * from {{ ref('int_survival_times') }}
    where
        group_by != 'all'
        and group_value != 'unknown'
        and survival_months is not null
        and is_dead is not null

),

sized as (

    select
        group_by,
        group_value,
        count(*) as cases
    from known
    group by group_by, group_value

),

-- claims are tested on groups of some size only
entered as (

    select group_by, group_value, cases, '' as among from sized
    union all
    select group_by, group_value, cases, '{{ among_large_groups() }}' as among from sized
    where cases >= {{ minimum_n('claim') }}

),

-- from the smallest to the largest: the test is solved most exactly in this order
numbered as (

    select
        group_by,
        group_value,
        among,
        row_number() over (
            partition by group_by, among
            order by cases nulls last, group_value nulls last
        ) as group_number,
        count(*) over (partition by group_by, among) as number_of_groups
    from entered

),

comparable as (

    select
        known.*,
        numbered.among,
        numbered.group_number,
        numbered.number_of_groups
    from known
    inner join numbered
        on numbered.group_by = known.group_by
        and numbered.group_value = known.group_value
    where numbered.number_of_groups between 2 and {{ largest_comparison() }}

),

final as (

    select
        group_by,
        'none' as strata,
        'all' as stratum,
        group_value,
        group_number,
        number_of_groups,
        case_key,
        survival_months,
        is_dead
    from comparable
    where among = ''
    union all
    select
        group_by,
        strata || among as strata,
        stratum,
        group_value,
        group_number,
        number_of_groups,
        case_key,
        survival_months,
        is_dead
    from comparable

)

select * from final
