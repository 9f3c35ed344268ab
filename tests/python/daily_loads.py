"""A small hospital network whose extract comes in random daily files.

Usage: imported by the tests of increments. `Loads(folder, seed)` writes a history; each `step()`
changes the folder as a day of a real feed might: new rows, corrections, withdrawals, late files
that sort before older ones, files that are taken away or written anew, or nothing at all.
"""

from __future__ import annotations

import csv
import random
from datetime import date, datetime, timedelta
from pathlib import Path

FIRST_DAY = date(2024, 1, 1)
FACILITIES = ["North Hospital", "South Hospital", "East Clinic"]
DEPARTMENTS = ["Surgery", "Emergency", "General Medicine"]
STATUSES = ["Completed", "No-show", "Cancelled", "Scheduled", "Vanished", ""]
KINDS = ["ECG", "X-Ray", "MRI"]


class Loads:
    """The raw folder, and what was written into it so far."""

    def __init__(self, folder: Path, seed: int, size: int = 120) -> None:
        """Write a history of about `size` records a table."""
        self.folder = folder
        self.random = random.Random(seed)
        self.today = FIRST_DAY + timedelta(days=60)
        self.files = 0
        self.ids = dict.fromkeys(_TABLES, 0)
        for table, share in _SHARES.items():
            for part in range(3):
                self._write(table, f"0{part}-history", max(3, int(size * share / 3)), new=0.9)

    def step(self) -> str:
        """One day: what was done, for the message of a failing test."""
        self.today += timedelta(days=self.random.choice([1, 1, 1, 2, 40]))
        done = []
        for table in _TABLES:
            kind = self.random.choice(["none", "new", "new", "new", "late", "remove", "rewrite"])
            self.files += 1
            files = sorted((self.folder / table).glob("*.csv"))
            if kind == "new":
                self._write(table, f"1{self.files:03}-day", self.random.randint(1, 9), new=0.5)
            elif kind == "late":
                self._write(table, f"00{self.files:03}-late", self.random.randint(1, 5), new=0.3)
            elif kind == "remove" and len(files) > 2:
                self.random.choice(files).unlink()
            elif kind == "rewrite":
                name = self.random.choice(files).stem
                self._write(table, name, self.random.randint(1, 12), new=0.4)
            done.append(f"{table} {kind}")
        return ", ".join(done)

    def _write(self, table: str, name: str, rows: int, new: float) -> None:
        path = self.folder / table / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        records = [self._record(table, new) for _ in range(rows)]
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, records[0].keys())
            writer.writeheader()
            writer.writerows(records)

    def _record(self, table: str, new: float) -> dict[str, object]:
        if self.random.random() < new:
            self.ids[table] += 1
            number = self.ids[table]
        else:
            number = self.random.randint(1, max(1, self.ids[table]))
        record = _TABLES[table](self, number)
        if self.random.random() < 0.04:
            column = self.random.choice([*record])
            record[column] = self.random.choice(["", "N/A", "?", "2024-02-30", "-7"])
        version = self.random.random()
        record["record_status"] = "deleted" if version < 0.05 else ""
        record["record_updated_at"] = self._moment() if version > 0.8 else ""
        return record

    # Values

    def _id(self, table: str, letter: str) -> str:
        """The id of a record that may be there, or, now and then, never was."""
        return f"{letter}{self.random.randint(1, max(1, self.ids[table]) + 2)}"

    def _day(self, before: int = 70, after: int = 3) -> date:
        return self.today + timedelta(days=self.random.randint(-before, after))

    def _moment(self) -> str:
        moment = datetime.combine(self._day(), datetime.min.time())
        return f"{moment + timedelta(minutes=self.random.randint(0, 1439)):%Y-%m-%d %H:%M:%S}"

    def _doctor(self, number: int) -> dict[str, object]:
        return {
            "doctor_id": f"D{number}",
            "first_name": "A",
            "last_name": "B",
            "specialization": self.random.choice(DEPARTMENTS),
            "phone_number": "1",
            "years_experience": self.random.randint(1, 40),
            "hospital_branch": self.random.choice(FACILITIES),
            "email": "",
        }

    def _patient(self, number: int) -> dict[str, object]:
        born = date(1930, 1, 1) + timedelta(days=self.random.randint(0, 34000))
        return {
            "patient_id": f"P{number}",
            "first_name": "A",
            "last_name": "B",
            "gender": self.random.choice("MF"),
            "date_of_birth": born,
            "contact_number": "",
            "address": "",
            "registration_date": "2020-01-01",
            "insurance_provider": self.random.choice(["Wattle Cover", "Public only", ""]),
            "insurance_number": "",
            "email": self.random.choice(["", "a@b.example"]),
            "region": self.random.choice(["Coast", "Highlands"]),
        }

    def _appointment(self, number: int) -> dict[str, object]:
        return {
            "appointment_id": f"A{number}",
            "patient_id": self._id("hospital_ops/patients", "P"),
            "doctor_id": self._id("hospital_ops/doctors", "D"),
            "appointment_date": self._day(),
            "appointment_time": f"{self.random.randint(8, 17)}:30",
            "reason_for_visit": self.random.choice(["Checkup", "Follow-up"]),
            "status": self.random.choice(STATUSES),
            "booked_at": self._moment(),
            "cancelled_at": self._moment(),
            "cancelled_by": "patient",
            "duration_minutes": self.random.choice([15, 30]),
        }

    def _treatment(self, number: int) -> dict[str, object]:
        return {
            "treatment_id": f"T{number}",
            "appointment_id": self._id("hospital_ops/appointments", "A"),
            "treatment_type": self.random.choice(KINDS),
            "description": "",
            "cost": f"{self.random.uniform(1, 900):.2f}",
            "treatment_date": self._day(),
        }

    def _bill(self, number: int) -> dict[str, object]:
        return {
            "bill_id": f"B{number}",
            "patient_id": self._id("hospital_ops/patients", "P"),
            "treatment_id": self._id("hospital_ops/treatments", "T"),
            "bill_date": self._day(),
            "amount": f"{self.random.uniform(1, 900):.2f}",
            "payment_method": self.random.choice(["Cash", "Insurance"]),
            "payment_status": self.random.choice(["Paid", "Pending", "Failed"]),
            "paid_at": "",
            "paid_amount": "",
            "adjustment_amount": "",
        }

    def _episode(self, number: int) -> dict[str, object]:
        day = self._day()
        stay = self.random.randint(0, 20)
        is_stay = self.random.random() < 0.7
        return {
            "patient_id": f"C{self.random.randint(1, 40)}",
            "date": day,
            "year": day.year,
            "month": day.month,
            "quarter": "",
            "facility": self.random.choice(FACILITIES),
            "department": self.random.choice(DEPARTMENTS),
            "treatment_type": self.random.choice(KINDS),
            "patient_age": self.random.randint(0, 95),
            "patient_gender": self.random.choice("MF"),
            "length_of_stay": stay,
            "treatment_cost": f"{self.random.uniform(100, 9000):.2f}",
            "treatment_success": self.random.choice(["Yes", "No"]),
            "patient_satisfaction": self.random.choice(["", "7.5", "9", "Good"]),
            "readmission_30d": self.random.choice(["Yes", "No"]),
            "insurance_type": self.random.choice(["Public", "Private"]),
            "episode_id": f"E{number}",
            "admitted_at": f"{day} 09:00" if is_stay else "",
            "discharged_at": f"{day + timedelta(days=stay)} 11:00" if is_stay else "",
            "arrived_at": "" if is_stay else f"{day} 10:00",
            "seen_at": "" if is_stay else f"{day} 10:40",
            "departed_at": "" if is_stay else f"{day} 13:00",
            "disposition": self.random.choice(["home", "died", ""]),
            "admission_type": self.random.choice(["Emergency", "Elective"]),
            "is_planned": self.random.choice(["Y", "N"]),
        }

    def _case(self, number: int) -> dict[str, object]:
        day = self._day(500, 0)
        return {
            "patient_id": f"R{number}",
            "age": self.random.randint(20, 90),
            "gender": self.random.choice(["Male", "Female"]),
            "diagnosis_date": day,
            "cancer_type": self.random.choice(["Melanoma", "Lung"]),
            "treatment": self.random.choice(["Surgery", "Radiation"]),
            "region": self.random.choice(["VIC", "QLD"]),
            "survival_months": self.random.randint(1, 60),
            "hospital": self.random.choice(FACILITIES),
            "stage": "Stage II",
            "vital_status": self.random.choice(["alive", "dead"]),
            "last_contact_date": self._day(100, 0),
        }

    def _response(self, number: int) -> dict[str, object]:
        answers = {f"item_{item}": self.random.randint(1, 7) for item in range(1, 8)}
        return {
            "response_id": f"S{number}",
            "survey_date": self._day(60, 0),
            "facility": self.random.choice(FACILITIES),
            "department": self.random.choice(DEPARTMENTS),
            **answers,
        }


_TABLES = {
    "hospital_ops/doctors": Loads._doctor,
    "hospital_ops/patients": Loads._patient,
    "hospital_ops/appointments": Loads._appointment,
    "hospital_ops/treatments": Loads._treatment,
    "hospital_ops/billing": Loads._bill,
    "care_episodes/episodes": Loads._episode,
    "cancer_registry/cases": Loads._case,
    "team_surveys/responses": Loads._response,
}
_SHARES = {
    "hospital_ops/doctors": 0.1,
    "hospital_ops/patients": 0.5,
    "hospital_ops/appointments": 1.5,
    "hospital_ops/treatments": 1,
    "hospital_ops/billing": 1,
    "care_episodes/episodes": 1.5,
    "cancer_registry/cases": 0.4,
    "team_surveys/responses": 0.4,
}
