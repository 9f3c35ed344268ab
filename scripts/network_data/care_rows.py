"""The rows of care episodes, and what is wrong with them.

Usage: imported by scripts/generate_network.py; nothing to run.
"""

from __future__ import annotations

from demo_data import care_dirt
from demo_data import care_episodes as demo
from demo_data.care_people import OTHER_GENDER_WORDS, WARDS
from demo_data.hospital_dirt import BAD_DATES, NO_DATES
from network_data.appointments import listed
from network_data.care import (
    CORRECTED,
    DELETED,
    DEPARTMENTS,
    EMERGENCY,
    ICU,
    LATE,
    ONCOLOGY,
    OUTPATIENT,
    SURGERY,
)
from network_data.changes import flags, with_status
from network_data.dirt import Fault, Faults, from_demo
from network_data.draws import Draws, Sql, cents, minute_text, numbered, switch, text_list
from network_data.world import World

ROWS = 5_460  # of the demo's table
IS_VISIT = f"is_alone and ward >= {OUTPATIENT}"
IS_LONE_STAY = (
    "is_alone and discharged is not null and leave_days = 0"
    f" and ward not in ({EMERGENCY}, {ICU}, {SURGERY})"
)
IS_LONG_STAY = f"{IS_LONE_STAY} and discharged::date - admitted::date >= 4"
IS_PLANNED_STAY = f"{IS_LONE_STAY} and admission_type = 'Elective'"
IS_LONE_EMERGENCY = "is_alone and seen is not null and admitted is null"
# Conditions of faults, and which share of the rows fulfils them (measured).
CONDITIONS = {
    "is_visit": (IS_VISIT, 0.05),
    "is_alone": ("is_alone", 0.43),
    "is_lone_stay": (IS_LONE_STAY, 0.09),
    "is_long_stay": (IS_LONG_STAY, 0.04),
    "is_planned_stay": (IS_PLANNED_STAY, 0.035),
    "is_lone_emergency": (IS_LONE_EMERGENCY, 0.15),
    "treatment_cost": ("not is_open", 0.99),
    "cancer_stage": ("is_staged", 0.28),
    "triage_category": ("triage is not null", 0.22),
}
SPELLING_SHARES = {"Banksia Bay": 0.12, "Ironbark Plains": 0.10, "Correa Lakes": 0.10}
SPELLING_SHARES |= {"Emergency": 0.23, "Paediatrics": 0.05, "ICU": 0.08, "Coast": 0.2}
RELOADED = ((2024, 10), (2024, 11), (2024, 12))


def draws_of(world: World) -> Draws:
    """Draws about an episode."""
    return Draws(world.seed, "episode", "e")


def faults(world: World) -> Faults:
    """What is wrong with episodes."""
    draws, n = draws_of(world), ROWS
    history = f"{world.day is None} and not is_open"
    over = f"{overlap()[1]} < date '{world.as_of}' and is_new"

    def some(reason: str, count: int, name: str, column: str = "", **more) -> Fault:
        where, share = CONDITIONS[name] if name else ("true", 1.0)
        kind = more.pop("kind", "repaired")
        return Fault(kind, column, reason, count / n, where, share, **more)

    spellings = [
        Fault(
            "oddity",
            column,
            f"spelling {other}",
            count / n,
            f"{column} = '{usual}'",
            SPELLING_SHARES[usual],
            (other,),
        )
        for column, usual, other, count in care_dirt.SPELLINGS
    ]
    return Faults(
        draws,
        [
            *from_demo(care_dirt.REPAIRS, "episodes", n, CONDITIONS),
            *spellings,
            some("department_none", 6, "is_visit", "department", kind="oddity", values=("None",)),
            some(
                "experience_word",
                21,
                "",
                "patient_satisfaction",
                kind="oddity",
                values=care_dirt.EXPERIENCE_WORDS,
            ),
            some("before_start", 5, "is_lone_stay", "discharged_at"),
            some("before_start", 5, "is_lone_emergency", "seen_at"),
            some("before_start", 5, "is_lone_emergency", "departed_at"),
            some("more_than_nights", 3, "is_long_stay", "leave_days"),
            some("period_mismatch", 5, "", "year", kind="flagged"),
            some("period_mismatch", 4, "", "month", kind="flagged"),
            some("missing_key", 4, "is_visit", "episode_id", kind="rejected"),
            some("missing_date", 6, "is_visit", "date", kind="rejected", values=NO_DATES),
            some("unusable_date", 6, "is_visit", "date", kind="rejected", values=BAD_DATES),
            some(
                "superseded", 18, "is_lone_stay", kind="superseded", is_extra=True, written=history
            ),
            some(
                "overlapping_stay", 6, "is_long_stay", kind="flagged", is_extra=True, written=over
            ),
            some("blank_row", 4, "", kind="rejected", is_extra=True, written="is_new"),
            some("totals_row", 4, "", kind="rejected", is_extra=True, written="is_new"),
        ],
    )


