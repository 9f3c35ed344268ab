"""Appointments of a month, with the demo's truths: who comes, who stays away, who cancels.

Usage: imported by scripts/generate_network.py; nothing to run.

What is drawn once does not depend on the day on which it is looked at; `seen` then says how much
of it the source system knows on the morning of the as-of day.
"""

from __future__ import annotations

from datetime import date

from demo_data import hospital_appointments as demo
from demo_data.hospital_dirt import BAD_DATES, NO_DATES, REPAIRS
from demo_data.hospital_people import FACILITIES, VISIT_WEIGHTS
from network_data.changes import flags, with_status
from network_data.dirt import Fault, Faults, from_demo
from network_data.draws import Draws, minute_text, numbered, switch
from network_data.world import World

COLUMNS = demo.COLUMNS
ROWS = 12_200  # of the demo's table, without versions and rows to reject
PAIRED = 0.0013  # for each appointment of a day, that two of them get one time
LATE = 0.01  # appointments that reach the system after their day
CORRECTED, DELETED = 0.02, 0.004
# How many are of this kind, so that the rates of faults are the demo's.
CONDITIONS = {
    "is_attended": ("outcome = 'attended'", 0.75),
    "is_attended_alone": ("outcome = 'attended' and treatments = 0", 0.40),
    "cancelled_at": ("outcome = 'cancelled'", 0.115),
    "cancelled_by": ("outcome = 'cancelled'", 0.115),
}
TREATMENTS = {0: 52, 1: 33, 2: 12, 3: 3}  # of an attendance
TREATED_THOUGH_MISSED = 0.014


def faults(world: World) -> Faults:
    """What is wrong with appointments."""
    draws = draws_of(world)
    alone, alone_share = CONDITIONS["is_attended_alone"]
    attended, share = CONDITIONS["is_attended"]
    return Faults(
        draws,
        [
            *from_demo(
                REPAIRS,
                "appointments",
                ROWS,
                CONDITIONS,
                {"D901": "DX901", "D902": "DX902", "P90001": "PX90001", "P90002": "PX90002"},
            ),
            Fault("repaired", "booked_at", "after_event", 10 / ROWS, attended, share),
            Fault(
                "superseded",
                "",
                "superseded",
                32 / ROWS,
                attended,
                share,
                is_extra=True,
                written=f"{world.day is None} and day < date '{world.as_of}'",
            ),
            Fault("rejected", "appointment_id", "missing_key", 4 / ROWS, alone, alone_share, ("",)),
            Fault(
                "rejected",
                "appointment_date",
                "missing_date",
                6 / ROWS,
                alone,
                alone_share,
                NO_DATES,
            ),
            Fault(
                "rejected",
                "appointment_date",
                "unusable_date",
                6 / ROWS,
                alone,
                alone_share,
                BAD_DATES,
            ),
            Fault("rejected", "", "blank_row", 3 / ROWS, is_extra=True, written="is_new"),
        ],
    )


def draws_of(world: World) -> Draws:
    """Draws about an appointment."""
    return Draws(world.seed, "appointment", "n")


def doctor_days(world: World, begin: date, before: date) -> str:
    """How many appointments each doctor has on each day, and the number of the first."""
    ticket = draws_of(world).below("doctor", world.tickets)
    return f"""
        create or replace temp table doctor_days as
        with booked as (
            select day, first, unnest(range(first, first + count)) as n
            from days
            where day >= date '{begin}' and day < date '{before}'
        ),
        counted as (
            select booked.day, booked.first, tickets.doctor, count(*) as c
            from (
                select day, first, {ticket} as ticket from booked
            ) as booked
            join tickets on tickets.ticket = booked.ticket
            group by all
        )
        select
            counted.day, counted.doctor, counted.c,
            counted.first + coalesce(sum(counted.c) over (
                partition by counted.day order by counted.doctor
                rows between unbounded preceding and 1 preceding
            ), 0)::bigint as first
        from counted
        order by day, doctor
    """


