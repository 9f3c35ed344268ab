with

claims as (

    {{ claims_of(['caseload_dispersion']) }}

),

balances as (

    select * from {{ ref('kpi_caseload_balance') }}

),

measured as (

    select
        claims.*,
        balances.appointments,
        balances.mean,
        balances.dispersion_index,
        balances.chi_square / {{ chi_square_quantile('balances.degrees_of_freedom', 0.975) }}
            as index_low,
        balances.chi_square / {{ chi_square_quantile('balances.degrees_of_freedom', 0.025) }}
            as index_high
    from claims
    left join balances
        on balances.facility_id = coalesce(claims.subject, 'all')

),

judged as (

    select
        measured.*,
        case
            when coalesce(appointments, 0) = 0 then 'no doctors of the whole period in the data'
            when dispersion_index is null then 'one doctor only, nobody to compare with'
            when mean < 5
            then 'fewer than five appointments per doctor, too few for a chi-square test'
            else {{ too_few('appointments', 'appointments due') }}
        end as why_not
    from measured

),

final as (

    select
        claim_id,
        part,
        {{ variation_beyond_chance('dispersion_index', 'mean') }} as estimate,
        {{ variation_beyond_chance('index_low', 'mean') }} as low,
        {{ variation_beyond_chance('index_high', 'mean') }} as high,
        'Chi-square test inverted (too narrow where few doctors stand out)' as interval_method,
        coalesce(appointments, 0) as n,
        dispersion_index as effect_size,
        'dispersion index' as effect_size_kind,
        cast(1 as bigint) as comparisons,
        why_not is null as is_testable,
        why_not
    from judged

)

select * from final
