{#- Few and wide groups, so that a stratum keeps patients of both arms. -#}
{%- set age_group -%}
    case
            when age_band = 'unknown' then 'unknown'
            when age_band < '50' then 'under 50'
            when age_band < '65' then '50-64'
            when age_band < '75' then '65-74'
            else '75+'
        end
{%- endset -%}

with

episodes as (

    select
        'treatment_success' as outcome,
        'care_episodes' as source_system,
        insurance_type,
        cancer_stage || ' | ' || treatment_type || ' | ' || {{ age_group }} as stratum,
        successes,
        evaluable - successes as failures
    from {{ ref('int_episode_profiles_tallied') }}
    where evaluable > 0 and insurance_type != 'unknown'

),

cases as (

    select
        'treatment_response' as outcome,
        'cancer_registry' as source_system,
        insurance_type,
        stage || ' | ' || cancer_type || ' | ' || {{ age_group }} as stratum,
        case when {{ has_responded('outcome') }} then 1 else 0 end as successes,
        case when not {{ has_responded('outcome') }} then 1 else 0 end as failures
    from {{ ref('fct_cancer_cases') }}
    where
        not is_future
        and {{ has_responded('outcome') }} is not null
        and insurance_type != 'unknown'

),

stacked as (

    select * from episodes
    union all
    select * from cases

),

-- pairs are made of what is counted
counted as (

    select
        outcome,
        source_system,
        insurance_type,
        stratum,
        sum(successes) as successes,
        sum(failures) as failures
    from stacked
    group by outcome, source_system, insurance_type, stratum

),

types as (

    select
        outcome,
        source_system,
        insurance_type
    from counted
    group by outcome, source_system, insurance_type

),

-- the exposed arm is the one whose name comes first
pairs as (

    select
        exposed.outcome,
        exposed.source_system,
        exposed.insurance_type as exposed,
        unexposed.insurance_type as unexposed
    from types as exposed
    inner join types as unexposed
        on unexposed.outcome = exposed.outcome
        and unexposed.source_system = exposed.source_system
        and unexposed.insurance_type > exposed.insurance_type

),

final as (

    select
        pairs.outcome,
        pairs.source_system,
        pairs.exposed,
        pairs.unexposed,
        {%- for name, arm, result in [
            ('a', 'exposed', 'successes'), ('b', 'exposed', 'failures'),
            ('c', 'unexposed', 'successes'), ('d', 'unexposed', 'failures'),
        ] %}
        cast(coalesce(sum(
            case when counted.insurance_type = pairs.{{ arm }} then counted.{{ result }} end
        ), 0) as bigint) as {{ name }},
        {%- endfor %}
        counted.stratum
    from pairs
    inner join counted
        on counted.outcome = pairs.outcome
        and counted.source_system = pairs.source_system
        and counted.insurance_type in (pairs.exposed, pairs.unexposed)
    group by
        pairs.outcome,
        pairs.source_system,
        pairs.exposed,
        pairs.unexposed,
        counted.stratum

)

select * from final
