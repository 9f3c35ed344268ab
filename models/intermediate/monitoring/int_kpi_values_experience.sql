{#- An extract has scores, answers in words or both; what it never has is no series. -#}
{% set has_scores = '(select max(responses) from satisfaction) > 0' %}
{% set has_answers = '(select max(fft_responses) from satisfaction) > 0' %}

with

volumes as (

    select * from {{ ref('kpi_patient_volume_monthly') }}

),

satisfaction as (

    select * from {{ ref('kpi_satisfaction') }}

),

-- the mart has answers only; who gave none is counted from the episodes of the same month
answered as (

    select
        volumes.facility_id,
        volumes.department_id,
        volumes.month,
        volumes.episodes,
        coalesce(satisfaction.responses, 0) as responses,
        coalesce(satisfaction.top_box, 0) as top_box,
        coalesce(satisfaction.bottom_box, 0) as bottom_box,
        coalesce(satisfaction.fft_responses, 0) as fft_responses,
        coalesce(satisfaction.fft_positive, 0) as fft_positive,
        satisfaction.mean_score,
        satisfaction.mean_score_low,
        satisfaction.mean_score_high,
        -- scores have two decimals, and so has their sum
        round(coalesce(satisfaction.mean_score * satisfaction.responses, 0), 2) as score_sum,
        satisfaction.top_box_rate,
        satisfaction.top_box_rate_low,
        satisfaction.top_box_rate_high,
        satisfaction.net_promoter_score,
        satisfaction.net_promoter_score - {{ z95() }} * satisfaction.net_promoter_score_error
            as net_promoter_score_low,
        satisfaction.net_promoter_score + {{ z95() }} * satisfaction.net_promoter_score_error
            as net_promoter_score_high,
        satisfaction.fft_positive_rate,
        satisfaction.fft_positive_rate_low,
        satisfaction.fft_positive_rate_high
    from volumes
    left join satisfaction
        on satisfaction.facility_id = volumes.facility_id
        and satisfaction.department_id = volumes.department_id
        and satisfaction.month = volumes.month

),

final as (

    {{ kpi_value_row(
        'EX01', 'care_episodes', 'episodes', 'answered', 'mean_score',
        numerator='score_sum', denominator='responses', excluded='episodes - responses',
        department_id='department_id', where=has_scores
    ) }}
    union all
    {{ kpi_value_row(
        'EX02', 'care_episodes', 'episodes', 'answered', 'top_box_rate',
        numerator='top_box', denominator='responses', excluded='episodes - responses',
        department_id='department_id', where=has_scores
    ) }}
    union all
    -- points of 100: the numerator is promoters less detractors
    {{ kpi_value_row(
        'EX03', 'care_episodes', 'episodes', 'answered', 'net_promoter_score',
        numerator='top_box - bottom_box', denominator='responses',
        excluded='episodes - responses', department_id='department_id', where=has_scores
    ) }}
    union all
    {{ kpi_value_row(
        'EX08', 'care_episodes', 'episodes', 'answered', 'fft_positive_rate',
        numerator='fft_positive', denominator='fft_responses',
        excluded='episodes - fft_responses', department_id='department_id', where=has_answers
    ) }}

)

select * from final
