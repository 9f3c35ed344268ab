"""The facts in pandas, as notebooks make them: read, parse, drop duplicates, merge, store.

Usage: imported by pandas_cubes.py; nothing to run.

By itself it keeps the ids of the source, as notebooks do; with a secret it works out the keyed hash
of every record's number, which the warehouse, the floor and PostgreSQL always do.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

SEEDS = Path(__file__).resolve().parents[2] / "seeds" / "reference"
NOTHING = ["", "?", "na", "n/a", "null", "nan", "-", "--", ".", "<na>", "nat", "nil"]
TOTALS = ["total", "totals", "grand total", "subtotal", "sub-total", "all"]
LOW, HIGH = pd.Timestamp("1990-01-01"), pd.Timestamp("2099-12-31 23:59:59")
YES, NO = ["true", "t", "yes", "y", "1"], ["false", "f", "no", "n", "0"]
DAY = pd.Timedelta(days=1)
RECORDS = ("appointment_id", "treatment_id", "bill_id", "patient_id", "episode_id")
BANDS = np.array([f"{n:02d}-{n + 4:02d}" for n in range(0, 85, 5)] + ["85+", "unknown"])

CODES = pd.read_csv(SEEDS / "code_map.csv", dtype=str, keep_default_na=False)
FACILITIES = pd.read_csv(SEEDS / "facility_aliases.csv", dtype=str)
DEPARTMENTS = pd.read_csv(SEEDS / "department_aliases.csv", dtype=str)


def by_value(column: pd.Series, change) -> pd.Series:
    """Change a text column with few different values: each value once."""
    return column.map({value: change(value) for value in column.dropna().unique()})


def code(frame: pd.DataFrame, system: str, column: str) -> pd.Series:
    """The code of each raw word, missing where there is none."""
    mine = CODES[(CODES.source_system == system) & (CODES.column_name == column)]
    words = dict(zip(mine.raw_value.str.lower(), mine.code, strict=True))
    return by_value(frame[column], lambda word: words.get(word.lower()))


def named(column: pd.Series) -> pd.Series:
    """A category's texts, missing where they stand for nothing."""
    return by_value(column, lambda text: None if text.lower() in NOTHING else text)


def name(frame: pd.DataFrame, system: str, column: str) -> pd.Series:
    """The name of a category."""
    return code(frame, system, column).fillna(named(frame[column]))


def slug(column: pd.Series) -> pd.Series:
    """Readable ids."""
    return column.str.lower().str.replace("[^a-z0-9]+", "_", regex=True).str.strip("_")


def place(aliases: pd.DataFrame, key: str, system: str, names: pd.Series) -> pd.Series:
    """The ids of facilities or departments by their names."""
    mine = aliases[aliases.source_system == system]
    known = dict(zip(mine.source_name, mine[key], strict=True))
    slugs = dict(zip(names.unique(), slug(pd.Series(names.unique(), dtype=str)), strict=True))
    return by_value(names, lambda text: known.get(text, f"{system}.{slugs[text]}")).fillna(
        "unknown"
    )


def day(column: pd.Series) -> pd.Series:
    """Days."""
    return pd.to_datetime(column, format="%Y-%m-%d", errors="coerce")


def stamp(column: pd.Series) -> pd.Series:
    """Times with their day."""
    return pd.to_datetime(column, format="%Y-%m-%d %H:%M", errors="coerce")


def usable(times: pd.Series) -> pd.Series:
    """Days or times within what can be meant."""
    return times.where(times.between(LOW, HIGH))


def number(column: pd.Series, low: float, high: float) -> pd.Series:
    """Numbers within a range."""
    values = pd.to_numeric(column, errors="coerce")
    return values.where(values.between(low, high))


def amount(column: pd.Series) -> pd.Series:
    """Dollars."""
    return number(column, 0, 100_000_000)


def yes_no(column: pd.Series) -> pd.Series:
    """Yes or no."""
    words = dict.fromkeys(YES, True) | dict.fromkeys(NO, False)
    return by_value(column, lambda word: words.get(word.lower())).astype("boolean")


