-- A claim without its first part would be missing in the ledger, one without a bar or the reason
-- for it would be judged by nothing: rows of seeds/reference/claims.csv that lack something.
with

claims as (

    select * from {{ ref('claims') }}
    where {{ of_this_data_set() }}

),

final as (

    select
        claim_id,
        1 as part,
        'the claim has no part 1' as problem
    from claims
    group by claim_id
    having count(case when part = 1 then 1 end) = 0

    {% for column in ['source', 'statement', 'estimator', 'measure', 'direction', 'no_difference',
        'smallest_effect', 'smallest_effect_reason'] %}
    union all
    select
        claim_id,
        part,
        '{{ column }} is empty' as problem
    from claims
    where {{ column }} is null
    {% endfor %}

)

select * from final
