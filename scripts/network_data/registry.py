"""The cancer registry's cases.

Usage: imported by scripts/generate_network.py; nothing to run.
"""

from __future__ import annotations

from datetime import date

from demo_data import cancer_registry as demo
from demo_data import registry_dirt
from demo_data.care_people import INSURANCE_SHARES, STAGE_PERCENT
from demo_data.hospital_dirt import BAD_DATES, NO_DATES
from demo_data.hospital_people import AS_OF
from network_data.appointments import listed
from network_data.changes import flags, with_status
from network_data.dirt import Fault, Faults, from_demo
from network_data.draws import Draws, Sql, numbered, switch
from network_data.world import World

ROWS = 1_500  # of the demo's table
DAYS = (AS_OF - demo.FIRST_DAY).days
LATE = 0.01
FOLLOW_UP_EVERY = 56  # days
CONDITIONS = {
    "stage": ("is_stage_known", 0.97),
    "referral_date": ("referred is not null", 0.93),
    "decision_date": ("decided is not null", 0.92),
    "treatment_date": ("treated is not null", 0.9),
}
SHARES = {"NSW": 0.24, "QLD": 0.18, "TAS": 0.11}
SHARES |= {"Waratah Ridge Hospital": 0.11, "Banksia Bay Hospital": 0.12}


def draws_of(world: World) -> Draws:
    """Draws about a case."""
    return Draws(world.seed, "case", "n")


def faults(world: World) -> Faults:
    """What is wrong with cases."""
    draws, n = draws_of(world), ROWS
    followed = ("last_contact - diagnosed > 365", 0.68)
    recent = (f"not is_dead and date '{AS_OF}' - diagnosed < 730", 0.2)
    return Faults(
        draws,
        [
            *from_demo(registry_dirt.REPAIRS, "cases", n, CONDITIONS),
            *(
                Fault(
                    "oddity",
                    column,
                    f"spelling {other}",
                    count / n,
                    f"{column} = '{usual}'",
                    SHARES[usual],
                    (other,),
                )
                for column, usual, other, count in registry_dirt.SPELLINGS
            ),
            Fault("oddity", "treatment", "treatment_none", 8 / n, values=("None",)),
            Fault("repaired", "last_contact_date", "before_start", 5 / n),
            Fault("flagged", "survival_months", "follow_up_beyond_data", 5 / n, *recent),
            Fault(
                "superseded",
                "",
                "superseded",
                26 / n,
                *followed,
                is_extra=True,
                written=str(world.day is None),
            ),
            Fault("rejected", "patient_id", "missing_key", 3 / n, values=("",)),
            Fault("rejected", "diagnosis_date", "missing_date", 4 / n, values=NO_DATES),
            Fault("rejected", "diagnosis_date", "unusable_date", 4 / n, values=BAD_DATES),
            Fault("rejected", "", "blank_row", 3 / n, is_extra=True, written="is_new"),
            Fault("rejected", "", "totals_row", 2 / n, is_extra=True, written="is_new"),
        ],
    )


def seen(world: World, first: int, end: int) -> str:
    """The cases with these numbers, as far as the registry knows them: numbered by diagnosis."""
    draws = draws_of(world)
    now = f"date '{world.as_of}'"

    def seen_until(day: str) -> str:
        """Everybody is seen again every so many days; nobody knows of a death before."""
        since = f"({day} - 1 - date '{demo.FIRST_DAY}' + phase) % {FOLLOW_UP_EVERY}"
        return f"greatest({day} - 1 - ({since})::int, diagnosed)"

    def dead(day: str) -> str:
        return f"(died <= least(lost, {seen_until(day)}))"

    def contact(day: str) -> str:
        return f"least(died, lost, {seen_until(day)})"

    def recent(day: str) -> str:
        return f"({day} - diagnosed < 180)"

    where, changes = flags(
        world,
        lambda day: f"(known_on < {day})",
        lambda day: [dead(day), contact(day), f"{recent(day)} and not {dead(day)}"],
    )
    stage = switch(
        "insurance",
        {key: Sql("(" + draws.lottery("stage", s) + ")") for key, s in STAGE_PERCENT.items()},
    )
    hazard = (
        f"({switch('stage', demo.STAGE_HAZARDS)}) * ({switch('cancer_type', demo.TYPE_FACTORS)})"
        f" * if(region = '{demo.HIGH_HAZARD_REGION}', {demo.HIGH_HAZARD_RATIO}, 1)"
    )

    def waiting(purpose: str, rate: str) -> str:
        return (
            f"least(floor(-ln(1 - {draws.uniform(purpose)}) / ({rate}) * {demo.DAYS_A_MONTH}),"
            " 9000)::int"
        )

    return f"""
        with diagnosed as (
            select
                n, date '{demo.FIRST_DAY}' + ((n - 1) * {DAYS} // {world.cases})::int as diagnosed
            from range({first}, {end}) as r(n)
        ),
        drawn as (
            select
                *, {draws.lottery("insurance", INSURANCE_SHARES)} as insurance,
                {draws.one_of("type", list(demo.TYPE_FACTORS))} as cancer_type,
                {draws.lottery("region", demo.REGION_SHARES)} as region,
                {draws.below("hospital", world.case_tickets)} as ticket,
                case when {draws.chance("late", LATE)}
                    then diagnosed + {draws.integer("days late", 1, 30)} else diagnosed end
                    as known_on
            from diagnosed
        ),
        staged as (
            select drawn.*, {stage} as stage, case_tickets.name as hospital
            from drawn join case_tickets using (ticket)
        ),
        followed as (
            select
                *,
                diagnosed + {waiting("death", hazard)} as died,
                diagnosed + {waiting("lost", str(demo.LOST_HAZARD))} as lost,
                {draws.below("phase", FOLLOW_UP_EVERY)} as phase
            from staged
        ),
        known as (
            select
                *,
                {dead(now)} as is_dead,
                {contact(now)} as last_contact,
                {recent(now)} as is_recent,
                {changes},
                {draws.chance("stage known", demo.STAGE_KNOWN_PROBABILITY)} as is_stage_known,
                diagnosed
                    - floor({draws.log_normal("referral", 22, 0.7)})::int as referral,
                diagnosed + {draws.integer("decision", 3, 24)} as decision
            from followed
            where {where}
        ),
        dated as (
            select
                *,
                decision + floor({draws.log_normal("wait", 19, 0.6)})::int as treatment
            from known
        ),
        noted as (
            select
                * exclude (referral, decision, treatment),
                case when referral <= last_contact and {draws.chance("referral noted", 0.93)}
                    then referral end as referred,
                case when decision <= last_contact and {draws.chance("decision noted", 0.93)}
                    then decision end as decided,
                case when treatment <= last_contact and {draws.chance("treatment noted", 0.93)}
                    then treatment end as treated
            from dated
        )
        select *, {faults(world).number()}::utinyint as fault from noted where is_changed
    """


