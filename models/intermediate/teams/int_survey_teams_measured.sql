{% set items = range(1, 8) %}

with

answers as (

    select * from {{ ref('int_survey_answers') }}
    where not is_future

),

counted as (

    select
        facility_id,
        department_id,
        survey_wave,
        count(score_units) as respondents,
        count(*) - count(score_units) as without_score,
        cast(sum(score_units) as bigint) as sum_units,
        {%- for item in items %}
        {{ whole_number_variance(
            'case when score_units is not null then value_' ~ item ~ ' end'
        ) }} as variance_{{ item }},
        {%- endfor %}
        cast(sum(score_units * score_units) as bigint) as sum_squared_units
    from answers
    group by facility_id, department_id, survey_wave

),

-- an item that fewer than two answered has no variance and is in no mean
averaged as (

    select
        counted.*,
        {{ safe_divide('sum_units', 'respondents * 210') }} as mean_score,
        sqrt({{ variance_of_sums('respondents', 'sum_units', 'sum_squared_units') }}) / 210
            as sd_score,
        (
            {%- for item in items %}
            {{ '+ ' if not loop.first }}coalesce(variance_{{ item }}, 0)
            {%- endfor %}
        ) / nullif(
            {%- for item in items %}
            {{ '+ ' if not loop.first }}case when variance_{{ item }} is null then 0e0 else 1e0 end
            {%- endfor %}, 0e0
        ) as mean_item_variance
    from counted

),

final as (

    select
        facility_id,
        department_id,
        survey_wave,
        -- who cannot be placed makes no team
        facility_id != 'unknown' and department_id != 'unknown' as is_team,
        respondents,
        without_score,
        sum_units,
        sum_squared_units,
        mean_score,
        sd_score,
        mean_item_variance,
        {{ rwg('mean_item_variance', 7, 7) }} as rwg
    from averaged

)

select * from final
