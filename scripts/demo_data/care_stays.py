"""The demo's hospital stays: who is admitted, who comes back, and where it happens more often.

Usage: imported by scripts/generate_demo_data.py; nothing to run.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from demo_data.care_people import (
    CARE_FACILITIES,
    DAYS,
    FIRST_DAY,
    GROUP_TREATMENTS,
    WARDS,
    CareFacility,
    Person,
    Register,
    Ward,
)
from demo_data.draws import Lottery, Stream
from demo_data.hospital_people import AS_OF

# Which of the possible draws: one in which the facilities with the same true rate of returns lie
# as close to each other as they mostly do.
DRAW = 372
RETURN_PROBABILITY = Decimal("0.07")
HIGH_RETURN_FACILITY = "Grevillea Gorge Hospital"
HIGH_RETURN_ODDS_RATIO = Decimal("3.4")
# Days after the discharge on which people come back, and how many of 100.
RETURN_DAYS = {(2, 5): 28, (6, 12): 34, (13, 20): 23, (21, 29): 15}
SAME_FACILITY_PROBABILITY = 0.85
TRANSFER_PROBABILITY, AGAINST_ADVICE_PROBABILITY = 0.02, 0.012
TRANSFER_SEEN_PROBABILITY = 0.8
ICU_TO_WARD_PROBABILITY = 0.12
PLANNED_RETURN_PROBABILITY, LATER_STAY_PROBABILITY = 0.025, 0.12
THROUGH_EMERGENCY_PROBABILITY = 0.25

ARRIVAL_HOURS = Lottery(
    dict(
        enumerate(
            (22, 18, 15, 13, 12, 13, 18, 28, 44, 58, 66, 68)
            + (64, 60, 58, 57, 58, 60, 62, 60, 54, 46, 38, 29)
        )
    )
)
PLANNED_HOURS = Lottery({6: 20, 7: 40, 8: 25, 9: 10, 10: 5})
DISCHARGE_HOURS = Lottery({9: 10, 10: 25, 11: 25, 12: 12, 13: 9, 14: 8, 15: 6, 16: 4, 17: 1})
CYCLES = Lottery({1: 15, 2: 30, 3: 30, 4: 15, 5: 10})


@dataclass(eq=False)
class Episode:
    """An episode as it really is; its row may say something else."""

    person: Person
    facility: CareFacility
    department: str
    treatment: str
    day: date
    group: str = ""
    admitted: datetime | None = None
    discharged: datetime | None = None
    leave_days: int = 0
    admission_type: str = ""
    disposition: str = ""
    arrived: datetime | None = None
    seen: datetime | None = None
    departed: datetime | None = None
    triage: int | None = None
    end_status: str = ""
    visit_minutes: int = 0
    has_return: bool = False
    episode_id: str = ""

    @property
    def is_open(self) -> bool:
        """Say whether the patient is still in hospital."""
        return self.admitted is not None and self.discharged is None

    @property
    def is_staged(self) -> bool:
        """Say whether the episode is the care of a cancer whose stage is known."""
        is_cancer_care = self.department == "Oncology" or (
            self.department == "Surgery" and self.person.has_cancer
        )
        return is_cancer_care and self.person.stage != ""


def return_probability(facility: CareFacility) -> Decimal:
    """Say how likely an unplanned return after a stay is; it depends on nothing but the place."""
    odds = RETURN_PROBABILITY / (1 - RETURN_PROBABILITY)
    if facility.name == HIGH_RETURN_FACILITY:
        odds *= HIGH_RETURN_ODDS_RATIO
    return odds / (1 + odds)


def at(day: date, hour: int, minute: int) -> datetime:
    """Put a time of day on a day."""
    return datetime.combine(day, time(hour, minute))


def working_day(day: date) -> date:
    """Move a weekend day to the Monday."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


def other_facility(stream: Stream, facility: CareFacility) -> CareFacility:
    """Choose another hospital."""
    return stream.one_of([place for place in CARE_FACILITIES if place is not facility])