def columns(world: World) -> dict[str, str]:
    """The columns as they are written, as SQL over `seen`."""
    draws, found = draws_of(world), faults(world)
    usual_gender = draws.lottery("gender", {"Female": 50, "Male": 50})
    rare = draws.chance("usual gender", 0.99)
    words = {
        stage: Sql("(" + draws.lottery("outcome", shares) + ")")
        for stage, shares in demo.OUTCOME_PERCENT.items()
    }
    usual = {
        "patient_id": numbered("CR", "n", world.width - 1),
        "age": f"({draws.span('age', _spans())})::varchar",
        "gender": f"case cancer_type when 'Prostate' then 'Male' when 'Breast' then"
        f" if({rare}, 'Female', 'Male') else {usual_gender} end",
        "diagnosis_date": "cast(diagnosed as varchar)",
        "cancer_type": "cancer_type",
        "treatment": draws.one_of("treatment", demo.TREATMENTS),
        "region": "region",
        "survival_months": "cast(date_sub('month', diagnosed, last_contact) as varchar)",
        "hospital": "hospital",
        "stage": f"case when is_stage_known then {switch('stage', demo.STAGE_WORDS)} end",
        "insurance_type": "insurance",
        "outcome": f"case when {draws.chance('in progress', 0.6)} and is_recent and not is_dead"
        f" then 'In progress' when {draws.chance('assessed', 0.95)} then"
        f" {switch('stage', words)} else 'Not assessed' end",
        "vital_status": "if(is_dead, 'dead', 'alive')",
        "last_contact_date": "cast(last_contact as varchar)",
        "referral_date": "cast(referred as varchar)",
        "decision_date": "cast(decided as varchar)",
        "treatment_date": "cast(treated as varchar)",
    }
    made = {name: found.spoilt(name, usual[name]) for name in demo.COLUMNS}
    before = f"cast(diagnosed - {draws.integer('days before', 9, 45)} as varchar)"
    made["last_contact_date"] = (
        f"if({found.has('before_start')}, {before}, {made['last_contact_date']})"
    )
    more = "cast(date_sub('month', diagnosed, last_contact) + 60 as varchar)"
    made["survival_months"] = (
        f"if({found.has('follow_up_beyond_data')}, {more}, {made['survival_months']})"
    )
    return with_status(world, made)


def _spans() -> dict[tuple[int, int], int]:
    ends = [0, *demo.AGES.totals]
    return {
        span: end - start
        for span, start, end in zip(demo.AGES.things, ends, demo.AGES.totals, strict=False)
    }


def rows(world: World) -> str:
    """The rows of a file, from `seen`: older versions first."""
    found, made = faults(world), columns(world)
    months = "(3 + n % 8)"
    older = made | {
        "survival_months": f"{months}::varchar",
        "vital_status": "'alive'",
        "last_contact_date": f"cast(diagnosed + ({months} * 31)::int as varchar)",
        "outcome": "'In progress'",
    }
    empty = dict.fromkeys(made, "null")
    return f"""
        select {listed(older)} from seen where {found.has("superseded")}
        union all
        select {listed(made)} from seen
        union all
        select {listed(empty)} from seen where {found.has("blank_row")}
        union all
        select {listed(empty | {"patient_id": "'TOTAL'", "survival_months": "'38112'"})} from seen
        where {found.has("totals_row")}
    """


def first_case(world: World, day: date) -> int:
    """The number of the first case diagnosed on a day or later."""
    days = min(max((day - demo.FIRST_DAY).days, 0), DAYS)
    return 1 + -(-days * world.cases // DAYS)
