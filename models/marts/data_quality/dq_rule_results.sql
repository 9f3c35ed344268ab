with

rules as (

    select * from {{ ref('dq_rules') }}

),

reconciled as (

    select * from {{ ref('dq_reconciliation') }}

),

-- a row that needs the same repair in two columns is one failing row
repaired_rows as (

    select source_system, source_table, reason, source_file, row_number
    from {{ ref('dq_repairs') }}
    group by source_system, source_table, reason, source_file, row_number

),

failures as (

    select source_system, source_table, 'rejected' as kind, reason, count(*) as rows_failing
    from {{ ref('dq_rejected_rows') }}
    group by source_system, source_table, reason
    union all
    select source_system, source_table, 'repaired', reason, count(*)
    from repaired_rows
    group by source_system, source_table, reason
    union all
    select source_system, source_table, 'flagged', reason, count(*)
    from {{ ref('dq_flagged_rows') }}
    group by source_system, source_table, reason
    union all
    select source_system, source_table, 'superseded', 'superseded', superseded_rows
    from reconciled
    union all
    select source_system, source_table, 'unreconciled', 'difference', abs(difference)
    from reconciled

),

-- the most specific threshold wins: for this table, for this system, for all
applied as (

    select
        rules.rule_id,
        rules.kind,
        rules.reason,
        rules.rationale,
        reconciled.source_system,
        reconciled.source_table,
        reconciled.raw_rows,
        cast(rules.threshold as double) as threshold,
        cast(rules.tolerated_rows as bigint) as tolerated_rows,
        row_number() over (
            partition by rules.rule_id, reconciled.source_system, reconciled.source_table
            order by
                case when rules.source_table = 'all' then 1 else 0 end nulls last,
                case when rules.source_system = 'all' then 1 else 0 end nulls last
        ) as preference
    from rules
    inner join reconciled
        on (reconciled.source_system = rules.source_system or rules.source_system = 'all')
        and (reconciled.source_table = rules.source_table or rules.source_table = 'all')

),

tested as (

    select
        applied.rule_id,
        applied.source_system,
        applied.source_table,
        applied.kind,
        applied.reason,
        applied.raw_rows as rows_tested,
        coalesce(failures.rows_failing, 0) as rows_failing,
        applied.threshold,
        applied.tolerated_rows,
        applied.rationale
    from applied
    left join failures
        on failures.source_system = applied.source_system
        and failures.source_table = applied.source_table
        and failures.kind = applied.kind
        and failures.reason = applied.reason
    where applied.preference = 1

),

final as (

    select
        rule_id,
        source_system,
        source_table,
        kind,
        reason,
        rows_tested,
        rows_failing,
        {{ safe_divide('rows_failing', 'rows_tested') }} as failing_share,
        threshold,
        tolerated_rows,
        -- exactly at the threshold is within it, though 0.29 * 100 comes out as 28.999999999999996
        case
            when rows_failing > tolerated_rows and rows_failing > threshold * rows_tested + 1e-9
            then 'breach'
            when rows_failing > 0 then 'within threshold'
            else 'none'
        end as status,
        rationale
    from tested

)

select * from final
