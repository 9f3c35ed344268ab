with

answers as (

    select * from {{ ref('int_survey_answers') }}

),

final as (

    select
        response_key,
        facility_id,
        department_id,
        survey_date,
        survey_wave,
        items_answered,
        score,
        is_future
    from answers

)

select * from final
