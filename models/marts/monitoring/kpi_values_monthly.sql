with

stacked as (

    select * from {{ ref('int_kpi_values_stacked') }}

),

spined as (

    select * from {{ ref('int_kpi_months_spined') }}

),

kpis as (

    select * from {{ ref('dim_kpis') }}

),

joined as (

    select
        spined.*,
        kpis.denominator = 'none' as is_count,
        kpis.minimum_n,
        kpis.settles_after_days,
        kpis.minimum_n_counted,
        stacked.kpi_id is not null as is_counted,
        {%- for name in ['numerator', 'denominator', 'n', 'value', 'value_low', 'value_high'] %}
        case when spined.has_data then stacked.{{ name }} end as {{ name }},
        {%- endfor %}
        case when spined.has_data then coalesce(stacked.n_excluded, 0) end as n_excluded
    from spined
    inner join kpis
        on kpis.kpi_id = spined.kpi_id
    left join stacked
        on stacked.kpi_id = spined.kpi_id
        and stacked.source_system = spined.source_system
        and stacked.facility_id = spined.facility_id
        and stacked.department_id = spined.department_id
        and stacked.month = spined.month

),

-- nothing where the source was silent; where it spoke of others only, nothing happened here
filled as (

    select
        *,
        has_data and not is_counted as is_quiet
    from joined

),

judged as (

    select
        kpi_id,
        source_system,
        facility_id,
        department_id,
        month,
        case when is_quiet and has_numerator then 0e0 else numerator end as numerator,
        case when is_quiet and not is_count then 0e0 else denominator end as denominator,
        case when is_quiet then 0 else n end as n,
        case when is_quiet and is_count then 0e0 else value end as value,
        value_low,
        value_high,
        n_excluded,
        case
            when not is_quiet and n is null then 'no data in this month'
            when not is_count and (is_quiet or denominator = 0) then 'no events'
            when coalesce(n, 0) < minimum_n
            then 'fewer than ' || cast(minimum_n as string) || ' ' || minimum_n_counted
            when is_count and not is_complete then 'month not complete'
            -- 0 days means known at once, in a month that is not over too
            when settles_after_days > 0 and days_since_end < settles_after_days
            then 'not settled yet'
        end as why_not
    from filled

),

final as (

    select
        kpi_id,
        source_system,
        facility_id,
        department_id,
        month,
        numerator,
        denominator,
        n,
        case when why_not is null then value end as value,
        case when why_not is null then value_low end as value_low,
        case when why_not is null then value_high end as value_high,
        n_excluded,
        why_not is null as is_reportable,
        why_not
    from judged

)

select * from final
