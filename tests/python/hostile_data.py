"""A small raw folder whose every field tries to carry a person's data to where it must not go.

Usage: imported by tests; `write(folder)` writes all four systems and gives the identifiers in them.

Names, e-mail addresses, telephones, addresses, insurance and record numbers are invented and
unlike anything else in the project, so each can be looked for in files of any kind. Ages are 0 to
110, one person each in every system. Free text, damaged lines, unusable values and codes that
nobody knows hold identifiers.
"""

from __future__ import annotations

import csv
import datetime
from dataclasses import dataclass, field
from pathlib import Path

AS_OF = datetime.date(2026, 7, 1)
AGES = range(111)
FIRST = ("Zoltana", "Quorrin", "Xanthe-Mae", "Įžuolė", "Vyvyan", "Thi Lan", "O'Dwyn", "Jørun")
LAST = ("Quillfeather", "Zabriskovich", "McGrubbins", "Đặng-Wyndham", "Fotheringhay", "Ünsöldü")
STREETS = ("Wimblewick Parade", "Grubthorpe Mews", "Old Ferrywhistle Road")


@dataclass
class Identifiers:
    """What must be nowhere, by kind; each value is unlike any other text of the project."""

    kinds: dict[str, set[str]] = field(default_factory=dict)

    def add(self, kind: str, *values: str) -> None:
        """Note values of one kind."""
        self.kinds.setdefault(kind, set()).update(value for value in values if value)

    def all(self) -> set[str]:
        """Every value of every kind."""
        return set().union(*self.kinds.values())


def person(number: int) -> dict[str, str]:
    """The invented person of a number."""
    first = FIRST[number % len(FIRST)]
    last = f"{LAST[number % len(LAST)]}{chr(97 + number // 26)}{chr(97 + number % 26)}"
    return {
        "first_name": first,
        "last_name": last,
        "phone": f"+61 4{number:02d} {731 + number} {209 + 3 * number:03d}",
        "address": f"Unit {number + 1}, {4100 + 7 * number} {STREETS[number % 3]}, "
        f"Quibbleton 29{number % 90 + 10}",
        "insurance_number": f"ZQX-{880_000 + 37 * number}-K",
        "email": f"zq.{first[:1].lower()}{number}@quillmail{number % 7}.example",
        "patient_id": f"PZQ{70_000 + number}",
    }


def full_name(who: dict[str, str]) -> str:
    """First and last name, as remarks have them."""
    return f"{who['first_name']} {who['last_name']}"


def remark(number: int, who: dict[str, str]) -> str:
    """Free text with one identifier in it, of another kind each time."""
    return (
        f"Ring {full_name(who)} on {who['phone']}",
        f"mail to {who['email']} before visit",
        f"cover {who['insurance_number']} ({full_name(who)})",
        f"home visit at {who['address']}, ask for {full_name(who)}, bring the old forms",
    )[number % 4]


def birth_date(age: int) -> datetime.date:
    """A day on which nothing else of these data happens, so that it can be looked for."""
    day = datetime.date(AS_OF.year - age, 2, 1) + datetime.timedelta(days=age % 27)
    return day if age else datetime.date(AS_OF.year, 2, 27)


def write(folder: Path, hostile_share: int = 4) -> Identifiers:
    """Write the raw folder; every `hostile_share`-th category holds a remark instead of a word."""
    found = Identifiers()
    people = [person(number) for number in AGES]
    for who in people:
        found.add("full name", full_name(who))
        found.add("name", who["last_name"])
        for kind in ("phone", "address", "insurance_number", "email", "patient_id"):
            found.add(kind, who[kind])
    _hospital(folder / "hospital_ops", people, found, hostile_share)
    _care(folder / "care_episodes", people, found, hostile_share)
    _registry(folder / "cancer_registry", people, found, hostile_share)
    _surveys(folder / "team_surveys", people, found, hostile_share)
    (folder / "wardhouse.yml").write_text(f"as_of_date: {AS_OF}\n")
    return found


