with

doctors as (

    select * from {{ ref('int_doctors_measured') }}
    where doctor_id != 'unknown'

),

scoped as (

    select facility_id, doctor_id, due, is_full_period from doctors
    union all
    select 'all', doctor_id, due, is_full_period from doctors

),

excluded as (

    select
        facility_id,
        count(case when not is_full_period then 1 end) as doctors_excluded
    from scoped
    group by facility_id

),

ranked as (

    select
        facility_id,
        cast(due as double) as due,
        row_number() over (
            partition by facility_id
            order by due nulls last, doctor_id nulls last
        ) as rank_from_lowest,
        avg(cast(due as double)) over (partition by facility_id) as mean_due
    from scoped
    where is_full_period

),

summed as (

    select
        facility_id,
        count(*) as doctors,
        cast(sum(due) as bigint) as appointments,
        avg(due) as mean,
        case when count(*) > 1 then sqrt(sum((due - mean_due) * (due - mean_due)) / (count(*) - 1)) end
            as sd,
        sum((due - mean_due) * (due - mean_due)) as squares,
        sum(rank_from_lowest * due) as rank_weighted,
        cast(min(due) as bigint) as fewest,
        cast(max(due) as bigint) as most
    from ranked
    group by facility_id

),

measured as (

    select
        summed.*,
        case when doctors > 1 then doctors - 1 end as degrees_of_freedom,
        case when doctors > 1 then squares / nullif(mean, 0) end as chi_square,
        {{ gini('rank_weighted', 'doctors', 'mean') }} as gini
    from summed

),

final as (

    select
        excluded.facility_id,
        coalesce(measured.doctors, 0) as doctors,
        excluded.doctors_excluded,
        coalesce(measured.appointments, 0) as appointments,
        measured.mean,
        measured.sd,
        {{ safe_divide('measured.sd', 'measured.mean') }} as cv,
        1 / nullif(sqrt(measured.mean), 0) as cv_expected_by_chance,
        {{ safe_divide('measured.sd * measured.sd', 'measured.mean') }} as dispersion_index,
        measured.gini,
        {{ gini_unbiased('measured.gini', 'measured.doctors') }} as gini_unbiased,
        measured.chi_square,
        measured.degrees_of_freedom,
        {{ chi_square_upper_tail('measured.chi_square', 'measured.degrees_of_freedom') }} as p_value,
        measured.fewest,
        measured.most,
        {{ safe_divide('measured.most', 'measured.fewest') }} as most_to_fewest_ratio,
        {{ safe_divide('measured.most', 'measured.appointments') }} as share_of_most,
        cast({{ var('full_period_share') }} as double) as full_period_share
    from excluded
    left join measured
        on measured.facility_id = excluded.facility_id

)

select * from final
