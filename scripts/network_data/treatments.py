"""Treatments and bills of a month's appointments.

Usage: imported by scripts/generate_network.py; nothing to run.
"""

from __future__ import annotations

from demo_data import hospital_treatments as demo
from demo_data.hospital_dirt import BAD_DATES, NO_DATES, REPAIRS
from network_data.appointments import listed
from network_data.changes import flags, with_status
from network_data.dirt import Fault, Faults, from_demo
from network_data.draws import Draws, cents, numbered, switch
from network_data.world import World

TREATMENT_ROWS, BILL_ROWS = 9_370, 9_370  # of the demo's tables
TOTALS = (("TOTAL", "84150.00"), ("TOTAL", "91337.45"), ("Grand total", "1250000.00"))
CONDITIONS = {
    "paid_at": ("fate = 'Paid'", 0.88),
    "paid_amount": ("fate = 'Paid'", 0.88),
}
ORPHANS = {
    name: name[0] + "X" + name[1:]
    for name in ("A90001", "A90002", "P90001", "P90003", "T90001", "T90002")
}
RELOADED = ((2024, 10), (2024, 11), (2024, 12))
UNSETTLED_AT_FIRST = 0.2
VOIDED = 0.002  # bills that are withdrawn within a year


def draws_of(world: World) -> Draws:
    """Draws about a treatment, and about its bill."""
    return Draws(world.seed, "treatment", "t")


def treatment_faults(world: World) -> Faults:
    """What is wrong with treatments; nothing refers to the rows that are to be rejected."""
    draws, n = draws_of(world), TREATMENT_ROWS
    return Faults(
        draws,
        [
            *from_demo(REPAIRS, "treatments", n, CONDITIONS, ORPHANS),
            Fault("rejected", "treatment_id", "missing_key", 4 / n, is_extra=True, values=("",)),
            Fault(
                "rejected", "treatment_date", "missing_date", 6 / n, is_extra=True, values=NO_DATES
            ),
            Fault(
                "rejected",
                "treatment_date",
                "unusable_date",
                6 / n,
                is_extra=True,
                values=BAD_DATES,
            ),
            Fault("rejected", "", "blank_row", 3 / n, is_extra=True),
            Fault("rejected", "", "totals_row", 4 / n, is_extra=True),
            Fault(
                "oddity", "description", "embedded_newline", 12 / n, values=demo.LONG_DESCRIPTIONS
            ),
        ],
    )


def bill_faults(world: World) -> Faults:
    """What is wrong with bills."""
    draws, n = draws_of(world), BILL_ROWS
    other = Draws(draws.seed, "bill fault", draws.number)
    return Faults(
        other,
        [
            *from_demo(REPAIRS, "billing", n, CONDITIONS, ORPHANS),
            Fault("rejected", "bill_id", "missing_key", 4 / n, values=("",)),
            Fault("rejected", "bill_date", "missing_date", 6 / n, values=NO_DATES),
            Fault("rejected", "bill_date", "unusable_date", 6 / n, values=BAD_DATES),
            Fault("rejected", "", "totals_row", 4 / n, is_extra=True, written="is_new"),
        ],
    )


def given(world: World) -> str:
    """The treatments of the appointments that are seen, and their bills as they really are."""
    draws = draws_of(world)
    kinds = demo.TREATMENT_TYPES
    kind = draws.lottery("kind", {place: one.share for place, one in enumerate(kinds)})
    mean = switch("kind", {place: one.mean_cost for place, one in enumerate(kinds)})
    sigma = switch("kind", {place: one.sigma for place, one in enumerate(kinds)})
    as_of = f"date '{world.as_of}'"
    is_new = "true" if world.day is None else f"entered_on = date '{world.day}'"
    return f"""
        with single as (
            select
                n, day, patient, known_on, outcome,
                4 * n + unnest(range(treatments)) as t
            from seen
            where day < {as_of} and treatments > 0 and not is_deleted
        ),
        drawn as (
            select
                *, {kind}::utinyint as kind,
                greatest(day, known_on) as entered_on,
                greatest(day, known_on) + {draws.integer("bill day", 0, 10)}::int as billed_on,
                {draws.below("method", 3)} as method,
                {draws.span("settle", demo.DAYS_TO_SETTLE)} as settle_days
            from single
        ),
        billed as (
            select
                * exclude (settle_days),
                round(100 * {draws.log_normal("cost", mean, sigma)})::bigint as cost,
                billed_on + settle_days::int as settled_on,
                if(method = 2, {draws.lottery("fate", demo.INSURED_FATES)},
                    {draws.lottery("fate", demo.FATES)}) as fate,
                case when {draws.chance("voided", VOIDED)}
                    then billed_on + {draws.integer("days to void", 31, 365)}::int end as voided_on
            from drawn
        )
        select
            *,
            {treatment_faults(world).number()}::utinyint as fault,
            {is_new} as is_new
        from billed
    """


