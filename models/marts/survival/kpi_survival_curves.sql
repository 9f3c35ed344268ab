{% set so_far = 'partition by group_by, group_value order by time_months nulls last'
    ~ ' rows between unbounded preceding and current row' %}

with

tabled as (

    select * from {{ ref('int_survival_tabled') }}

),

-- S is a product; its logarithm is a sum. Nobody survives a time at which all at risk die: ln 0
summed as (

    select
        tabled.*,
        {{ exact_sum(
            'case when events < at_risk then'
            ~ ' ln(cast(at_risk - events as double) / at_risk) end', so_far
        ) }} as log_survival,
        {{ exact_sum(
            'case when events < at_risk then'
            ~ ' events / (cast(at_risk as double) * (at_risk - events)) end', so_far
        ) }} as hazard_variance
    from tabled

),

estimated as (

    select
        summed.*,
        -- exp(ln(0.5)) is 0.49999999999999994
        case when events < at_risk then round(exp(log_survival), 14) else 0e0 end as survival
    from summed

),

final as (

    select
        group_by,
        group_value,
        time_months,
        at_risk,
        events,
        censored,
        is_observed_time,
        survival,
        {{ log_log_bound('survival', 'hazard_variance', '+') }} as survival_low,
        {{ log_log_bound('survival', 'hazard_variance', '-') }} as survival_high,
        case when survival > 0 then survival * sqrt(hazard_variance) end as std_error
    from estimated

)

select * from final
