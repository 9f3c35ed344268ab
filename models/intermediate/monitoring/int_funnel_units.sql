with

readmissions as (

    select * from {{ ref('int_readmissions_classified') }}
    where facility_id != 'unknown'

),

-- a further proportion joins as one more select over whole events, facility by facility
final as (

    select
        case definition
            when 'hwr_like' then 'PF07'
            when 'cancer_3188_like' then 'PF08'
            when 'au_28d' then 'PF09'
            when 'as_recorded' then 'PF13'
        end as kpi_id,
        'all' as period,
        facility_id as unit,
        count(case when is_readmitted then 1 end) as numerator,
        count(case when is_index then 1 end) as denominator
    from readmissions
    group by definition, facility_id

)

select * from final
