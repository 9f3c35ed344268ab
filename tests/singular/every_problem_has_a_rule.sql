-- A reason that no rule watches could grow without notice.
with

problems as (

    select 'rejected' as kind, reason from {{ ref('dq_rejected_rows') }}
    union all
    select 'repaired' as kind, reason from {{ ref('dq_repairs') }}
    union all
    select 'flagged' as kind, reason from {{ ref('dq_flagged_rows') }}

)

select
    problems.kind,
    problems.reason
from problems
left join {{ ref('dq_rules') }} as rules
    on rules.kind = problems.kind and rules.reason = problems.reason
where rules.rule_id is null
group by problems.kind, problems.reason
