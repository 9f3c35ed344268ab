with

counted as (

    select
        group_by,
        group_value,
        count(*) as cases,
        count(case when survival_months is null then 1 end) as cases_without_follow_up,
        count(case when survival_months is not null and is_dead is null then 1 end)
            as cases_without_status,
        count(case when survival_months is not null and is_dead then 1 end) as events,
        count(case when survival_months is not null and not is_dead then 1 end) as censored,
        count(is_dead) as cases_with_status
    from {{ ref('int_survival_times') }}
    group by group_by, group_value

),

judged as (

    select
        counted.*,
        events + censored > 0 as is_testable,
        max(cases_with_status) over () > 0 as is_any_status_known,
        count(
            case when events + censored > 0 and group_value not in ('all', 'unknown') then 1 end
        ) over (partition by group_by) as number_of_groups
    from counted

),

read_off as (

    select
        group_by,
        group_value,
        max(time_months) as last_follow_up_months,
        {%- for bound in ['', '_low', '_high'] %}
        {{ survival_quantile('survival' ~ bound, 0.5, 'time_months') }} as median_months{{ bound }},
        {%- for months in [12, 60] %}
        max(case when time_months = {{ months }} then survival{{ bound }} end)
            as {{ 'survival_' ~ months ~ 'm' ~ bound }},
        {%- endfor %}
        {%- endfor %}
        max(case when time_months = 12 then at_risk end) as at_risk_12m,
        max(case when time_months = 60 then at_risk end) as at_risk_60m,
        {{ survival_quantile('survival', 0.75, 'time_months') }} as p25_months,
        {{ survival_quantile('survival', 0.25, 'time_months') }} as p75_months
    from {{ ref('kpi_survival_curves') }}
    group by group_by, group_value

),

final as (

    select
        judged.group_by,
        judged.group_value,
        judged.cases,
        judged.cases_without_follow_up,
        judged.cases_without_status,
        case when judged.is_testable then judged.events end as events,
        case when judged.is_testable then judged.censored end as censored,
        read_off.last_follow_up_months,
        read_off.median_months,
        read_off.median_months_low,
        read_off.median_months_high,
        case when judged.is_testable then read_off.median_months is not null end
            as is_median_reached,
        read_off.p25_months,
        read_off.p75_months,
        {%- for months in [12, 60] %}
        read_off.at_risk_{{ months }}m,
        read_off.survival_{{ months }}m,
        read_off.survival_{{ months }}m_low,
        read_off.survival_{{ months }}m_high,
        {%- endfor %}
        crude.expected as expected_events,
        crude.chi_square as logrank_chi_square,
        crude.degrees_of_freedom as logrank_degrees_of_freedom,
        crude.p_value as logrank_p_value,
        stratified.strata,
        stratified.chi_square as logrank_stratified_chi_square,
        stratified.degrees_of_freedom as logrank_stratified_degrees_of_freedom,
        stratified.p_value as logrank_stratified_p_value,
        crude.chi_square is not null as is_compared,
        case
            when not judged.is_testable then 'It is not testable.'
            when judged.group_by = 'all' then 'The total is compared with nothing.'
            when judged.group_value = 'unknown' then 'An unknown group is in no comparison.'
            when judged.number_of_groups < 2 then 'No second group is known.'
            when judged.number_of_groups > {{ largest_comparison() }}
            then 'More than {{ largest_comparison() | int }} groups are not compared.'
            when crude.chi_square is null
            then 'Nobody died while it and another group were at risk.'
        end as why_not_compared,
        judged.is_testable,
        case
            when judged.is_testable then null
            when judged.is_any_status_known
            then 'No case of the group has both a usable time and a known vital status.'
            else {{ "'The extract does not say who died: recorded months mix deaths with"
                ~ " patients who are still alive.'" }}
        end as why_not
    from judged
    left join read_off
        on read_off.group_by = judged.group_by
        and read_off.group_value = judged.group_value
    -- a group that met no other at a death is in no test
    left join {{ ref('int_survival_logranked') }} as crude
        on crude.group_by = judged.group_by
        and crude.group_value = judged.group_value
        and crude.strata = 'none'
        and crude.variance > 0
    left join {{ ref('int_survival_logranked') }} as stratified
        on stratified.group_by = judged.group_by
        and stratified.group_value = judged.group_value
        and stratified.strata != 'none'
        and stratified.strata not like '%{{ among_large_groups() }}'
        and stratified.variance > 0

)

select * from final