class Stays:
    """Makes the stays of one person after another; emergency visits before them as well."""

    def __init__(self, register: Register) -> None:
        """Begin without a stay."""
        self.register = register
        self.made: list[Episode] = []

    def make(self) -> list[Episode]:
        """Make the stays of everybody."""
        for ward in WARDS.values():
            for number in range(ward.people):
                self.pathway(ward, number)
        return self.made

    def pathway(self, ward: Ward, number: int) -> None:
        """Follow a person from stay to stay, until nothing follows or the data end."""
        stream = Stream("pathway", DRAW, ward.name, number)
        day = FIRST_DAY + timedelta(days=stream.integer(0, DAYS - 1))
        person = self.register.add(day, ward.ages)
        group = stream.weighted(ward.groups)
        person.has_cancer = ward.name == "Oncology" or group == "cancer" or stream.chance(0.04)
        cycles = stream.weighted(CYCLES) if ward.name == "Oncology" else 1
        is_planned = stream.chance(ward.planned_share)
        stay = self.admit(stream, ward, person, person.home, day, group, is_planned)
        for _ in range(9):
            if stay is None or stay.is_open or stay.disposition == "died":
                break
            cycles -= not stay.has_return
            stay = self.next_stay(stream, stay, group, cycles)
        person.has_died = person.has_died or bool(stay and stay.disposition == "died")

    def next_stay(self, stream: Stream, stay: Episode, group: str, cycles: int) -> Episode | None:
        """Say which stay follows, if any."""
        ward, person, place = WARDS[stay.department], stay.person, stay.facility
        assert stay.discharged is not None
        last_day = stay.discharged.date()
        if stay.disposition == "transfer_acute":
            return self.transferred(stream, stay)
        if ward.name == "ICU" and stream.chance(ICU_TO_WARD_PROBABILITY):
            stay.disposition = ""
            ward = WARDS["Cardiology"]
            return self.stay_from(
                stream, ward, person, place, stay.discharged, stay.group, "Urgent"
            )
        if stream.chance(return_probability(place)):
            low, high = stream.weighted(RETURN_DAYS)
            day = last_day + timedelta(days=stream.integer(low, high))
            if not stream.chance(SAME_FACILITY_PROBABILITY):
                place = other_facility(stream, place)
            again = stream.weighted(ward.return_groups or ward.groups)
            ward = WARDS["Cardiology"] if ward.name == "ICU" else ward
            back = self.admit(stream, ward, person, place, day, again, False)
            stay.has_return = back is not None
            return back
        if cycles > 0:
            day = last_day + timedelta(days=stream.integer(14, 24))
            return self.admit(stream, ward, person, place, day, group, True)
        if stream.chance(PLANNED_RETURN_PROBABILITY):
            day = last_day + timedelta(days=stream.integer(7, 24))
            return self.admit(stream, ward, person, place, day, group, True)
        if stream.chance(LATER_STAY_PROBABILITY):
            day = last_day + timedelta(days=stream.integer(45, 400))
            is_planned = stream.chance(ward.planned_share)
            return self.admit(stream, ward, person, place, day, group, is_planned)
        return None

    def transferred(self, stream: Stream, stay: Episode) -> Episode | None:
        """Go on in another hospital, which is not always one of the network's."""
        if not stream.chance(TRANSFER_SEEN_PROBABILITY):
            return None
        assert stay.discharged is not None
        start = stay.discharged + timedelta(minutes=stream.integer(45, 300))
        place = other_facility(stream, stay.facility)
        ward = WARDS[stay.department]
        after = self.stay_from(stream, ward, stay.person, place, start, stay.group, "Urgent")
        # Some hospitals write `home` for everybody who leaves.
        if after is not None and stream.chance(0.2):
            stay.disposition = "home"
        return after

    def admit(
        self,
        stream: Stream,
        ward: Ward,
        person: Person,
        place: CareFacility,
        day: date,
        group: str,
        is_planned: bool,
    ) -> Episode | None:
        """Admit somebody on a day, at times through the emergency department."""
        minute = stream.integer(0, 59)
        if is_planned:
            start = at(working_day(day), stream.weighted(PLANNED_HOURS), minute)
            return self.stay_from(stream, ward, person, place, start, group, "Elective")
        start = at(day, stream.weighted(ARRIVAL_HOURS), minute)
        kind = "Emergency" if stream.chance(0.85) else "Urgent"
        visit = None
        if kind == "Emergency" and stream.chance(THROUGH_EMERGENCY_PROBABILITY):
            visit = Episode(person, place, "Emergency", "Emergency Care", day, arrived=start)
            visit.end_status = "admitted"
            start += timedelta(minutes=stream.integer(150, 460))
            visit.departed = start
        stay = self.stay_from(stream, ward, person, place, start, group, kind)
        if visit is not None and stay is not None:
            person.episodes += 1
            self.made.append(visit)
        return stay

    def stay_from(
        self,
        stream: Stream,
        ward: Ward,
        person: Person,
        place: CareFacility,
        start: datetime,
        group: str,
        kind: str,
    ) -> Episode | None:
        """Write a stay, unless it would begin after the data."""
        if start.date() >= AS_OF:
            return None
        treatments = ward.treatments or GROUP_TREATMENTS.get(group, {"Supportive Care": 1})
        treatment = stream.weighted(treatments)
        stay = Episode(person, place, ward.name, treatment, start.date(), group, start)
        stay.admission_type = kind
        share = ward.same_day_share if kind == "Elective" else 0.0
        stay.discharged = self.discharge(stream, ward, start, stream.chance(share))
        stay.disposition = self.disposition(stream, ward)
        nights = (stay.discharged.date() - start.date()).days
        if nights >= 4 and stream.chance(0.2 if ward.name == "Mental Health" else 0.03):
            stay.leave_days = stream.integer(1, 2)
        if stay.discharged.date() == AS_OF and nights > 1:
            # Some go home a day earlier, so that the last day of the data has a separation.
            stay.discharged -= timedelta(days=1)
        elif stay.discharged.date() >= AS_OF:
            stay.discharged, stay.disposition = None, ""
        person.episodes += 1
        self.made.append(stay)
        return stay

    @staticmethod
    def discharge(stream: Stream, ward: Ward, start: datetime, is_same_day: bool) -> datetime:
        """Draw the end of a stay."""
        if is_same_day:
            return start + timedelta(minutes=stream.integer(180, 540))
        nights = max(1, int(stream.log_normal(ward.mean_nights, Decimal("0.7"))))
        day = start.date() + timedelta(days=nights)
        return at(day, stream.weighted(DISCHARGE_HOURS), stream.integer(0, 59))

    @staticmethod
    def disposition(stream: Stream, ward: Ward) -> str:
        """Draw where the patient goes."""
        if stream.chance(ward.death_probability):
            return "died"
        if stream.chance(TRANSFER_PROBABILITY):
            return "transfer_acute"
        if stream.chance(AGAINST_ADVICE_PROBABILITY):
            return "against_advice"
        return "transfer_other" if stream.chance(0.04) else "home"