def _write(path: Path, rows: list[dict], damaged: list[str] = ()) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
        file.writelines(f"{line}\r\n" for line in damaged)


def _hospital(folder: Path, people: list[dict], found: Identifiers, share: int) -> None:
    patients, doctors, appointments, treatments, bills = [], [], [], [], []
    for number, who in enumerate(people):
        birth = birth_date(number)
        found.add("birth date", birth.isoformat())
        hostile = number % share == 0
        patients.append(
            {
                "patient_id": who["patient_id"],
                "first_name": who["first_name"],
                "last_name": who["last_name"],
                # a word that no code map knows, and values that no cast can use
                "gender": full_name(who) if hostile else "F",
                "date_of_birth": birth.isoformat(),
                "contact_number": who["phone"],
                "address": who["address"],
                "registration_date": who["email"] if hostile else f"2026-03-{number % 28 + 1:02d}",
                "insurance_provider": remark(number, who) if hostile else "Bluegum Health",
                "insurance_number": who["insurance_number"],
                "email": who["email"],
                "region": remark(number + 1, who) if hostile else "Coast",
            }
        )
    for number in range(8):
        who = person(200 + number)
        found.add("full name", full_name(who))
        found.add("name", who["last_name"])
        found.add("phone", who["phone"])
        found.add("email", who["email"])
        doctors.append(
            {
                "doctor_id": f"D{number:03d}",
                "first_name": who["email"] if number == 3 else who["first_name"],
                "last_name": who["last_name"],
                "specialization": remark(number, who) if number % share == 0 else "Cardiology",
                "phone_number": who["phone"],
                "years_experience": full_name(who) if number == 5 else str(3 + number),
                "hospital_branch": "Banksia Bay Hospital",
                "email": who["email"],
            }
        )
    for number in range(3 * len(people)):
        who = people[number % len(people)]
        hostile = number % share == 0
        day = datetime.date(2026, 3, 1) + datetime.timedelta(days=number % 100)
        ids = {
            "A": f"AZQ{70_000 + number}",
            "T": f"TZQ{70_000 + number}",
            "B": f"BZQ{70_000 + number}",
        }
        found.add("record number", *ids.values())
        appointments.append(
            {
                "appointment_id": ids["A"],
                "patient_id": who["patient_id"],
                "doctor_id": f"D{number % 8:03d}",
                "appointment_date": day.isoformat(),
                "appointment_time": who["phone"] if number % 17 == 0 else "09:30",
                "reason_for_visit": remark(number, who) if hostile else "Follow-up",
                "status": full_name(who) if number % 23 == 0 else "Completed",
                "booked_at": full_name(who) if number % 19 == 0 else "2026-02-20 10:00",
                "cancelled_at": "",
                "cancelled_by": who["email"] if number % 29 == 0 else "",
                "duration_minutes": who["insurance_number"] if number % 31 == 0 else "15",
            }
        )
        treatments.append(
            {
                "treatment_id": ids["T"],
                "appointment_id": ids["A"],
                "treatment_type": remark(number + 2, who) if hostile else "ECG",
                "description": remark(number + 3, who),
                "cost": full_name(who) if number % 37 == 0 else f"{40 + number % 9}.50",
                "treatment_date": day.isoformat(),
            }
        )
        bills.append(
            {
                "bill_id": ids["B"],
                "patient_id": who["patient_id"],
                "treatment_id": ids["T"],
                "bill_date": day.isoformat(),
                "amount": who["phone"] if number % 41 == 0 else "80.00",
                "payment_method": remark(number, who) if hostile else "Cash",
                "payment_status": full_name(who) if number % 43 == 0 else "Paid",
            }
        )
    spare = person(150)
    found.add("full name", full_name(spare))
    found.add("name", spare["last_name"])
    found.add("email", spare["email"])
    found.add("phone", spare["phone"])
    damaged = [  # columns too many, a stray quote, columns too few
        f"PZQ79991,{spare['first_name']},{spare['last_name']},{spare['email']},x,x,x,x,x,x,x,x,x,x,x",
        f'PZQ79992,{spare["first_name"]},{spare["last_name"]} "Zed" x,F,2000-01-01',
        f"{full_name(spare)},{spare['phone']}",
    ]
    _write(folder / "patients.csv", patients, damaged)
    _write(folder / "doctors.csv", doctors)
    _write(folder / "appointments.csv", appointments)
    _write(folder / "treatments.csv", treatments)
    _write(folder / "billing.csv", bills)


