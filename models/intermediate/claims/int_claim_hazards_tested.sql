{{ config(materialized='table') }}

{#- beyond this the square root of chi-square is as good as normal around that of noncentrality -#}
{%- set large = '300' -%}

with

asked as (

    select distinct subject as group_by
    from {{ ref('claims') }}
    where {{ of_this_data_set() }} and estimator = 'hazard_spread'

),

-- one test for all groups with enough cases: it stands beside each of them
tests as (

    select
        ranked.group_by,
        max(ranked.chi_square) as chi_square,
        max(ranked.degrees_of_freedom) as df,
        count(*) as groups_tested,
        cast(sum(summary.events) as bigint) as events,
        cast(sum(summary.events + summary.censored) as bigint) as cases
    from {{ ref('int_survival_logranked') }} as ranked
    inner join asked
        on asked.group_by = ranked.group_by
    inner join {{ ref('kpi_survival_summary') }} as summary
        on summary.group_by = ranked.group_by
        and summary.group_value = ranked.group_value
    where ranked.strata like '%{{ among_large_groups() }}' and ranked.variance > 0
    group by ranked.group_by

),

-- a noncentral chi-square is a central one with a Poisson number of pairs of degrees more
terms as (

    select
        tests.group_by,
        numbered.n,
        {{ chi_square_upper_tail('tests.chi_square', '(tests.df + 2 * numbered.n)') }} as tail
    from tests
    cross join {{ numbers(3) }} as numbered
    where
        tests.chi_square <= {{ large }}
        and numbered.n <= tests.chi_square + 20 + 6 * sqrt(tests.chi_square + 20)

),

candidates as (

    select
        tests.group_by,
        numbered.n as step,
        (2 * tests.chi_square + 20) * numbered.n / 999e0 as candidate
    from tests
    cross join {{ numbers(3) }} as numbered

),

mixed as (

    select
        candidates.group_by,
        candidates.step,
        candidates.candidate,
        {{ exact_sum(
            'terms.tail * case when candidates.candidate = 0'
            ~ ' then case when terms.n = 0 then 1 else 0 end'
            ~ ' else exp(terms.n * ln(candidates.candidate / 2) - candidates.candidate / 2 - '
            ~ log_gamma('(terms.n + 1e0)') ~ ') end'
        ) }} as tail
    from candidates
    inner join terms
        on terms.group_by = candidates.group_by
    group by candidates.group_by, candidates.step, candidates.candidate

),

followed as (

    select
        mixed.*,
        lag(candidate) over (partition by group_by order by step nulls last) as previous_candidate,
        lag(tail) over (partition by group_by order by step nulls last) as previous_tail
    from mixed

),

bounds as (

    select
        group_by,
        {%- for name, level in [('low', '0.025e0'), ('high', '0.975e0')] %}
        {{ crossing(level, 'candidate', 'tail', 'previous_candidate', 'previous_tail') }}
            as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from followed
    group by group_by

),

final as (

    select
        tests.group_by,
        tests.chi_square,
        tests.df,
        tests.groups_tested,
        tests.events,
        tests.cases,
        greatest(tests.chi_square - tests.df, 0e0) as noncentrality,
        coalesce(
            bounds.low, power(greatest(sqrt(tests.chi_square) - {{ z95() }}, 0e0), 2)
        ) as noncentrality_low,
        coalesce(bounds.high, power(sqrt(tests.chi_square) + {{ z95() }}, 2))
            as noncentrality_high
    from tests
    left join bounds
        on bounds.group_by = tests.group_by

)

select * from final