def booked(world: World) -> str:
    """Every appointment of the month as it really is: from doctor_days and the times of a day."""
    draws = draws_of(world)
    days = Draws(world.seed, "doctor day", "doctor_days.first")
    lead = draws.span("lead", demo.LEAD_DAYS)
    backlog = next(i for i, place in enumerate(FACILITIES) if place.name == demo.BACKLOG_FACILITY)
    no_show = (
        f"1 / (1 + exp(-({demo.NO_SHOW_LOG_ODDS} + {demo.NO_SHOW_LOG_ODDS_PER_LEAD_DAY} * lead"
        f" + if(day >= date '{demo.REMINDERS_FROM}', ln({demo.REMINDER_ODDS_RATIO}), 0))))"
    )
    in_backlog = f"place = {backlog} and day >= date '{demo.BACKLOG_FROM}'"
    scheduled = f"if({in_backlog}, {demo.BACKLOG_PROBABILITY}, {demo.FORGOTTEN_PROBABILITY})"
    minutes_left = "date_diff('minute', booked, start)"
    return f"""
        with spread as (
            select
                doctor_days.day, doctor_days.doctor, doctor_days.first, doctor_days.c,
                doctors.place, doctors.slot_minutes, doctors.is_for_children,
                {days.chance("paired", f"{PAIRED} * doctor_days.c")} as has_pair,
                hours.minutes
            from doctor_days
            join doctors on doctors.doctor = doctor_days.doctor
            join hours
                on hours.slot_minutes = doctors.slot_minutes
                and hours.is_monday = (isodow(doctor_days.day) = 1)
                and hours.c = least(doctor_days.c, hours.most)
                and hours.variant = {days.below("variant", world.slot_variants)}
        ),
        single as (
            select
                * exclude (minutes), len(minutes) as times, minutes[1] as first_minute,
                unnest(minutes) as own_minute, unnest(range(c)) as k
            from spread
        ),
        timed as (
            select
                * exclude (first, own_minute, first_minute, has_pair, k, c, times),
                first + k as n,
                -- beyond the free times of the day everybody comes at the first one
                (has_pair and c >= 2 and k < 2) or k >= times or (k = 0 and c > times)
                    as is_paired,
                if(has_pair and k = 1, first_minute, coalesce(own_minute, first_minute)) as minute
            from single
        ),
        led as (
            select *, {lead} as lead, day + to_minutes(minute) as start from timed
        ),
        made as (
            select
                * exclude (start), start::timestamp as start,
                case
                    when lead = 0
                        then start - to_minutes({draws.integer("shortly before", 30, 120)})
                    else day - lead::int + to_minutes({draws.integer("booking time", 420, 1199)})
                end::timestamp as booked
            from led
        ),
        ended as (
            select
                *,
                case
                    when {draws.chance("scheduled", scheduled)} and not is_paired then 'scheduled'
                    when {draws.chance("cancelled", demo.CANCELLED_PROBABILITY)} and not is_paired
                        then 'cancelled'
                    when {draws.chance("no-show", no_show)} then 'no_show'
                    else 'attended'
                end as outcome,
                case when {draws.chance("short notice", 0.3)}
                    then least({minutes_left} - 5, 1440) else {minutes_left} - 5
                end as latest,
                {draws.chance("late", LATE)} and not is_paired as is_late,
                {draws.uniform("later")} as later
            from made
        ),
        treated as (
            select
                * exclude (latest, later),
                case when outcome = 'cancelled'
                    then start - to_minutes(1 + {draws.below("notice", "latest")}) end::timestamp
                    as cancelled,
                case
                    when outcome = 'attended' then {draws.lottery("treatments", TREATMENTS)}
                    when outcome in ('no_show', 'cancelled')
                        and {draws.chance("treated though missed", TREATED_THOUGH_MISSED)}
                        then 1
                    else 0
                end as treatments,
                case when is_late
                    then day + {draws.integer("days late", 1, 30)}
                    else booked::date end as known_on,
                case when later < {CORRECTED}
                    then day + {draws.integer("days to correction", 31, 365)} end as corrected_on,
                case when later between {CORRECTED} and {CORRECTED + DELETED} and not is_paired
                    then day + {draws.integer("days to deletion", 31, 365)} end as deleted_on
            from ended
        ),
        at_home as (
            -- most go to their usual facility; patients are numbered in the order of their
            -- registration, and every fifth is a child
            select
                treated.*, places.first_patient,
                greatest(
                    (places.people * {registered_share("booked::date")} / 5)::bigint - 1, 1
                ) as fives
            from treated
            join tickets as elsewhere
                on elsewhere.ticket = {draws.below("elsewhere", world.tickets)}
            join places
                on places.place
                    = if({draws.chance("at home", 0.92)}, treated.place, elsewhere.place)
        ),
        found as (
            -- of each hundred fives the later ones come more often
            select
                *,
                ({draws.bits("hundred")} % (fives // 100 + 1)::ubigint)::bigint * 100
                    + {draws.span("visits", visit_spans())} as five
            from at_home
        )
        select
            * exclude (deleted_on, is_for_children, is_late, first_patient, fives, five),
            first_patient + if(is_for_children, 0, {draws.below("child", 5)})
                + 5 * if(five < fives, five, {draws.below("five", "fives")}) as patient,
            case when treatments = 0 then deleted_on end as deleted_on,
            case when is_paired then 0 else {faults(world).number()} end::utinyint as fault
        from found
        order by n
    """


def visit_spans() -> dict[tuple[int, int], float]:
    """Spans of places among a hundred, with the visits that they get together."""
    spans, reached = {}, 0
    for weight, people in VISIT_WEIGHTS.items():
        spans[reached, reached + people - 1] = float(weight * people)
        reached += people
    return spans