def band(ages: pd.Series) -> np.ndarray:
    """Five-year bands."""
    return BANDS[(ages // 5).clip(0, 17).fillna(18).astype(int)]


def years(born: pd.Series, then: pd.Series) -> pd.Series:
    """Completed years."""

    def digits(days: pd.Series) -> pd.Series:
        return days.dt.year * 10000 + days.dt.month * 100 + days.dt.day

    return ((digits(then) - digits(born)) // 10000).where(born <= then)


class Work:
    """All tables, one after the other."""

    def __init__(self, data: Path, output: Path, secret: str | None = None) -> None:
        """Where to read and where to write, and the secret of the keyed ids."""
        self.data, self.output, self.secret = data, output, secret
        self.rejects: list[pd.DataFrame] = []

    def store(self, table: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Write a table and keep it."""
        frame.to_parquet(self.output / f"{table}.parquet", index=False)
        return frame

    def raw(self, table: str) -> pd.DataFrame:
        """All rows of a table in the order of its files."""
        files = sorted((self.data / table).glob("*.parquet"), key=lambda path: path.stem)
        frames = []
        for path in files:
            frame = pd.read_parquet(path)
            frame["source_file"] = f"{table}/{path.name}"
            frame["row_number"] = np.arange(1, len(frame) + 1)
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def usable(
        self, table: str, key: str, date: str | None, key2: str | None = None
    ) -> pd.DataFrame:
        """The newest version of each usable row; the others are kept with their reason."""
        frame = self.raw(table)
        known = frame[key].where(~frame[key].str.lower().isin(NOTHING))
        if key2:
            known = known.fillna(frame[key2].where(~frame[key2].str.lower().isin(NOTHING)))
        total = frame[key].str.lower().isin(TOTALS)
        good = known.notna() & ~total
        if date:
            frame["day"] = usable(day(frame[date]))
            good &= frame.day.notna()
        bad = frame[~good]
        dated = bad[date].where(~bad[date].str.lower().isin(NOTHING)) if date else known[~good]
        columns = bad.columns.difference(["source_file", "row_number", "day"])
        reason = np.select(
            [bad[columns].isna().all(axis=1), total[~good], known[~good].isna(), dated.isna()],
            ["blank_row", "totals_row", "missing_key", "missing_date"],
            "unusable_date",
        )
        rejected = bad[["source_file", "row_number"]].assign(
            source_table=table.rpartition("/")[2], reason=reason
        )
        self.rejects.append(rejected)
        frame["key"] = known
        frame = frame[good].drop_duplicates("key", keep="last")
        if self.secret:
            frame = self.keyed(frame, table, key)
        return frame.drop(columns=["source_file", "row_number"])

    def keyed(self, frame: pd.DataFrame, table: str, key: str) -> pd.DataFrame:
        """Records' numbers as keyed hashes: 63 bits of SHA-256, each different number once."""
        system = table.partition("/")[0]
        for column in {key, "key", *RECORDS} & set(frame.columns) - {"doctor_id"}:
            entity = key if column == "key" else column
            if entity == "doctor_id":
                continue
            begin = hashlib.sha256(f"{self.secret}|{system}|{entity[:-3]}|".encode())
            places, numbers = pd.factorize(frame[column])
            hashes = np.empty(len(numbers) + 1, dtype=np.int64)
            hashes[-1] = -1  # the place of a missing number
            for place_, number_ in enumerate(numbers):
                digest = begin.copy()
                digest.update(number_.encode())
                hashes[place_] = int.from_bytes(digest.digest()[:8], "big") >> 1
            frame[column] = hashes[places]
        return frame

    def doctors(self) -> pd.DataFrame:
        """dim_doctors."""
        system = "hospital_ops"
        raw = self.usable(f"{system}/doctors", "doctor_id", None)
        branch, specialty = (
            name(raw, system, "hospital_branch"),
            name(raw, system, "specialization"),
        )
        return self.store(
            "dim_doctors",
            pd.DataFrame(
                {
                    "doctor_id": raw.key,
                    "facility_id": place(FACILITIES, "facility_id", system, branch),
                    "department_id": place(DEPARTMENTS, "department_id", system, specialty),
                    "specialization": specialty.fillna("unknown"),
                    "years_experience": number(raw.years_experience, 0, 80),
                }
            ),
        )

    def people(self) -> pd.DataFrame:
        """The hospital's patients."""
        system = "hospital_ops"
        raw = self.usable(f"{system}/patients", "patient_id", None)
        born, registered = day(raw.date_of_birth), day(raw.registration_date)
        age = (registered - born).dt.days.fillna(0)
        fits = age.between(0, 43830) & born.between(pd.Timestamp("1870-01-01"), HIGH)
        return pd.DataFrame(
            {
                "patient_id": raw.key,
                "gender": code(raw, system, "gender").fillna("unknown"),
                "born": born.where(fits),
                "insurance": named(raw.insurance_provider).fillna("unknown"),
                "region": name(raw, system, "region").fillna("unknown"),
            }
        )

    def appointments(self, doctors: pd.DataFrame, people: pd.DataFrame):
        """fct_appointments, and the as-of date."""
        system = "hospital_ops"
        raw = self.usable(f"{system}/appointments", "appointment_id", "appointment_date")
        status = code(raw, system, "status")
        as_of = raw.day[status.isin(["attended", "no_show"])].max() + DAY
        raw["status"] = status
        raw = raw.merge(
            doctors[["doctor_id", "facility_id", "department_id"]], on="doctor_id", how="left"
        ).merge(people[["patient_id", "gender", "born"]], on="patient_id", how="left")
        minutes = pd.to_timedelta(
            by_value(raw.appointment_time, lambda text: _clock(text)).astype(float), unit="m"
        )
        started = raw.day + minutes
        booked = usable(stamp(raw.booked_at).dt.normalize())
        lead = (raw.day - booked).dt.days
        is_cancelled = raw.status == "cancelled"
        notice = (started - usable(stamp(raw.cancelled_at))).dt.total_seconds() / 3600
        notice = notice.where(is_cancelled)
        outcome = raw.status.where(
            raw.status.isin(["attended", "no_show", "cancelled"]), "unresolved"
        )
        frame = pd.DataFrame(
            {
                "appointment_id": raw.key,
                "facility_id": raw.facility_id.fillna("unknown"),
                "department_id": raw.department_id.fillna("unknown"),
                "doctor_id": raw.doctor_id.where(raw.facility_id.notna(), "unknown"),
                "patient_id": raw.patient_id.where(raw.gender.notna()),
                "appointment_date": raw.day,
                "appointment_hour": minutes.dt.total_seconds() // 3600,
                "started_at": started,
                "outcome": outcome.where(raw.day < as_of, "future"),
                "reason": named(raw.reason_for_visit).fillna("unknown"),
                "lead_days": lead.where(lead >= 0),
                "duration_minutes": number(raw.duration_minutes, 1, 1440),
                "cancelled_by": code(raw, system, "cancelled_by").where(is_cancelled),
                "notice_hours": notice,
                "is_late_cancellation": (notice < 24).where(notice.notna()).astype("boolean"),
                "age_band": band(years(raw.born, raw.day)),
                "gender": raw.gender.fillna("unknown"),
            }
        )
        return self.store("fct_appointments", frame), as_of

    def treatments(self, appointments: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
        """fct_treatments."""
        raw = self.usable("hospital_ops/treatments", "treatment_id", "treatment_date").merge(
            appointments[["appointment_id", "patient_id", "facility_id", "doctor_id", "outcome"]],
            on="appointment_id",
            how="left",
        )
        frame = pd.DataFrame(
            {
                "treatment_id": raw.key,
                "appointment_id": raw.appointment_id.where(raw.outcome.notna()),
                "patient_id": raw.patient_id,
                "facility_id": raw.facility_id.fillna("unknown"),
                "doctor_id": raw.doctor_id.fillna("unknown"),
                "treatment_type": named(raw.treatment_type).fillna("unknown"),
                "treatment_date": raw.day,
                "is_future": raw.day >= as_of,
                "cost": amount(raw.cost),
                "appointment_outcome": raw.outcome.fillna("unknown"),
            }
        )
        return self.store("fct_treatments", frame)

    def bills(
        self, treatments: pd.DataFrame, people: pd.DataFrame, as_of: pd.Timestamp
    ) -> pd.DataFrame:
        """fct_bills."""
        system = "hospital_ops"
        raw = self.usable(f"{system}/billing", "bill_id", "bill_date").merge(
            treatments[["treatment_id", "facility_id", "appointment_outcome"]],
            on="treatment_id",
            how="left",
        )
        raw = raw.merge(people[["patient_id", "gender"]], on="patient_id", how="left")
        billed, adjusted = amount(raw.amount), amount(raw.adjustment_amount)
        status = code(raw, system, "payment_status").fillna("unknown")
        rest = (billed - adjusted.fillna(0)).mask(adjusted > billed, 0).mask(status != "paid", 0)
        frame = pd.DataFrame(
            {
                "bill_id": raw.key,
                "treatment_id": raw.treatment_id.where(raw.facility_id.notna()),
                "patient_id": raw.patient_id.where(raw.gender.notna()),
                "facility_id": raw.facility_id.fillna("unknown"),
                "bill_date": raw.day,
                "is_future": raw.day >= as_of,
                "paid_date": usable(day(raw.paid_at)),
                "billed_amount": billed,
                "paid_amount": amount(raw.paid_amount).fillna(rest),
                "adjustment_amount": adjusted.fillna(0),
                "payment_method": code(raw, system, "payment_method").fillna("unknown"),
                "payment_status": status,
                "appointment_outcome": raw.appointment_outcome.fillna("unknown"),
            }
        )
        return self.store("fct_bills", frame)


def _clock(text: str) -> float | None:
    """Minutes after midnight."""
    hours, _, minutes = text.partition(":")
    if hours.isdigit() and minutes.isdigit() and int(hours) < 24 and int(minutes) < 60:
        return int(hours) * 60 + int(minutes)
    return None
