{#- What the units are called, and their cases. -#}
{% set kinds = {
    'facility': ('facility', 'appointments due'),
    'doctor': ('doctor of the whole period', 'appointments due'),
    'payment': ('payment method', 'bills'),
} %}
{% set kind = dbt.string_literal(dbt.escape_single_quotes("Cohen's h")) %}

with

claims as (

    {{ claims_of(['facility_count_to_next', 'facility_share_over_equal',
        'doctor_count_to_next', 'payment_share_over_equal']) }}

),

matched as (

    select
        claims.*,
        units.unit_id,
        units.cases,
        position('+' || units.unit_id || '+' in '+' || claims.subject || '+') > 0 as is_subject
    from claims
    left join {{ ref('int_claim_units_counted') }} as units
        on claims.estimator like units.unit_kind || '%'

),

summed as (

    select
        claim_id,
        part,
        estimator,
        subject,
        direction,
        estimator like '%to_next' as is_ratio,
        length(subject) - length(replace(subject, '+', '')) + 1 as subjects_named,
        count(unit_id) as units,
        count(case when is_subject then 1 end) as subjects,
        cast(sum(cases) as bigint) as total,
        cast(sum(case when is_subject then cases end) as bigint) as own,
        -- the most of the others tests a claim of being above them, the fewest one of being below
        case
            when direction = 'below' then min(case when not is_subject then cases end)
            else max(case when not is_subject then cases end)
        end as nearest
    from matched
    group by claim_id, part, estimator, subject, direction

),

-- where the subject is not the extreme, the nearest was itself picked among all the others
placed as (

    select
        summed.*,
        case when is_ratio then own + nearest else total end as n,
        case when is_ratio then least(own, nearest) else total end as smallest_group,
        {{ safe_divide('subjects', 'units') }} as equal_share,
        case
            when not is_ratio then nullif(units, 0)
            when case when direction = 'below' then own <= nearest else own >= nearest end then 1
            else nullif(units - subjects, 0)
        end as adjusted_for
    from summed

),

scaled as (

    select
        placed.*,
        {{ bonferroni_z('adjusted_for') }} as z
    from placed

),

bounded as (

    select
        scaled.*,
        {{ safe_divide('own', 'n') }} as share,
        {{ wilson_low('own', 'n', 'z') }} as share_low,
        {{ wilson_high('own', 'n', 'z') }} as share_high,
        case
            {%- for unit_kind, (name, cases) in kinds.items() %}
            when estimator like '{{ unit_kind }}%' then
                case
                    when coalesce(subjects < subjects_named, true)
                    then 'no {{ name }} ' || coalesce(subject, 'is named') || ' in the data'
                    when units = subjects then 'no other {{ name }} to compare with'
                    else {{ too_few('smallest_group', cases) }}
                end
            {%- endfor %}
        end as why_not
    from scaled

),

-- of two counts, the odds of the share of the one are their ratio
final as (

    select
        claim_id,
        part,
        case when is_ratio then {{ safe_divide('own', 'nearest') }} else share - equal_share end
            as estimate,
        {%- for bound in ['low', 'high'] %}
        case
            when is_ratio then share_{{ bound }} / nullif(1 - share_{{ bound }}, 0)
            else share_{{ bound }} - equal_share
        end as {{ bound }},
        {%- endfor %}
        case when is_ratio then 'Wilson, against the nearest of all others' else 'Wilson' end
        || {{ bonferroni_said('adjusted_for') }} as interval_method,
        coalesce(n, 0) as n,
        case
            when is_ratio then ln(nullif({{ safe_divide('own', 'nearest') }}, 0))
            else {{ cohens_h('share', 'equal_share') }}
        end as effect_size,
        case when is_ratio then 'log ratio' else {{ kind }} end as effect_size_kind,
        case when is_ratio then units - subjects else units end as comparisons,
        why_not is null as is_testable,
        why_not
    from bounded

)

select * from final
