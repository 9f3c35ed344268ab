"""The doctors and patients of the demo's hospital network.

Usage: imported by scripts/generate_demo_data.py; nothing to run.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from demo_data.draws import Stream
from demo_data.tables import Row, Table
from demo_data.words import (
    FAMILY_NAMES,
    FICTION_MOBILES,
    GIVEN_NAMES,
    INSURANCE_PREFIXES,
    INSURERS,
    STREETS,
    TOWNS,
    plain,
)

SYSTEM = "hospital_ops"
AS_OF = date(2026, 7, 1)
PATIENTS = 4_000


@dataclass(frozen=True)
class Facility:
    """A hospital or clinic: its region, share of all appointments, and its doctors' specialties."""

    name: str
    region: str
    share: float
    specialties: tuple[str, ...]


SPECIALTIES = {
    "C": "Cardiology",
    "D": "Dermatology",
    "E": "Emergency Medicine",
    "G": "General Medicine",
    "N": "Neurology",
    "O": "Oncology",
    "P": "Paediatrics",
    "R": "Orthopaedics",
    # A value that the source system writes, not a missing one.
    "-": "None",
}


def specialties(letters: str) -> tuple[str, ...]:
    """Spell out the specialties of a facility's doctors."""
    return tuple(SPECIALTIES[letter] for letter in letters)


FACILITIES = (
    Facility("Banksia Bay Hospital", "Coast", 0.30, specialties("GGCCOPPRDENG")),
    Facility("Waratah Ridge Hospital", "Highlands", 0.26, specialties("GCOPGREND")),
    Facility("Ironbark Plains Hospital", "Plains", 0.20, specialties("GG-POECR")),
    Facility("Kurrajong Valley Clinic", "Riverland", 0.11, specialties("GGPDC")),
    Facility("Casuarina Point Hospital", "Metro", 0.13, specialties("GOEPNR")),
)

PATIENT_COLUMNS = (
    "patient_id",
    "first_name",
    "last_name",
    "gender",
    "date_of_birth",
    "contact_number",
    "address",
    "registration_date",
    "insurance_provider",
    "insurance_number",
    "email",
    "region",
)
DOCTOR_COLUMNS = (
    "doctor_id",
    "first_name",
    "last_name",
    "specialization",
    "phone_number",
    "years_experience",
    "hospital_branch",
    "email",
)

# Whole years on the as-of day, and how many of 100 patients are of that age.
AGE_PYRAMID = {
    (0, 4): 7,
    (5, 17): 13,
    (18, 34): 19,
    (35, 49): 18,
    (50, 64): 19,
    (65, 79): 16,
    (80, 89): 6,
    (90, 103): 2,
}
GENDER_SHARES = {"F": 49, "M": 49, "X": 2}
OTHER_GENDER_WORDS = {
    "F": ("Female", "female", "Woman"),
    "M": ("Male", "MALE", "Man"),
    "X": ("Non-binary",),
}
# Most people come once or twice, a few very often.
VISIT_WEIGHTS = {1: 50, 2: 25, 4: 15, 8: 10}


@dataclass(eq=False)
class Doctor:
    """A doctor, with the length of the slots of the doctor's timetable."""

    doctor_id: str
    facility: Facility
    specialty: str
    slot_minutes: int


@dataclass(eq=False)
class Patient:
    """A patient, with the facility that the patient usually goes to."""

    patient_id: str
    born: date
    registered: date
    home: Facility
    visit_weight: int
    appointments: int = 0


def telephone(stream: Stream) -> str:
    """Draw a telephone number from those set aside for fiction."""
    if stream.chance(0.4):
        return f"0491 570 {stream.one_of(FICTION_MOBILES)}"
    return f"(02) 5550 {stream.integer(0, 9999):04d}"


def address(stream: Stream, region: str) -> str:
    """Draw an address in an invented town."""
    unit = f"Unit {stream.integer(1, 24)}, " if stream.chance(0.15) else ""
    street = f"{stream.integer(1, 240)} {stream.one_of(STREETS)}"
    return f"{unit}{street}, {stream.one_of(TOWNS[region])}"


def doctors() -> Table:
    """Write the doctors, numbered facility by facility."""
    posts = [(place, specialty) for place in FACILITIES for specialty in place.specialties]
    rows = [doctor(number, *post) for number, post in enumerate(posts, start=1)]
    return Table(SYSTEM, "doctors", DOCTOR_COLUMNS, rows)


def doctor(number: int, facility: Facility, specialty: str) -> Row:
    """Write one doctor."""
    stream = Stream("doctor", number)
    one = Doctor(f"D{number:03d}", facility, specialty, stream.one_of((15, 20, 30)))
    first = stream.one_of(GIVEN_NAMES[stream.one_of("FM")])
    last = stream.one_of(FAMILY_NAMES)
    values = (
        one.doctor_id,
        first,
        last,
        specialty,
        telephone(stream),
        str(stream.integer(2, 38)),
        facility.name,
        f"dr.{plain(first)}.{plain(last)}{number}@example.org",
    )
    return Row(dict(zip(DOCTOR_COLUMNS, values, strict=True)), one)


def patients() -> Table:
    """Write the patients."""
    rows = [patient(number) for number in range(1, PATIENTS + 1)]
    return Table(SYSTEM, "patients", PATIENT_COLUMNS, rows)


def patient(number: int) -> Row:
    """Write one patient."""
    stream = Stream("patient", number)
    born, registered = dates_of_life(stream)
    home = stream.weighted({facility: facility.share for facility in FACILITIES})
    region = home.region if stream.chance(0.85) else stream.one_of(list(TOWNS))
    one = Patient(f"P{number:05d}", born, registered, home, stream.weighted(VISIT_WEIGHTS))
    gender = stream.weighted(GENDER_SHARES)
    first, last = stream.one_of(GIVEN_NAMES[gender]), stream.one_of(FAMILY_NAMES)
    insurer = stream.weighted(INSURERS)
    prefix = INSURANCE_PREFIXES.get(insurer)
    email = f"{plain(first)}.{plain(last)}{number}@{stream.one_of(('example.com', 'example.org'))}"
    values = (
        one.patient_id,
        first,
        last,
        stream.one_of(OTHER_GENDER_WORDS[gender]) if stream.chance(0.03) else gender,
        born.isoformat(),
        telephone(stream),
        address(stream, region),
        registered.isoformat(),
        insurer,
        f"{prefix}{stream.integer(1_000_000, 9_999_999)}" if prefix else "",
        "" if stream.chance(0.03) else email,
        "" if stream.chance(0.01) else region,
    )
    return Row(dict(zip(PATIENT_COLUMNS, values, strict=True)), one)


def dates_of_life(stream: Stream) -> tuple[date, date]:
    """Draw a day of birth and the day of registration, which for a newborn is soon after."""
    youngest, oldest = stream.weighted(AGE_PYRAMID)
    age_days = stream.integer(youngest * 365 + youngest // 4 + 3, (oldest + 1) * 365)
    born = AS_OF - timedelta(days=age_days)
    if stream.chance(0.65):
        registered = date(2014, 1, 1) + timedelta(days=stream.integer(0, 3467))
    else:
        registered = date(2023, 7, 1) + timedelta(days=stream.integer(0, 1085))
    return born, max(registered, born + timedelta(days=stream.integer(0, 2)))