def seen(world: World, first: str, end: str) -> str:
    """What the system shows of the episodes that begin between two days: from `paths`."""
    draws = draws_of(world)
    now = f"date '{world.as_of}'"

    def known(day: str) -> str:
        # a visit that goes on is not in the extract yet
        return (
            f"(known_on < {day} and coalesce(deleted_on >= {day}, true)"
            f" and coalesce(departed < {day}, true))"
        )

    def is_open(day: str) -> str:
        return f"(admitted is not null and discharged >= {day})"

    def corrected(day: str) -> str:
        return f"coalesce(corrected_on < {day}, false)"

    def returned(day: str) -> str:
        return f"coalesce(return_day < {day}, false)"

    def shown(day: str) -> list[str]:
        return [is_open(day), corrected(day), f"{returned(day)} and not {is_open(day)}"]

    where, changes = flags(world, known, shown)
    later = draws.uniform("later")
    return f"""
        with drawn as (
            select
                *,
                case when {draws.chance("late", LATE)}
                    then day + {draws.integer("days late", 1, 30)} else day end as known_on,
                case when {later} < {CORRECTED}
                    then day + {draws.integer("days to correction", 31, 365)} end as corrected_on,
                case when {later} between {CORRECTED} and {CORRECTED + DELETED} and {IS_VISIT}
                    then day + {draws.integer("days to deletion", 31, 365)} end as deleted_on
            from paths
            where day >= date '{first}' and day < date '{end}'
        ),
        known as (
            select
                *,
                (ward = {ONCOLOGY} or (ward = {SURGERY} and has_cancer)) and stage != ''
                    as is_staged,
                {is_open(now)} as is_open,
                {corrected(now)} as is_corrected,
                {returned(now)} as has_returned,
                care_places.name as facility,
                {text_list(DEPARTMENTS)}[1 + ward] as department,
                {changes}
            from drawn
            join care_places using (place)
            where {where}
        )
        select *, {faults(world).number()}::utinyint as fault from known
        where is_changed
        order by day, e
    """


def columns(world: World) -> dict[str, str]:
    """The columns as they are written, as SQL over `seen`."""
    draws, found = draws_of(world), faults(world)
    wards = {name: (ward.mean_cost, ward.sigma) for name, ward in WARDS.items()}
    costs = {place: (wards | demo.VISIT_COSTS)[name] for place, name in enumerate(DEPARTMENTS)}
    mean = switch("ward", {place: mean for place, (mean, _) in costs.items()})
    sigma = switch("ward", {place: sigma for place, (_, sigma) in costs.items()})
    factor = switch("treatment", demo.TREATMENT_COST_FACTORS, "1")
    winter = f"if(ward = {ICU} and month(day) in {demo.WINTER_MONTHS}, {demo.ICU_WINTER_RATIO}, 1)"
    cost = draws.log_normal("cost", f"({mean}) * ({factor}) * {winter}", f"({sigma})")
    cost = f"round(100 * {cost} * if(is_corrected, 1.1, 1))::bigint"
    chance = f"if(is_staged, {switch('stage', demo.SUCCESS_BY_STAGE)}, {demo.SUCCESS_UNSTAGED})"
    untreated = "coalesce(end_status in ('did_not_wait', 'dead_on_arrival'), false)"
    gone = "coalesce(ending = 'died', false) or coalesce(end_status = 'dead_on_arrival', false)"
    score = (
        f"least(greatest(if(ward = {EMERGENCY},"
        f" {demo.SATISFACTION_MEAN - demo.EMERGENCY_SATISFACTION_GAP}, {demo.SATISFACTION_MEAN})"
        f" + if(ward = {ONCOLOGY}, {demo.ONCOLOGY_SATISFACTION_SPREAD},"
        f" {demo.SATISFACTION_SPREAD}) * {draws.normal('score')}, 0), 10)"
    )
    minutes = "date_diff('minute', {}, {})"
    stay = f"round({minutes.format('admitted', 'discharged')} / 144) / 10"
    hours = f"round({minutes.format('arrived', 'departed')} / 6) / 10"
    word = switch(
        "gender",
        {key: Sql(draws.one_of("gender word", words)) for key, words in OTHER_GENDER_WORDS.items()},
    )
    usual = {
        "patient_id": numbered("CP", "q", world.width - 1),
        "date": "cast(day as varchar)",
        "year": "cast(year(day) as varchar)",
        "month": "cast(month(day) as varchar)",
        "quarter": "'Q' || quarter(day)::varchar",
        "facility": "facility",
        "department": "department",
        "treatment_type": "treatment",
        "patient_age": "cast(date_sub('year', born, day) as varchar)",
        "patient_gender": f"if({draws.chance('other word', 0.02)}, {word}, gender)",
        "length_of_stay": f"case when arrived is not null and departed is not null"
        f" then ({hours})::decimal(9, 1)::varchar"
        f" when is_open then null when admitted is not null"
        f" then ({stay})::decimal(9, 1)::varchar"
        f" else (minutes / 1440)::decimal(9, 2)::varchar end",
        "treatment_cost": f"case when not is_open then {cents(cost)} end",
        "treatment_success": f"case when is_open or {untreated}"
        f" or not {draws.chance('success known', 0.98)} then null"
        f" when {draws.chance('success', chance)} and not ({gone}) then 'Yes' else 'No' end",
        "patient_satisfaction": f"case when not is_open and not ({gone})"
        f" and {draws.chance('answered', demo.ANSWERED_PROBABILITY)}"
        f" then ({score})::decimal(4, 1)::varchar end",
        "readmission_30d": f"case when is_open then null when (has_returned"
        f" and not {draws.chance('flag missed', demo.FLAG_MISSED_PROBABILITY)})"
        f" or {draws.chance('flag false', demo.FLAG_FALSE_PROBABILITY)} then 'Y' else 'N' end",
        "insurance_type": "insurance",
        "episode_id": numbered("E", "e", world.width + 1),
        "admitted_at": minute_text("admitted"),
        "discharged_at": f"case when not is_open then {minute_text('discharged')} end",
        "leave_days": "nullif(leave_days, 0)::varchar",
        "admission_type": "admission_type",
        "is_planned": "case when admitted is not null"
        " then if(admission_type = 'Elective', 'Y', 'N') end",
        "disposition": "case when not is_open then nullif(ending, '') end",
        "diagnosis_group": "grp",
        "any_cancer_diagnosis": "case when admitted is not null then if(has_cancer, '1', '0') end",
        "cancer_stage": "case when is_staged then stage end",
        "triage_category": "triage::varchar",
        "arrived_at": minute_text("arrived"),
        "seen_at": minute_text("seen"),
        "departed_at": minute_text("departed"),
        "visit_end_status": "end_status",
        "length_of_stay_unit": "null",
        "region": "region",
    }
    made = {name: found.spoilt(name, usual[name]) for name in demo.COLUMNS}
    early = draws.integer("minutes before", 37, 900)

    def instead(column: str, reason: str, value: str) -> None:
        made[column] = f"if({found.has(reason, column=column)}, {value}, {made[column]})"

    instead("discharged_at", "before_start", minute_text(f"(admitted - to_minutes({early}))"))
    instead("seen_at", "before_start", minute_text(f"(arrived - to_minutes({early}))"))
    instead("departed_at", "before_start", minute_text(f"(arrived - to_minutes({early}))"))
    instead("leave_days", "more_than_nights", "(discharged::date - admitted::date + 1)::varchar")
    instead("year", "period_mismatch", "(year(day) - 1)::varchar")
    instead("month", "period_mismatch", "(month(day) % 12 + 1)::varchar")
    instead("episode_id", "missing_key", "''")
    made["patient_id"] = f"if({found.has('missing_key')}, '', {made['patient_id']})"
    return with_status(world, made)


