with

final as (

    select
        facility_id,
        department_id,
        month,
        treatment_type,
        bin,
        {{ cost_bin_edges('bin') }},
        treatments
    from {{ ref('int_treatment_bins_tallied') }}

)

select * from final
