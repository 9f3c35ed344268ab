"""The demo's timetable: every bookable slot of every doctor.

Usage: imported by scripts/generate_demo_data.py; nothing to run.
"""

from datetime import datetime, time, timedelta

from demo_data.draws import Lottery, Stream
from demo_data.hospital_appointments import HOUR_WEIGHTS, WEEKDAY_WEIGHTS, minute_text
from demo_data.hospital_people import AS_OF, SYSTEM, Doctor
from demo_data.tables import Row, Table

UNFILLED_PER_FILLED = 0.35
HELD_SHARE = 0.04
TIMETABLE_END = datetime(2026, 9, 1)
# Fifty-two weeks: last winter's timetable is repeated on the same days of the week.
REPEATED_AFTER = timedelta(days=364)

COLUMNS = ("doctor_id", "start_at", "held")


def slots(appointments: Table) -> Table:
    """Open a slot for every appointment and some more, and hold some of the unfilled ones."""
    doctors = {row.source.doctor.doctor_id: row.source.doctor for row in appointments.rows}
    filled = {(row.source.start, row.source.doctor.doctor_id) for row in appointments.rows}
    past = sorted(slot for slot in filled if slot[0].date() < AS_OF)
    timetable = filled | unfilled_beside(past, filled, doctors)
    timetable |= repeated(timetable)
    free = sorted(timetable - filled)
    held = set(Stream("held slots").sample(free, round(HELD_SHARE * len(timetable))))
    rows = [
        Row(
            {
                "doctor_id": doctor_id,
                "start_at": minute_text(start),
                "held": str((start, doctor_id) in held).lower(),
            },
            "filled" if (start, doctor_id) in filled else "unfilled",
        )
        for start, doctor_id in sorted(timetable)
    ]
    return Table(SYSTEM, "slots", COLUMNS, rows)


def unfilled_beside(
    past: list[tuple[datetime, str]],
    filled: set[tuple[datetime, str]],
    doctors: dict[str, Doctor],
) -> set[tuple[datetime, str]]:
    """Open slots that nobody filled, in the weeks around those that were filled."""
    stream, hours = Stream("unfilled slots"), Lottery(HOUR_WEIGHTS)
    unfilled: set[tuple[datetime, str]] = set()
    while len(unfilled) < round(UNFILLED_PER_FILLED * len(past)):
        start, doctor_id = stream.one_of(past)
        day = start.date() + timedelta(days=stream.integer(-10, 10))
        length = doctors[doctor_id].slot_minutes
        minute = stream.integer(0, 60 // length - 1) * length
        slot = (datetime.combine(day, time(stream.weighted(hours), minute)), doctor_id)
        is_open = stream.chance(WEEKDAY_WEIGHTS[day.weekday()] / max(WEEKDAY_WEIGHTS))
        if is_open and past[0][0] <= slot[0] and day < AS_OF and slot not in filled:
            unfilled.add(slot)
    return unfilled


def repeated(timetable: set[tuple[datetime, str]]) -> set[tuple[datetime, str]]:
    """Repeat last winter's timetable in the coming weeks."""
    later = {(start + REPEATED_AFTER, doctor_id) for start, doctor_id in timetable}
    as_of = datetime.combine(AS_OF, time(0))
    return {slot for slot in later if as_of <= slot[0] < TIMETABLE_END}
