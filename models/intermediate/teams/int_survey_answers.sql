{{ config(materialized='table') }}
{% set items = range(1, 8) %}

with

responses as (

    select * from {{ ref('stg_team_surveys__responses') }}
    where row_status = 'accepted'

),

systems as (

    select * from {{ ref('int_systems_dated') }}
    where source_system = 'team_surveys'

),

gapped as (

    select
        survey_date,
        {{ days_between('lag(survey_date) over (order by survey_date nulls last)', 'survey_date') }}
            as days_since_last
    from responses
    group by survey_date

),

counted as (

    select
        survey_date,
        sum(case when days_since_last > {{ var('survey_wave_gap_days') }} then 1 else 0 end) over (
            order by survey_date nulls last
            rows between unbounded preceding and current row
        ) as wave_number
    from gapped

),

waves as (

    select
        survey_date,
        min(survey_date) over (partition by wave_number) as survey_wave
    from counted

),

-- statements 1, 3 and 5 are worded against safety
turned as (

    select
        responses.source_file,
        responses.row_number,
        responses.response_key,
        responses.facility_id,
        responses.department_id,
        responses.survey_date,
        {%- for item in items %}
        {{ '8 - ' if item in (1, 3, 5) }}responses.item_{{ item }} as value_{{ item }},
        {%- endfor %}
        {%- for item in items %}
        {{ '+ ' if not loop.first }}case when responses.item_{{ item }} is null then 0 else 1 end
        {%- endfor %} as items_answered
    from responses

),

-- 210 is divisible by 5, 6 and 7: scores add up in whole numbers, the same in any order
scored as (

    select
        turned.*,
        (
            {%- for item in items %}
            {{ '+ ' if not loop.first }}coalesce(value_{{ item }}, 0)
            {%- endfor %}
        ) * case items_answered when 5 then 42 when 6 then 35 when 7 then 30 end as score_units
    from turned

),

final as (

    select
        scored.source_file,
        scored.row_number,
        scored.response_key,
        scored.facility_id,
        scored.department_id,
        scored.survey_date,
        waves.survey_wave,
        -- without an as-of date nothing is known to lie in the future
        coalesce(scored.survey_date >= systems.as_of_date, false) as is_future,
        {%- for item in items %}
        cast(scored.value_{{ item }} as bigint) as value_{{ item }},
        {%- endfor %}
        cast(scored.items_answered as bigint) as items_answered,
        cast(scored.score_units as bigint) as score_units,
        {{ safe_divide('scored.score_units', 210) }} as score
    from scored
    inner join waves
        on waves.survey_date = scored.survey_date
    left join systems
        on systems.source_system = 'team_surveys'

)

select * from final
