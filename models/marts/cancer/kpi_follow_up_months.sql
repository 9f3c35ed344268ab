{% set dimensions = ['region', 'cancer_type', 'treatment', 'stage'] %}

with

cases as (

    select * from {{ ref('fct_cancer_cases') }}
    where not is_future

),

unpivoted as (

    select
        'all' as dimension,
        'all' as value,
        survival_months as months
    from cases
    {% for dimension in dimensions -%}
    union all
    select
        '{{ dimension }}' as dimension,
        {{ dimension }} as value,
        survival_months as months
    from cases
    {% endfor %}
),

-- months repeat: ranks and quantiles come from the distinct values, not from rows
tallied as (

    select
        dimension,
        value,
        months,
        count(*) as cases
    from unpivoted
    group by dimension, value, months

),

ranked as (

    select
        dimension,
        value,
        months,
        cases,
        sum(cases) over (
            partition by dimension, value
            order by months nulls last
            rows between unbounded preceding and current row
        ) as last_rank,
        sum(case when months is not null then cases else 0 end) over (
            partition by dimension, value
        ) as n,
        {{ exact_sum('months * cases', over='partition by dimension, value') }} as total
    from tallied

),

averaged as (

    select
        ranked.*,
        {{ order_free('total / nullif(n, 0)') }} as mean_months
    from ranked

),

summarised as (

    select
        dimension,
        value,
        cast(max(n) as bigint) as cases,
        cast(sum(case when months is null then cases else 0 end) as bigint)
            as cases_without_follow_up,
        max(mean_months) as mean_months,
        {{ order_free(
            'sqrt(' ~ exact_sum('cases * power(months - mean_months, 2)')
            ~ ' / nullif(max(n) - 1, 0))'
        ) }} as sd_months,
        {{ tallied_quantile('months', 'last_rank', 'n', 0.25) }} as p25_months,
        {{ tallied_quantile('months', 'last_rank', 'n', 0.5) }} as median_months,
        min(case when last_rank >= {{ median_low_rank('n') }} then months end)
            as median_months_low,
        min(case when last_rank >= {{ median_high_rank('n') }} then months end)
            as median_months_high,
        {{ tallied_quantile('months', 'last_rank', 'n', 0.75) }} as p75_months,
        max(months) as maximum_months
    from averaged
    group by dimension, value

),

final as (

    select
        dimension,
        value,
        cases,
        cases_without_follow_up,
        mean_months,
        {{ mean_low('mean_months', 'sd_months', 'cases') }} as mean_months_low,
        {{ mean_high('mean_months', 'sd_months', 'cases') }} as mean_months_high,
        sd_months,
        p25_months,
        median_months,
        median_months_low,
        median_months_high,
        p75_months,
        maximum_months
    from summarised

)

select * from final
