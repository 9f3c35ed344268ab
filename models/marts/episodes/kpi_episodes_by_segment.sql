with

summaries as (

    select * from {{ ref('int_episodes_summarised') }}

),

final as (

    select
        dimension,
        value,
        {{ episode_summary_columns() }}
    from summaries

)

select * from final