def _care(folder: Path, people: list[dict], found: Identifiers, share: int) -> None:
    rows = []
    for number in range(2 * len(people)):
        who = people[number % len(people)]
        hostile = number % share == 0
        episode = f"EZQ{70_000 + number}"
        found.add("record number", episode)
        day = datetime.date(2026, 3, 1) + datetime.timedelta(days=number % 100)
        rows.append(
            {
                "patient_id": who["patient_id"],
                "date": day.isoformat(),
                "year": day.year,
                "month": day.month,
                "quarter": f"Q{(day.month + 2) // 3}",
                "facility": remark(number, who) if hostile else "Banksia Bay",
                "department": remark(number + 1, who) if number % 9 == 0 else "Surgery",
                "treatment_type": remark(number + 2, who) if number % 7 == 0 else "Surgery",
                "patient_age": number % len(people),
                "patient_gender": full_name(who) if number % 11 == 0 else "M",
                "length_of_stay": who["phone"] if number % 13 == 0 else "2.0",
                "treatment_cost": full_name(who) if number % 17 == 0 else "900.00",
                "treatment_success": "Yes",
                "patient_satisfaction": full_name(who) if number % 19 == 0 else "8.0",
                "readmission_30d": "No",
                "insurance_type": remark(number + 3, who) if hostile else "Public",
                "episode_id": episode,
                "diagnosis_group": remark(number, who) if number % 5 == 0 else "joint",
                "disposition": full_name(who) if number % 23 == 0 else "home",
                "region": remark(number, who) if number % 6 == 0 else "Coast",
            }
        )
    _write(folder / "episodes.csv", rows)


def _registry(folder: Path, people: list[dict], found: Identifiers, share: int) -> None:
    rows = []
    for number, who in enumerate(people):
        hostile = number % share == 0
        day = datetime.date(2023, 3, 1) + datetime.timedelta(days=3 * number)
        rows.append(
            {
                "patient_id": who["patient_id"],
                "age": number,
                "gender": "Female",
                "diagnosis_date": day.isoformat(),
                "cancer_type": remark(number, who) if hostile else "Breast",
                "treatment": remark(number + 1, who) if hostile else "Surgery",
                "region": remark(number + 2, who) if hostile else "NSW",
                "survival_months": full_name(who) if number % 9 == 0 else str(6 + number % 20),
                "hospital": remark(number + 3, who) if hostile else "Banksia Bay Hospital",
                "stage": full_name(who) if number % 11 == 0 else "II",
                "vital_status": "alive" if number % 2 else "dead",
                "last_contact_date": who["phone"] if number % 13 == 0 else "2026-04-04",
            }
        )
    _write(folder / "cases.csv", rows)


def _surveys(folder: Path, people: list[dict], found: Identifiers, share: int) -> None:
    rows = []
    for number in range(24):
        response = f"RZQ{70_000 + number}"
        found.add("record number", response)
        hostile = number % share == 0
        rows.append(
            {
                "response_id": response,
                "survey_date": "2026-03-04",
                "facility": remark(number, people[number]) if hostile else "Banksia Bay Hospital",
                "department": "Emergency Department",
                **{f"item_{item}": 1 + (number + item) % 7 for item in range(1, 8)},
                "role": full_name(people[number]),
            }
        )
    _write(folder / "responses.csv", rows)
