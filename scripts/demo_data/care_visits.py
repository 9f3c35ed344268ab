"""The demo's emergency visits and its visits without admission.

Usage: imported by scripts/generate_demo_data.py; nothing to run.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal

from demo_data.care_people import ANY_AGE, DAYS, FIRST_DAY, Register
from demo_data.care_stays import ARRIVAL_HOURS, Episode, at, working_day
from demo_data.draws import Lottery, Stream
from demo_data.hospital_people import AS_OF

EMERGENCY_PEOPLE = 930
SHORT_STAYS = 40
SECOND_VISIT_PROBABILITY = 0.05
WEEKDAY_WEIGHTS = (112, 102, 98, 98, 100, 98, 92)
TRIAGE = Lottery({1: 2, 2: 14, 3: 38, 4: 37, 5: 9})
# Mean minutes to the beginning of care, by triage category.
MEAN_WAITS = {1: Decimal("1.2"), 2: Decimal(9), 3: Decimal(27), 4: Decimal(46), 5: Decimal(58)}
MEAN_CARE_MINUTES = Decimal(135)
END_STATUS = Lottery(
    {
        "departed": 915,
        "did_not_wait": 42,
        "left_at_own_risk": 20,
        "transferred": 18,
        "dead_on_arrival": 5,
    }
)
VISITS = {
    "Outpatient": (430, {"Consultation": 45, "Follow-up": 35, "Preventive Care": 20}),
    "Laboratory": (190, {"Screening": 60, "Pathology": 40}),
    "Radiology": (190, {"Imaging": 75, "Screening": 25}),
}


def minutes(stream: Stream, mean: Decimal, sigma: Decimal) -> timedelta:
    """Draw a log-normal time in whole minutes."""
    return timedelta(minutes=int(stream.log_normal(mean, sigma)))


def emergency_visits(register: Register, stays: list[Episode]) -> list[Episode]:
    """Make the visits of those who are not admitted to a ward, and finish those who are."""
    for number, one in enumerate(one for one in stays if one.arrived):
        stream = Stream("admitted through emergency", number)
        one.triage = stream.weighted({1: 6, 2: 32, 3: 46, 4: 16})
        # Whoever is admitted has been seen well before the transfer to the ward.
        wait = min(minutes(stream, MEAN_WAITS[one.triage], Decimal("0.7")), timedelta(minutes=140))
        assert one.arrived is not None
        one.seen = one.arrived + wait
    made: list[Episode] = []
    days = Lottery({day: WEEKDAY_WEIGHTS[day.weekday()] for day in all_days()})
    for number in range(EMERGENCY_PEOPLE):
        stream = Stream("emergency visit", number)
        day = stream.weighted(days)
        start = at(day, stream.weighted(ARRIVAL_HOURS), stream.integer(0, 59))
        first = visit(stream, register, start, number < SHORT_STAYS)
        made.append(first)
        if first.end_status == "departed" and stream.chance(SECOND_VISIT_PROBABILITY):
            assert first.departed is not None
            start = first.departed + timedelta(minutes=stream.integer(300, 3600))
            made.append(visit(stream, register, start, False, first))
    # A visit that goes on after the last day is not in the extract yet.
    kept = [one for one in made if one.departed is not None and one.departed.date() < AS_OF]
    for one in kept:
        one.person.episodes += 1
    return kept


def all_days() -> list[date]:
    """List the days of the data."""
    return [FIRST_DAY + timedelta(days=number) for number in range(DAYS)]


def visit(
    stream: Stream,
    register: Register,
    start: datetime,
    is_short_stay: bool,
    earlier: Episode | None = None,
) -> Episode:
    """Make one emergency visit."""
    person = earlier.person if earlier else register.add(start.date(), ANY_AGE)
    place = earlier.facility if earlier else person.home
    one = Episode(person, place, "Emergency", "Emergency Care", start.date(), arrived=start)
    one.end_status = "departed" if is_short_stay else stream.weighted(END_STATUS)
    if one.end_status == "dead_on_arrival":
        one.departed = start + timedelta(minutes=stream.integer(20, 90))
        person.has_died = True
        return one
    one.triage = stream.weighted(TRIAGE)
    wait = minutes(stream, MEAN_WAITS[one.triage], Decimal("0.7"))
    if one.end_status == "did_not_wait":
        one.triage = max(one.triage, 3)
        one.departed = start + timedelta(minutes=stream.integer(40, 200))
        return one
    one.seen = start + wait
    care = timedelta(minutes=20) + minutes(stream, MEAN_CARE_MINUTES, Decimal("0.6"))
    one.departed = one.seen + care
    if is_short_stay:
        # Admitted to the department's own short stay unit: a stay without another ward.
        one.end_status = "admitted"
        one.admitted = one.seen
        one.departed = one.discharged = one.seen + timedelta(minutes=stream.integer(420, 1180))
        one.admission_type, one.disposition, one.group = "Emergency", "home", "observation"
    return one


def other_visits(register: Register) -> list[Episode]:
    """Make outpatient, laboratory and radiology visits, about half by people known already."""
    known = list(register.people)
    made = []
    for department, (number, treatments) in VISITS.items():
        for place in range(number):
            stream = Stream("visit", department, place)
            day = working_day(FIRST_DAY + timedelta(days=stream.integer(0, DAYS - 3)))
            day = min(day, AS_OF - timedelta(days=1))
            person = stream.one_of(known)
            if person.has_died or person.born > day or stream.chance(0.5):
                person = register.add(day, ANY_AGE)
            treatment = stream.weighted(treatments)
            one = Episode(person, person.home, department, treatment, day)
            one.visit_minutes = stream.integer(12, 95)
            person.episodes += 1
            made.append(one)
    return made
