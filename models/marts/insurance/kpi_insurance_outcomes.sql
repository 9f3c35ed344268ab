{%- set keys = ['outcome', 'source_system', 'exposed', 'unexposed'] -%}
{%- set arms = ['exposed_successes', 'exposed_cases', 'unexposed_successes', 'unexposed_cases'] -%}
{%- set ratios = ['crude_risk_ratio', 'crude_odds_ratio', 'mh_risk_ratio', 'mh_odds_ratio',
    'standardised_risk_ratio'] -%}

with

strata as (

    select * from {{ ref('int_insurance_strata_counted') }}

),

measured as (

    select
        {{ keys | join(', ') }},
        stratum,
        {{ stratum_margins() }}
    from strata

),

summed as (

    select
        {{ keys | join(', ') }},
        cast(sum(a) as bigint) as exposed_successes,
        cast(sum(n1) as bigint) as exposed_cases,
        cast(sum(c) as bigint) as unexposed_successes,
        cast(sum(n0) as bigint) as unexposed_cases,
        count(*) as strata,
        count(case when n1 > 0 and n0 > 0 then 1 end) as usable_strata,
        sum(case when stratum not like '%unknown%' then n else 0 end) as known_cases,
        {{ mantel_haenszel_sums() }},
        {{ standardised_sums() }}
    from measured
    group by {{ keys | join(', ') }}

),

estimated as (

    select
        summed.*,
        exposed_cases + unexposed_cases as cases,
        {{ crude_ratios(*arms) }},
        {{ mantel_haenszel_estimates() }},
        {{ standardised_estimates() }}
    from summed

),

-- a stratum in which nobody or everybody succeeded says nothing about a ratio
informative as (

    select
        measured.*,
        estimated.mh_risk_ratio,
        estimated.mh_odds_ratio,
        {{ homogeneity_terms() }}
    from measured
    inner join estimated
        on estimated.outcome = measured.outcome
        and estimated.source_system = measured.source_system
        and estimated.exposed = measured.exposed
        and estimated.unexposed = measured.unexposed
    where measured.n1 > 0 and measured.n0 > 0 and measured.m1 > 0 and measured.m0 > 0

),

tested as (

    select
        {{ keys | join(', ') }},
        {{ homogeneity_sums() }}
    from informative
    group by {{ keys | join(', ') }}

),

final as (

    select
        {%- for key in keys %}
        estimated.{{ key }},
        {%- endfor %}
        exposed_cases,
        exposed_successes,
        {{ rate_columns('exposed_success_rate', 'exposed_successes', 'exposed_cases') }},
        unexposed_cases,
        unexposed_successes,
        {{ rate_columns('unexposed_success_rate', 'unexposed_successes', 'unexposed_cases') }},
        {{ newcombe_columns('crude_risk_difference', *arms) }},
        {%- for name in ['mh_risk_difference', 'standardised_risk_difference'] %}
        {{ difference_columns(name) }},
        {%- endfor %}
        {%- for name in ratios %}
        {{ ratio_columns(name) }},
        {%- endfor %}
        {{ e_value('mh_risk_ratio') }} as e_value,
        {{ e_value_of_bound(
            ratio_low('mh_risk_ratio', 'mh_risk_ratio_log_se'),
            ratio_high('mh_risk_ratio', 'mh_risk_ratio_log_se')
        ) }} as e_value_of_bound,
        standardised_exposed_rate,
        standardised_unexposed_rate,
        cmh_chi_square,
        2 * {{ normal_upper_tail('sqrt(cmh_chi_square)') }} as cmh_p_value,
        cmh_chi_square_corrected,
        2 * {{ normal_upper_tail('sqrt(cmh_chi_square_corrected)') }} as cmh_p_value_corrected,
        coalesce(homogeneity_degrees_of_freedom, 0) as homogeneity_degrees_of_freedom,
        {%- for name, statistic in [
            ('rr_homogeneity', 'q'), ('or_homogeneity', 'q'), ('tarone', 'chi_square'),
        ] %}
        {%- set tested = name ~ '_' ~ statistic %}
        case when homogeneity_degrees_of_freedom > 0 then {{ tested }} end as {{ tested }},
        {{ chi_square_upper_tail(tested, 'homogeneity_degrees_of_freedom', largest_df=40) }}
            as {{ name }}_p_value,
        {%- endfor %}
        strata,
        usable_strata,
        cast(weight as bigint) as usable_cases,
        {{ safe_divide('weight', 'cases') }} as usable_share,
        {{ safe_divide('known_cases', 'cases') }} as known_share
    from estimated
    left join tested
        on tested.outcome = estimated.outcome
        and tested.source_system = estimated.source_system
        and tested.exposed = estimated.exposed
        and tested.unexposed = estimated.unexposed

)

select * from final