def billed(world: World) -> str:
    """The bills that are seen: from the table `given`."""
    draws = draws_of(world)
    adjusted = draws.chance("adjusted", demo.ADJUSTED_PROBABILITY)
    percent = draws.integer("percent", 5, 20)

    def known(day: str) -> str:
        return f"(billed_on < {day} and coalesce(voided_on >= {day}, true))"

    def status(day: str) -> str:
        return f"if(settled_on < {day}, fate, 'Pending')"

    where, changes = flags(world, known, lambda day: [status(day)])
    now = f"date '{world.as_of}'"
    return f"""
        select
            * exclude (fault, is_new), fault as treatment_fault,
            {status(now)} as status,
            if(method = 2 and {adjusted}, round(cost * {percent} / 100)::bigint, 0) as adjustment,
            {bill_faults(world).number()}::utinyint as fault,
            {changes}
        from given
        where {where}
    """


def treatment_rows(world: World) -> str:
    """The rows of the treatments' file."""
    draws = draws_of(world)
    found = treatment_faults(world)
    usual = {
        "treatment_id": numbered("T", "t", world.width + 1),
        "appointment_id": numbered("A", "n", world.width),
        "treatment_type": switch(
            "kind", {place: one.name for place, one in enumerate(demo.TREATMENT_TYPES)}
        ),
        "description": draws.lottery("description", demo.DESCRIPTIONS),
        "cost": cents("cost"),
        "treatment_date": "cast(day as varchar)",
    }
    if world.day is not None:
        usual["record_status"] = "cast(null as varchar)"
    columns = {name: found.spoilt(name, sql) for name, sql in usual.items()}
    twice = usual | {
        "treatment_id": f"if({found.has('missing_key')}, '',"
        f" {numbered('TX', 't', world.width + 1)})",
        "description": "'entered twice'",
        "treatment_date": f"if({found.has('missing_key')}, {usual['treatment_date']},"
        f" {found.extra_value('treatment_date')})",
    }
    rejected = found.has("missing_key", "missing_date", "unusable_date")
    return f"""
        select {listed(columns)} from given where is_new
        union all
        select {listed(twice)} from given where {rejected} and is_new
        union all
        select {listed(dict.fromkeys(usual, "null"))} from given
        where {found.has("blank_row")} and is_new
        union all
        select {listed(totals(draws, usual, "treatment_id", "cost"))} from given
        where {found.has("totals_row")} and is_new
    """


def totals(draws: Draws, columns: dict[str, str], key: str, amount: str) -> dict[str, str]:
    """A row with a total between the details, as spreadsheets have it."""
    words = draws.one_of("total", [word for word, _ in TOTALS])
    amounts = draws.one_of("total", [number for _, number in TOTALS])
    return dict.fromkeys(columns, "null") | {key: words, amount: amounts}


def bill_columns(world: World) -> dict[str, str]:
    """The columns of a bill, as SQL."""
    found = bill_faults(world)
    paid = "case when status = 'Paid' then {} end"
    usual = {
        "bill_id": numbered("B", "t", world.width + 1),
        "patient_id": numbered("P", "patient", world.width),
        "treatment_id": numbered("T", "t", world.width + 1),
        "bill_date": "cast(billed_on as varchar)",
        "amount": cents("cost"),
        "payment_method": "['Cash', 'Credit Card', 'Insurance'][1 + method]",
        "payment_status": "status",
        "paid_at": paid.format("cast(settled_on as varchar)"),
        "paid_amount": paid.format(cents("(cost - adjustment)")),
        "adjustment_amount": f"case when status = 'Paid' and adjustment > 0"
        f" then {cents('adjustment')} end",
    }
    return with_status(world, {name: found.spoilt(name, sql) for name, sql in usual.items()})


def bill_rows(world: World) -> str:
    """The rows of the bills' file."""
    draws, columns = draws_of(world), bill_columns(world)
    found = bill_faults(world)
    return f"""
        select {listed(columns)} from billed where is_changed
        union all
        select {listed(totals(draws, columns, "bill_id", "amount"))} from billed
        where {found.has("totals_row")} and is_changed
    """


def first_bill_rows(world: World) -> str:
    """The first load of a month that was loaded twice: some bills had not been settled then."""
    columns = bill_columns(world)
    open_at_first = draws_of(world).chance("unsettled at first", UNSETTLED_AT_FIRST)
    empty = ("paid_at", "paid_amount", "adjustment_amount")
    columns |= {name: f"if({open_at_first}, null, {columns[name]})" for name in empty}
    columns["payment_status"] = f"if({open_at_first}, 'Pending', {columns['payment_status']})"
    return f"select {listed(columns)} from billed where fault = 0"


def treatment_flags(world: World) -> dict[str, str]:
    """What the models flag because it is true of the network: over `given`."""
    orphan = treatment_faults(world).has("orphan")
    return {
        "flagged//treatment_without_attendance": "select count(*) from given"
        f" where outcome != 'attended' and not {orphan}",
    }


def bill_flags(world: World) -> dict[str, str]:
    """The same of bills: over `billed`."""
    orphan = treatment_faults(world).has("orphan").replace("fault", "treatment_fault")
    found = bill_faults(world)
    unusable = [found.has("missing_key", "missing_date", "unusable_date")]
    unusable += [found.has("orphan", column="treatment_id")]
    unusable += [found.has("sentinel", "unmapped_code", column="payment_status"), orphan]
    return {
        "flagged//paid_without_attendance": "select count(*) from billed"
        f" where outcome != 'attended' and status = 'Paid' and not ({' or '.join(unusable)})",
    }
