-- Every data-quality rule stays within its threshold (seeds/reference/dq_rules.csv). A breach
-- stops the publish; the publish step names the rule and its numbers.
select
    rule_id,
    source_system,
    source_table,
    rows_failing,
    rows_tested,
    threshold
from {{ ref('dq_rule_results') }}
where status = 'breach'
