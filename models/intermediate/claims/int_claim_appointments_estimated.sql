{#- Shares of appointments: what is counted, of what, and what the cases are called. -#}
{% set shares = {
    'completed_of_due': ('attended', 'due', 'appointments due'),
    'completed_or_open_of_due': ('attended + unresolved', 'due', 'appointments due'),
    'attended_of_expected':
        ('attended', 'attended + no_shows', 'attended or missed appointments'),
    'cancelled_of_settled':
        ('cancelled', 'attended + no_shows + cancelled', 'settled appointments'),
    'unrecorded_of_due': ('unresolved', 'due', 'appointments due'),
} %}
{% set kind = dbt.string_literal(dbt.escape_single_quotes("Cohen's h")) %}

with

claims as (

    {{ claims_of(shares.keys()) }}

),

facilities as (

    select * from {{ ref('kpi_facility_activity') }}

),

counted as (

    select
        claims.*,
        cast(
            case claims.estimator
                {%- for estimator, share in shares.items() %}
                when '{{ estimator }}' then {{ share[0] }}
                {%- endfor %}
            end as bigint
        ) as x,
        cast(
            case claims.estimator
                {%- for estimator, share in shares.items() %}
                when '{{ estimator }}' then {{ share[1] }}
                {%- endfor %}
            end as bigint
        ) as n
    from claims
    left join facilities
        on facilities.facility_id = coalesce(claims.subject, 'all')

),

judged as (

    select
        counted.*,
        {{ safe_divide('x', 'n') }} as estimate,
        case estimator
            {%- for estimator, share in shares.items() %}
            when '{{ estimator }}' then {{ too_few('n', share[2]) }}
            {%- endfor %}
        end as why_not
    from counted

),

final as (

    select
        claim_id,
        part,
        estimate,
        {{ wilson_low('x', 'n') }} as low,
        {{ wilson_high('x', 'n') }} as high,
        'Wilson' as interval_method,
        coalesce(n, 0) as n,
        {{ cohens_h('estimate', 'no_difference') }} as effect_size,
        {{ kind }} as effect_size_kind,
        cast(1 as bigint) as comparisons,
        why_not is null as is_testable,
        why_not
    from judged

)

select * from final
