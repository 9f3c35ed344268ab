"""The network at the size asked for: its facilities, doctors, patients and the days it works on.

Usage: imported by scripts/generate_network.py; nothing to run.

The demo's facilities and doctors keep their numbers, names and peculiarities; a larger network has
more of them, in which nothing is peculiar.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from random import Random

from demo_data.care_people import CARE_FACILITIES
from demo_data.hospital_appointments import (
    BUSY_DOCTOR,
    BUSY_FACTOR,
    FIRST_DAY,
    HOUR_WEIGHTS,
    PEAK_FACTOR,
    PEAK_HOUR,
    day_weights,
)
from demo_data.hospital_people import AS_OF, FACILITIES
from demo_data.words import listed

SEED = "wardhouse-network-1"
LONGEST_LEAD = 90
APPOINTMENTS_A_DAY = 8  # of a doctor, on a working day
APPOINTMENTS_A_PATIENT = 8
DOCTORS_A_FACILITY = 60
MOST_FACILITIES = 300
SLOT_MINUTES = (15, 20, 30)
EPISODES_A_PERSON = 1.6  # measured
WIDTH = 6  # digits of an id, at least
PLACES_OF_A_DOCTOR = 50  # tickets in the lottery of doctors

_FIRST = listed(
    "Quoll,Galah,Bilby,Potoroo,Numbat,Plover,Dunnart,Curlew,Brolga,Goanna,Skink,Echidna,Bettong,"
    "Wallaroo,Lorikeet,Kestrel,Gannet,Osprey,Bowerbird,Whipbird"
)
_LAST = listed(
    "mere,ford,wick,stead,combe,haven,moor,leigh,worth,brook,garth,holt,fell,thorpe,dale,bourne,"
    "wold,cliffe"
)
_REGIONS = tuple(place.region for place in FACILITIES)
_SPECIALTIES = FACILITIES[0].specialties + FACILITIES[1].specialties + FACILITIES[4].specialties


@dataclass(frozen=True)
class Place:
    """A hospital or clinic: its doctors (first and how many), its patients and its share."""

    number: int
    name: str
    region: str
    first_doctor: int
    doctors: int
    share: float
    first_patient: int = 0
    patients: int = 0


@dataclass(frozen=True)
class Physician:
    """A doctor: place, specialty, length of slots, tickets in the lottery."""

    number: int
    place: int
    specialty: str
    slot_minutes: int
    tickets: int


@dataclass(frozen=True)
class Day:
    """A day on which the network works: its appointments and the number of the first."""

    day: date
    count: int
    first: int


@dataclass
class World:
    """A network of one size, as it is seen on the morning of a day."""

    appointments: int
    episodes: int
    cases: int
    seed: str = SEED
    as_of: date = AS_OF
    day: date | None = None  # only what this day brings; the as-of day is then the next one
    places: list[Place] = field(default_factory=list)
    doctors: list[Physician] = field(default_factory=list)
    days: list[Day] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Plan the network."""
        self._plan_places()
        self.days = plan_days(self.appointments, self.seed)

    @property
    def patients(self) -> int:
        """How many patients there are."""
        return self.places[-1].first_patient + self.places[-1].patients

    @property
    def width(self) -> int:
        """Digits of the ids of patients and appointments."""
        return max(WIDTH, len(str(2 * self.appointments)))

    @property
    def tickets(self) -> int:
        """Tickets in the lottery of doctors."""
        return sum(one.tickets for one in self.doctors)

    @property
    def care_places(self) -> int:
        """Facilities of the care system."""
        return len(care_places(self))

    @property
    def care_tickets(self) -> int:
        """Tickets in the lottery of the care system's facilities."""
        return sum(tickets(share) for *_, share in care_places(self))

    @property
    def case_tickets(self) -> int:
        """Tickets in the lottery of the registry's hospitals: those of the demo."""
        return sum(tickets(place.share) for place in CARE_FACILITIES)

    @property
    def slot_variants(self) -> int:
        """Different ways in which the appointments of a day are spread over its hours."""
        return 64

    def _plan_places(self) -> None:
        usual = sum(len(place.specialties) for place in FACILITIES)
        working_days = 750
        doctors = max(usual, round(self.appointments / working_days / APPOINTMENTS_A_DAY))
        more = min(round((doctors - usual) / DOCTORS_A_FACILITY + 0.49), MOST_FACILITIES)
        plan = [
            (place.name, place.region, place.specialties, place.share * usual)
            for place in FACILITIES
        ]
        for number in range(more):
            size = (doctors - usual) * (number + 1) // more - (doctors - usual) * number // more
            name = _FIRST[number % len(_FIRST)] + _LAST[(number % 20 + number // 20) % len(_LAST)]
            offset = number * 5
            letters = tuple(_SPECIALTIES[(offset + i) % len(_SPECIALTIES)] for i in range(size))
            kind = "Clinic" if number % 5 == 4 else "Hospital"
            plan.append((f"{name} {kind}", _REGIONS[number % 5], letters, float(size)))
        first_doctor, first_patient = 1, 1
        wanted = max(self.appointments // APPOINTMENTS_A_PATIENT, 500)
        whole = sum(share for *_, share in plan)
        for number, (name, region, letters, share) in enumerate(plan):
            # a multiple of five: every fifth patient is a child
            people = max(round(wanted * share / whole / 5), 10) * 5
            self.places.append(
                Place(
                    number,
                    name,
                    region,
                    first_doctor,
                    len(letters),
                    share / whole,
                    first_patient,
                    people,
                )
            )
            self._plan_doctors(self.places[-1], letters, share)
            first_doctor, first_patient = first_doctor + len(letters), first_patient + people

    def _plan_doctors(self, place: Place, letters: tuple[str, ...], share: float) -> None:
        numbers = range(place.first_doctor, place.first_doctor + len(letters))
        factors = [BUSY_FACTOR if doctor_id(one) == BUSY_DOCTOR else 1.0 for one in numbers]
        random = Random(f"{self.seed}/doctors/{place.number}")
        for one, factor, specialty in zip(numbers, factors, letters, strict=True):
            minutes = SLOT_MINUTES[int(random.random() * 3)]
            tickets = round(PLACES_OF_A_DOCTOR * share * factor / sum(factors))
            # whoever is busy has short slots: the day would not hold the appointments otherwise
            minutes = SLOT_MINUTES[0] if factor > 1 else minutes
            self.doctors.append(Physician(one, place.number, specialty, minutes, tickets))


def doctor_id(number: int) -> str:
    """The hospital's code of a doctor."""
    return f"D{number:03d}"


def plan_days(appointments: int, seed: str) -> list[Day]:
    """Share the appointments among the days: exactly so many before the as-of day of the demo.

    The days after it are planned at the same rate: some of their appointments are booked already.
    """
    past = day_weights(FIRST_DAY, AS_OF)
    later = day_weights(AS_OF, AS_OF + timedelta(days=LONGEST_LEAD + 31))
    random = Random(f"{seed}/days")
    rate = appointments / sum(past.values())
    noisy = {}
    for day, weight in (past | later).items():
        # the sum of twelve uniform numbers is nearly normal, and the same on every platform
        normal = -6.0
        for _ in range(12):
            normal += random.random()
        expected = rate * weight
        noisy[day] = max(expected + normal * expected**0.5, 0.0)
    scale = appointments / sum(noisy[day] for day in past)
    days, reached, first = [], 0.0, 1
    for day in noisy:
        reached += noisy[day] * scale
        end = appointments + 1 if day == max(past) else int(reached) + 1
        end = max(end, first)
        days.append(Day(day, end - first, first))
        first = end
    return days


@cache
def hour_lists(seed: str, variants: int) -> list[tuple[int, bool, int, int, list[int]]]:
    """The times of a doctor's day: (slot length, is Monday, appointments, variant, minutes).

    Each hour is drawn by its weight as long as it has free times; no time is drawn twice while
    there is another one.
    """
    found = []
    for length in SLOT_MINUTES:
        for is_monday in (False, True):
            weights = {
                60 * hour + minute: weight * (PEAK_FACTOR if is_monday and hour == PEAK_HOUR else 1)
                for hour, weight in HOUR_WEIGHTS.items()
                for minute in range(0, 60, length)
            }
            for count in range(1, len(weights) + 1):
                random = Random(f"{seed}/{length}/{is_monday}/{count}")
                # fewer different lists of many times do
                different = variants if count <= 10 else variants // 4
                lists = drawn_times(inclusion(weights, count), count, different, random)
                found += [
                    (length, is_monday, count, variant, lists[variant % different])
                    for variant in range(variants)
                ]
    return found


def inclusion(weights: dict[int, float], count: int) -> dict[int, float]:
    """How likely each time is among so many: by its weight, at most 1."""
    sure: set[int] = set()
    while True:
        free = {time: weight for time, weight in weights.items() if time not in sure}
        rest, total = count - len(sure), sum(free.values())
        full = {time for time, weight in free.items() if weight * rest >= total} if free else set()
        if not full or not rest:
            break
        sure |= full
    return {time: 1.0 if time in sure else weights[time] * rest / total for time in weights}


def drawn_times(
    chances: dict[int, float], count: int, variants: int, random: Random
) -> list[list[int]]:
    """Draw so many times again and again, in random order, and each as often as it is likely.

    A time (and an hour) that has come less often than it should is preferred: so few variants
    would otherwise give some hours more than their weight.
    """
    lists: list[list[int]] = []
    owed = dict.fromkeys(chances, 0.0)
    hours = dict.fromkeys((time // 60 for time in chances), 0.0)
    for _ in range(variants):
        for time, chance in chances.items():
            owed[time] += chance
            hours[time // 60] += chance
        chosen: list[int] = []
        for _ in range(count):
            free = [time for time in chances if time not in chosen]
            best = max(free, key=lambda t: owed[t] + hours[t // 60] + random.random() / 2)
            owed[best] -= 1
            hours[best // 60] -= 1
            chosen.append(best)
        random.shuffle(chosen)
        lists.append(chosen)
    return lists


def tickets(share: float) -> int:
    """Tickets of a facility, of which the demo's have 1,000 together."""
    return round(share * 1000)


def care_places(world: World) -> list[tuple[str, str, float]]:
    """The facilities of the care system as it writes them: name, region, share of the work."""
    more = max(round(world.episodes / 60_000) - len(CARE_FACILITIES), 0)
    known = [(place.short_name, place.region, place.share) for place in CARE_FACILITIES]
    extra = world.places[len(FACILITIES) :][:more]
    return known + [(place.name.rsplit(" ", 1)[0], place.region, 0.1) for place in extra]


def arrivals(world: World) -> list[tuple[date, int, int]]:
    """The people who first come to care on each day: (day, number of the first, how many)."""
    days = (AS_OF - FIRST_DAY).days
    people = world.episodes / EPISODES_A_PERSON
    random = Random(f"{world.seed}/arrivals")
    found, reached, first = [], 0.0, 1
    for number in range(days):
        normal = -6.0
        for _ in range(12):
            normal += random.random()
        expected = people / days
        reached += max(expected + normal * expected**0.5, 0.0)
        end = max(int(reached) + 1, first)
        found.append((FIRST_DAY + timedelta(days=number), first, end - first))
        first = end
    return found


def month_start(year: int, month: int, months_later: int = 0) -> date:
    """The first day of a month, or of one so many months later."""
    place = year * 12 + month - 1 + months_later
    return date(place // 12, place % 12 + 1, 1)


def months_of_data() -> list[tuple[int, int]]:
    """The months of the data, with those for which appointments are booked already."""
    first = FIRST_DAY.year * 12 + FIRST_DAY.month - 1
    last = AS_OF.year * 12 + AS_OF.month - 1
    return [(place // 12, place % 12 + 1) for place in range(first, last + 4)]
