{%- set estimators = ['insurance_adjusted_difference', 'insurance_standardised_difference'] -%}
{#- which of the two types comes first in the mart is a matter of the alphabet -#}
{%- set sign = 'case when lower(outcomes.exposed) = asked.subject then 1 else -1 end' -%}

with

asked as (

    {{ claims_of(estimators) }}

),

-- the first part of a stratum is the stage
stages as (

    select
        source_system,
        exposed,
        unexposed,
        {{ safe_divide(
            "sum(case when stratum not like 'unknown |%' then a + b + c + d else 0 end)",
            'sum(a + b + c + d)'
        ) }} as staged_share
    from {{ ref('int_insurance_strata_counted') }}
    group by source_system, exposed, unexposed

),

paired as (

    select
        asked.claim_id,
        asked.part,
        asked.estimator,
        outcomes.source_system,
        outcomes.exposed_cases + outcomes.unexposed_cases as cases,
        least(outcomes.exposed_cases, outcomes.unexposed_cases) as smallest_group,
        outcomes.usable_share,
        stages.staged_share,
        {%- for kind in ['crude', 'mh', 'standardised'] %}
        {{ sign }} * outcomes.{{ kind }}_risk_difference as {{ kind }},
        {%- for end, of in [('low', 'least'), ('high', 'greatest')] %}
        {{ of }}(
            {{ sign }} * outcomes.{{ kind }}_risk_difference_low,
            {{ sign }} * outcomes.{{ kind }}_risk_difference_high
        ) as {{ kind }}_{{ end }},
        {%- endfor %}
        {%- endfor %}
        {{ sign }} * ({{ cohens_h(
            'outcomes.standardised_exposed_rate', 'outcomes.standardised_unexposed_rate'
        ) }}) as h
    from asked
    inner join {{ ref('kpi_insurance_outcomes') }} as outcomes
        on asked.subject in (lower(outcomes.exposed), lower(outcomes.unexposed))
        and asked.comparator in (lower(outcomes.exposed), lower(outcomes.unexposed))
    inner join stages
        on stages.source_system = outcomes.source_system
        and stages.exposed = outcomes.exposed
        and stages.unexposed = outcomes.unexposed
    where coalesce(asked.source_system, outcomes.source_system) = outcomes.source_system

),

-- episodes where they can tell, else the registry
ranked as (

    select
        paired.*,
        case
            when staged_share > 0
            then 'stage (known for ' || {{ as_points('staged_share') }} || ' %), '
            else ''
        end as stage_text,
        case when staged_share > 0 then '' else ' No stage is recorded.' end as stage_note,
        case
            when source_system = 'care_episodes' then 'treatment type' else 'cancer type'
        end as type_text,
        row_number() over (
            partition by claim_id, part
            order by
                smallest_group < {{ minimum_n('claim') }} or usable_share < 0.5 nulls last,
                case when source_system = 'care_episodes' then 0 else 1 end nulls last,
                source_system nulls last,
                cases desc nulls last
        ) as place
    from paired

),

estimates as (

    select
        claim_id,
        part,
        estimator,
        {%- for end in ['', '_low', '_high'] %}
        case
            when estimator = 'insurance_adjusted_difference' then mh{{ end }}
            else standardised{{ end }}
        end as {{ end[1:] or 'estimate' }},
        {%- endfor %}
        case when estimator = 'insurance_adjusted_difference' then 'Sato' else 'Normal' end
            as interval_method,
        cases as n,
        smallest_group,
        h as effect_size,
        {{ dbt.string_literal(dbt.escape_single_quotes("Cohen's h")) }} as effect_size_kind,
        1 as comparisons,
        case
            when usable_share < 0.5
            then 'fewer than half of the patients have somebody like them in the other group'
        end as why_not,
        'Alike means: the same ' || stage_text || type_text || ' and age group in '
        || source_system || '.' || stage_note || ' Unadjusted the difference is '
        || {{ plain_number('crude') }} || ' (' || {{ plain_number('crude_low') }} || ' to '
        || {{ plain_number('crude_high') }} || ').' as remark
    from ranked
    where place = 1

),

final as (

    select
        {{ estimate_columns(
            'the data hold no known results of both insurance types', has_remark=true
        ) }}
    from asked
    left join estimates
        on estimates.claim_id = asked.claim_id
        and estimates.part = asked.part

)

select * from final