def rows(world: World) -> str:
    """The rows of the month's file, from `seen`: older versions first."""
    found, made = faults(world), columns(world)
    unknown = (
        "discharged_at",
        "disposition",
        "length_of_stay",
        "treatment_cost",
        "treatment_success",
        "patient_satisfaction",
        "readmission_30d",
    )
    older = made | dict.fromkeys(unknown, "null")
    begin, end = overlap()
    other = made | {
        "episode_id": numbered("EX", "e", world.width + 1),
        "facility": "if(facility = 'Waratah Ridge', 'Banksia Bay', 'Waratah Ridge')",
        "date": f"cast({begin}::date as varchar)",
        "year": f"cast(year({begin}) as varchar)",
        "month": f"cast(month({begin}) as varchar)",
        "quarter": f"'Q' || quarter({begin})::varchar",
        "admitted_at": minute_text(begin),
        "discharged_at": minute_text(end),
        "length_of_stay": "(1 + e % 4)::varchar || '.0'",
        "leave_days": "null",
    }
    empty = dict.fromkeys(made, "null")
    totals = empty | {"episode_id": "'TOTAL'", "treatment_cost": "'24815377.10'"}
    return f"""
        select {listed(older)} from seen where {found.has("superseded")}
        union all
        select {listed(made)} from seen
        union all
        select {listed(other)} from seen
        where {found.has("overlapping_stay")}
        union all
        select {listed(empty)} from seen where {found.has("blank_row")}
        union all
        select {listed(totals)} from seen where {found.has("totals_row")}
    """


def overlap() -> tuple[str, str]:
    """Begin and end of a stay that begins before the same patient's earlier one has ended."""
    begin = "(admitted + to_minutes(1440 + 31 * (1 + e % 9)))"
    return begin, f"({begin} + to_days((1 + e % 4)::int))"


def reloaded_rows(world: World) -> str:
    """What two facilities send a second time."""
    names = ", ".join(f"'{name}'" for name in care_dirt.RELOADED_FACILITIES)
    return f"select {listed(columns(world))} from seen where fault = 0 and facility in ({names})"
