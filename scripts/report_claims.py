"""The claims ledger as the report shows it: verdict first, then a short sentence of why.

Usage: imported by report_content.py; nothing to run.

The numbers of a sentence are those of the part of the claim that decided. The shareable edition has
numbers of first parts alone: where another part decided, it says so and gives none.
"""

from __future__ import annotations

from typing import Any

import duckdb

# in the order of the page: what the data do not bear out stands first
VERDICTS = {
    "contradicted": "Contradicted",
    "not_supported": "Not supported",
    "supported": "Supported",
    "not_testable": "Not testable",
}
NONE = "No claim is registered for these data."


def _number(name: str) -> str:
    """An estimate as SQL; its bounds have as many decimals as it has."""
    return (
        f"replace(case when abs(estimate) >= 100 then format('{{:,.0f}}', {name})"
        f" else format('{{:.3f}}', {name}) end, '-', '−')"
    )


def _mark(name: str) -> str:
    """What a claim is held against, as it was written down."""
    return f"replace(format('{{:g}}', {name}), '-', '−')"


NEEDS = f"""case direction when 'above' then 'more than ' when 'below' then 'less than '
    else 'other than ' end || {_mark("no_difference")}"""


INTERNAL = """
    select ledger.claim_id, ledger.verdict, ledger.statement, ledger.source, ledger.parts,
        ledger.parts_supported, ledger.explanation, part.measure, part.estimate, part.low,
        part.high, part.n, part.direction, part.no_difference, part.smallest_effect_of_interest
    from marts.claims_ledger as ledger
    left join marts.claim_parts as part
        on part.claim_id = ledger.claim_id and part.part = ledger.deciding_part
"""
SHAREABLE = """
    select claim_id, verdict, statement, source, parts, parts_supported, explanation, measure,
        case when deciding_part = 1 then estimate end as estimate, low, high, n, direction,
        no_difference, smallest_effect_of_interest
    from marts.claims_ledger
"""
WORDED = f"""
    select verdict, statement, source,
        case
            when verdict = 'not_testable'
                then coalesce(explanation, 'These data lack what the claim needs.')
            when estimate is null
                then coalesce(explanation, 'The part that decides has no numbers in this edition.')
            else measure || ': ' || {_number("estimate")}
                || case when low is null and high is null then ', no interval'
                    else ' (95% interval ' || coalesce({_number("low")}, 'below') || ' to '
                        || coalesce({_number("high")}, 'above') || ')' end
                || coalesce(', n = ' || format('{{:,}}', n), '') || '. '
                || case
                    when verdict = 'contradicted'
                        then 'The opposite of the claim, which needs ' || {NEEDS} || '.'
                    when verdict = 'not_supported'
                        and coalesce(low, no_difference) <= no_difference
                        and coalesce(high, no_difference) >= no_difference
                        then 'Consistent with chance: the claim needs ' || {NEEDS} || '.'
                    when verdict = 'not_supported'
                        then 'Not by as much as would matter: the claim needs ' || {NEEDS}
                            || ', and by at least ' || {_mark("smallest_effect_of_interest")} || '.'
                    else 'The claim needs ' || {NEEDS} || '.'
                end
        end as why,
        case
            when parts < 2 or verdict = 'not_testable' then ''
            when parts_supported = 2 and parts = 2 then 'Both parts of the claim hold.'
            when parts_supported = parts then 'All ' || parts || ' parts of the claim hold.'
            when parts_supported = 0 then 'None of the ' || parts || ' parts of the claim holds.'
            when parts_supported = 1 then '1 of the ' || parts || ' parts of the claim holds.'
            else parts_supported || ' of the ' || parts || ' parts of the claim hold.'
        end as parts,
        case when verdict <> 'not_testable' then explanation end as in_full
    from claims_read
    order by array_position([{", ".join(f"'{verdict}'" for verdict in VERDICTS)}], verdict),
        claim_id
"""


def ledger(connection: duckdb.DuckDBPyConnection, is_shareable: bool) -> dict[str, Any]:
    """The claims with their verdicts, and how many there are of each verdict."""
    source = SHAREABLE if is_shareable else INTERNAL
    result = connection.execute(f"with claims_read as ({source}) {WORDED}")
    columns = [column[0] for column in result.description]
    rows = [dict(zip(columns, row, strict=True)) for row in result.fetchall()]
    verdicts = [row["verdict"] for row in rows]
    return {
        "rows": [row | {"says": VERDICTS[row["verdict"]]} for row in rows],
        "counts": [
            {"verdict": verdict, "says": says, "number": verdicts.count(verdict)}
            for verdict, says in VERDICTS.items()
            if verdict in verdicts
        ],
        "empty": NONE,
    }