def registered_share(day: str) -> str:
    """Which share of the patients is registered by a day: the inverse of registration_day."""
    before = f"0.65 * ({day} - date '2014-01-01') / 3468"
    after = f"0.65 + 0.35 * ({day} - date '2023-07-01') / 1096"
    return f"least(if({day} < date '2023-07-01', {before}, {after}), 1.0)"


def seen(world: World) -> str:
    """What the system shows of the month's appointments: from the table `core`."""
    now = f"date '{world.as_of}'"
    where, changes = flags(world, _known, lambda day: [_outcome(day), _corrected(day)])
    return f"""
        select
            * exclude (outcome, cancelled),
            {_outcome(now)} as outcome,
            case when cancelled < {now} then cancelled end as cancelled,
            {_corrected(now)} as is_corrected,
            {changes}
        from core
        where {where}
    """


def _known(day: str) -> str:
    """Whether an appointment is in the system on the morning of a day."""
    return f"(known_on < {day} and coalesce(deleted_on >= {day}, true))"


def _corrected(day: str) -> str:
    """Whether an appointment has been corrected by then."""
    return f"coalesce(corrected_on < {day}, false)"


def _outcome(day: str) -> str:
    """The outcome that is shown; a correction may be that the patient had come after all."""
    return f"""case
        when day < {day} then
            if({_corrected(day)} and outcome = 'no_show' and treatments = 0, 'attended', outcome)
        when outcome = 'cancelled' and cancelled < {day} then 'cancelled'
        else 'scheduled'
    end"""


def written(world: World) -> dict[str, str]:
    """The columns as they are written, each as SQL over what is seen."""
    draws, found = draws_of(world), faults(world)
    width = world.width
    other_house = next(p.number for p in world.places if p.name == demo.OTHER_WORDS_FACILITY)
    other = f"place = {other_house} and " + draws.chance(
        "other words", demo.OTHER_WORDS_PROBABILITY
    )
    usual_word = switch("outcome", demo.STATUS_WORDS)
    other_word = switch("outcome", demo.OTHER_STATUS_WORDS, switch("outcome", demo.STATUS_WORDS))
    time = (
        f"if({draws.chance('leading zero', 0.3)} and minute < 600, '0', '')"
        " || (minute // 60)::varchar || ':' || lpad((minute % 60)::varchar, 2, '0')"
    )
    reason = draws.lottery("reason", demo.REASONS)
    new_reason = draws.lottery("corrected reason", demo.REASONS)
    by_patient = draws.chance("by patient", demo.CANCELLED_BY_PATIENT_PROBABILITY)
    usual = {
        "appointment_id": numbered("A", "n", width),
        "patient_id": numbered("P", "patient", width),
        "doctor_id": "doctor_id",
        "appointment_date": "cast(day as varchar)",
        "appointment_time": time,
        "reason_for_visit": f"if(is_corrected, {new_reason}, {reason})",
        "status": f"if({other}, {other_word}, {usual_word})",
        "booked_at": minute_text("booked"),
        "cancelled_at": minute_text("cancelled"),
        "cancelled_by": f"case when cancelled is not null then"
        f" if({by_patient}, 'patient', 'hospital') end",
        "duration_minutes": "cast(slot_minutes as varchar)",
    }
    columns = {name: found.spoilt(name, sql) for name, sql in usual.items()}
    after = found.has("after_event")
    later = f"cast(day + {draws.integer('booked later', 1, 10)}::int as varchar) || ' 09:15'"
    columns["booked_at"] = f"if({after}, {later}, {columns['booked_at']})"
    return columns


def rows(world: World) -> str:
    """The rows of the month's file, from `seen`: older versions first."""
    columns = with_status(world, written(world))
    found = faults(world)
    day_before = "cast(if(n % 4 = 0, day - 7, day) as varchar)"
    older = columns | {"status": "'Scheduled'", "appointment_date": day_before}
    source = "(select seen.*, doctors.doctor_id from seen join doctors using (doctor))"
    return f"""
        select {listed(older)} from {source} where {found.has("superseded")}
        union all
        select {listed(columns)} from {source} where is_changed
        union all
        select {listed(dict.fromkeys(columns, "null"))} from {source}
        where {found.has("blank_row")} and is_changed
    """


def listed(columns: dict[str, str]) -> str:
    """Columns of a query."""
    return ", ".join(f"{sql} as {name}" for name, sql in columns.items())


def natural_flags(world: World) -> dict[str, str]:
    """What the models flag because it is true of the network: queries of counts over `seen`."""
    return {
        "flagged//outcome_not_recorded": "select count(*) from seen"
        f" where outcome = 'scheduled' and day < date '{world.as_of}'",
        "flagged//double_booking": "select coalesce(sum(c), 0)::bigint from (select count(*) as c"
        " from seen where is_paired group by doctor, start having count(*) > 1)",
    }
