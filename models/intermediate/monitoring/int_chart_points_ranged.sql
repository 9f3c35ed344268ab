{{ config(materialized='table') }}

{%- set phase = 'partition by ' ~ chart_series() ~ ', rebase_date' %}
{%- set series = 'partition by ' ~ chart_series() %}

with

months as (

    select * from {{ ref('int_chart_months_phased') }}

),

-- the month before is the last one with a value, and never one of an earlier phase
ordered as (

    select
        *,
        row_number() over ({{ series }} order by month nulls last) as point,
        dense_rank() over ({{ series }} order by rebase_date nulls first) - 1 as rebase_group,
        row_number() over ({{ phase }} order by month nulls last) as place,
        lag(value) over ({{ phase }} order by month nulls last) as last_value,
        lag(denominator) over ({{ phase }} order by month nulls last) as last_denominator
    from months

),

final as (

    select
        {{ chart_series() }},
        month,
        value,
        numerator,
        denominator,
        direction,
        is_proportion,
        target,
        rebase_reason,
        annotation,
        point,
        rebase_group,
        place <= coalesce(baseline_points, place) as is_baseline,
        abs(value - last_value) as moving_range,
        coalesce(sign(value - last_value), 0) as step,
        last_value,
        last_denominator
    from ordered

)

select * from final
