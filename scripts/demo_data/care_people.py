"""The facilities, wards and people of the demo's care network.

Usage: imported by scripts/generate_demo_data.py; nothing to run.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from demo_data.draws import Lottery, Stream
from demo_data.hospital_people import AS_OF
from demo_data.words import TOWNS

FIRST_DAY = date(2023, 7, 1)
DAYS = (AS_OF - FIRST_DAY).days


@dataclass(frozen=True)
class CareFacility:
    """A hospital or clinic: its name, how this system writes it, its region and share of work."""

    name: str
    short_name: str
    region: str
    share: float


CARE_FACILITIES = (
    CareFacility("Banksia Bay Hospital", "Banksia Bay", "Coast", 0.12),
    CareFacility("Waratah Ridge Hospital", "Waratah Ridge", "Highlands", 0.11),
    CareFacility("Ironbark Plains Hospital", "Ironbark Plains", "Plains", 0.10),
    CareFacility("Kurrajong Valley Clinic", "Kurrajong Valley", "Riverland", 0.07),
    CareFacility("Casuarina Point Hospital", "Casuarina Point", "Metro", 0.09),
    CareFacility("Acacia Downs Hospital", "Acacia Downs", "Plains", 0.10),
    CareFacility("Melaleuca Cove Hospital", "Melaleuca Cove", "Coast", 0.08),
    CareFacility("Grevillea Gorge Hospital", "Grevillea Gorge", "Highlands", 0.16),
    CareFacility("Boronia Flats Clinic", "Boronia Flats", "Riverland", 0.07),
    CareFacility("Correa Lakes Hospital", "Correa Lakes", "Metro", 0.10),
)
FACILITY_LOTTERY = Lottery({place: place.share for place in CARE_FACILITIES})

INSURANCE_SHARES = {"Public": 56, "Private": 36, "Self-Pay": 8}
# Private patients come at an earlier stage; the stage alone decides what the treatment can do.
STAGE_PERCENT = {
    "Private": {"I": 38, "II": 32, "III": 18, "IV": 12},
    "Public": {"I": 14, "II": 24, "III": 33, "IV": 29},
    "Self-Pay": {"I": 14, "II": 24, "III": 33, "IV": 29},
}
STAGE_KNOWN_PROBABILITY = 0.96

# Whole years at the first episode, and how many of 100 people are of that age.
ANY_AGE = {(0, 4): 8, (5, 17): 12, (18, 39): 26, (40, 64): 28, (65, 79): 18, (80, 101): 8}
ADULT_AGE = {(18, 39): 14, (40, 64): 36, (65, 79): 34, (80, 101): 16}
CHILD_AGE = {(0, 4): 55, (5, 17): 45}
OTHER_GENDER_WORDS = {
    "F": ("Female", "female", "Woman"),
    "M": ("Male", "MALE", "Man"),
    "X": ("Non-binary",),
}


@dataclass(frozen=True)
class Ward:
    """A department that admits: its people, their conditions, stays and costs."""

    name: str
    people: int
    planned_share: float
    same_day_share: float
    groups: dict[str, int]
    treatments: dict[str, int]
    mean_nights: Decimal
    death_probability: float
    mean_cost: Decimal
    sigma: Decimal
    ages: dict[tuple[int, int], int] = field(default_factory=lambda: ADULT_AGE)
    return_groups: dict[str, int] = field(default_factory=dict)


WARDS = {
    "Cardiology": Ward(
        "Cardiology",
        300,
        0.35,
        0.20,
        {"heart failure": 40, "coronary": 34, "arrhythmia": 22, "dialysis": 4},
        {"Cardiac Care": 80, "Catheterisation": 20},
        Decimal(4),
        0.02,
        Decimal(9000),
        Decimal("0.8"),
    ),
    "ICU": Ward(
        "ICU",
        390,
        0.10,
        0.0,
        {"respiratory": 36, "sepsis": 28, "trauma": 20, "stroke": 16},
        {"Intensive Care": 100},
        Decimal(5),
        0.09,
        Decimal(16000),
        Decimal("0.9"),
    ),
    "Surgery": Ward(
        "Surgery",
        660,
        0.70,
        0.30,
        {"cancer": 48, "joint": 20, "hernia": 14, "trauma": 14, "rehabilitation": 4},
        {"Surgery": 100},
        Decimal(4),
        0.008,
        Decimal(11000),
        Decimal("0.7"),
        return_groups={"sepsis": 40, "bleeding": 30, "wound": 30},
    ),
    "Oncology": Ward(
        "Oncology",
        400,
        1.0,
        0.80,
        {"chemotherapy": 60, "radiotherapy": 22, "cancer": 18},
        {},
        Decimal(4),
        0.01,
        Decimal(6000),
        Decimal("0.6"),
        return_groups={"sepsis": 50, "neutropenia": 28, "metastatic": 22},
    ),
    "Mental Health": Ward(
        "Mental Health",
        170,
        0.25,
        0.0,
        {"psychiatric": 100},
        {"Psychiatric Care": 100},
        Decimal(11),
        0.003,
        Decimal(7800),
        Decimal("0.7"),
    ),
    "Paediatrics": Ward(
        "Paediatrics",
        200,
        0.25,
        0.25,
        {"respiratory": 50, "gastroenteritis": 30, "fracture": 20},
        {"Paediatric Care": 100},
        Decimal(3),
        0.001,
        Decimal(4500),
        Decimal("0.7"),
        ages=CHILD_AGE,
    ),
}
# What is done for a condition, where that is not the ward's own choice.
GROUP_TREATMENTS = {
    "chemotherapy": {"Chemotherapy": 100},
    "radiotherapy": {"Radiation Therapy": 100},
    "cancer": {"Immunotherapy": 65, "Clinical Trial": 35},
}


@dataclass(eq=False)
class Person:
    """A person who is cared for; all their episodes have the same cover and stage."""

    number: int
    born: date
    gender: str
    insurance: str
    home: CareFacility
    region: str
    has_cancer: bool = False
    stage: str = ""
    has_died: bool = False
    episodes: int = 0
    patient_id: str = ""

    def age_on(self, day: date) -> int:
        """Count completed years."""
        birthday_to_come = (day.month, day.day) < (self.born.month, self.born.day)
        return day.year - self.born.year - birthday_to_come


def person(number: int, day: date, ages: dict[tuple[int, int], int]) -> Person:
    """Draw a person who first comes on this day."""
    stream = Stream("care person", number)
    youngest, oldest = stream.weighted(ages)
    age_days = stream.integer(youngest * 365 + youngest // 4 + 3, (oldest + 1) * 365)
    home = stream.weighted(FACILITY_LOTTERY)
    one = Person(
        number,
        day - timedelta(days=age_days),
        stream.weighted({"F": 50, "M": 48, "X": 2}),
        stream.weighted(INSURANCE_SHARES),
        home,
        home.region if stream.chance(0.85) else stream.one_of(list(TOWNS)),
    )
    if stream.chance(STAGE_KNOWN_PROBABILITY):
        one.stage = stream.weighted(STAGE_PERCENT[one.insurance])
    return one


class Register:
    """All people so far, so that a later visit can be one of theirs."""

    def __init__(self) -> None:
        """Begin without anybody."""
        self.people: list[Person] = []

    def add(self, day: date, ages: dict[tuple[int, int], int]) -> Person:
        """Enter somebody new."""
        one = person(len(self.people) + 1, day, ages)
        self.people.append(one)
        return one
