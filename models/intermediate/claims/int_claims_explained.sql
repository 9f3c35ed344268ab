with

judged as (

    select * from {{ ref('int_claims_judged') }}

),

worded as (

    select
        judged.*,
        measure || ' is ' || {{ plain_number('estimate') }}
        || ' (95 % interval ' || {{ plain_number('low') }} || ' to ' || {{ plain_number('high') }}
        || ', n = ' || cast(n as string)
        || coalesce(', ' || effect_size_kind || ' ' || {{ plain_number('effect_size') }}, '')
        || case
            when comparisons > 1 then ', ' || cast(comparisons as string) || ' comparisons'
            else ''
        end || ')' as numbers,
        {{ plain_number('no_difference') }} as reference,
        {{ plain_number('smallest_effect') }} as smallest
    from judged

),

final as (

    select
        worded.*,
        case verdict
            when 'not_testable' then measure || ' cannot be estimated (' || why_not || ').'
            when 'supported'
            then
                numbers || ', ' || side || ' ' || reference || case
                    when smallest_effect > 0
                    then
                        ', and the estimate is at least the difference that matters ('
                        || smallest || ') away.'
                    else '.'
                end
            when 'contradicted'
            then numbers || ', ' || side || ' ' || reference || ', the opposite of the claim.'
            else numbers || case
                when side is null then
                    ', consistent with chance: the interval includes ' || reference || '.'
                else
                    ', ' || side || ' ' || reference
                    || ', but the estimate is less than the difference that matters ('
                    || smallest || ') away.'
            end
        end as sentence
    from worded

)

select * from final
