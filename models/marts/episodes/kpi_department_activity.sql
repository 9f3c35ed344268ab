with

summaries as (

    select * from {{ ref('int_episodes_summarised') }}
    where dimension in ('all', 'department')

),

final as (

    select
        value as department_id,
        {{ episode_summary_columns(readmission_rate='readmission_rate') }}
    from summaries

)

select * from final
