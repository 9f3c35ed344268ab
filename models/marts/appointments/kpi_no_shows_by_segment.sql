{% set dimensions = no_show_dimensions() %}

with

appointments as (

    select * from {{ ref('fct_appointments') }}
    where outcome in ('attended', 'no_show')

),

segmented as (

    select
        {{ dimension_values(dimensions) }},
        outcome
    from appointments

),

counted as (

    select
        {{ dimension_and_value(dimensions) }},
        count(case when outcome = 'attended' then 1 end) as attended,
        count(case when outcome = 'no_show' then 1 end) as no_shows
    from segmented
    -- sqlfluff's dialect does not know grouping sets, which DuckDB and Spark share
    group by {{ dimension_sets(dimensions) }}  -- noqa: PRS

),

final as (

    select
        dimension,
        value,
        attended,
        no_shows,
        {{ rate_columns('no_show_rate', 'no_shows', '(attended + no_shows)') }}
    from counted

)

select * from final
