"""The facts in Polars: lazy queries over the same Parquet files, results stored as Parquet.

Usage: imported by polars_cubes.py; nothing to run.

By itself it keeps the ids of the source, as notebooks do; with a secret it works out the keyed hash
of every record's number, which the warehouse, the floor and PostgreSQL always do. Polars has no
SHA-256 of its own, so Python's is called for each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import polars as pl

SEEDS = Path(__file__).resolve().parents[2] / "seeds" / "reference"
NOTHING = ["", "?", "na", "n/a", "null", "nan", "-", "--", ".", "<na>", "nat", "nil"]
TOTALS = ["total", "totals", "grand total", "subtotal", "sub-total", "all"]
LOW, HIGH = pl.date(1990, 1, 1), pl.date(2099, 12, 31)
YES, NO = ["true", "t", "yes", "y", "1"], ["false", "f", "no", "n", "0"]
RECORDS = ("appointment_id", "treatment_id", "bill_id", "patient_id", "episode_id")
c = pl.col


class Words:
    """The code map and the names of facilities and departments, as the warehouse has them."""

    def __init__(self) -> None:
        """Read the seeds."""
        self.codes: dict[tuple[str, str], dict[str, str]] = {}
        table = pl.read_csv(SEEDS / "code_map.csv", infer_schema=False)
        for system, field, word, code in table.iter_rows():
            self.codes.setdefault((system, field), {})[word.lower()] = code
        self.facilities = self._names("facility")
        self.departments = self._names("department")

    def _names(self, kind: str) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        table = pl.read_csv(SEEDS / f"{kind}_aliases.csv", infer_schema=False)
        for system, name, key, _ in table.iter_rows():
            found.setdefault(system, {})[name] = key
        return found

    def code(self, system: str, column: str) -> pl.Expr:
        """The code of a raw word, null where there is none."""
        words = self.codes.get((system, column))
        if not words:
            return pl.lit(None, dtype=pl.String)
        return c(column).str.to_lowercase().replace_strict(words, default=None)

    def name(self, system: str, column: str) -> pl.Expr:
        """The name of a category."""
        return pl.coalesce(self.code(system, column), named(column))

    def place(self, names: dict, system: str, name: pl.Expr) -> pl.Expr:
        """The id of a facility or department by its name."""
        return pl.coalesce(
            name.replace_strict(names.get(system, {}), default=None),
            pl.lit(f"{system}.") + slug(name),
            pl.lit("unknown"),
        )


def named(column: str) -> pl.Expr:
    """A text, null where it stands for nothing."""
    return pl.when(~c(column).str.to_lowercase().is_in(NOTHING)).then(c(column))


def slug(text: pl.Expr) -> pl.Expr:
    """A readable id."""
    return text.str.to_lowercase().str.replace_all("[^a-z0-9]+", "_").str.strip_chars("_")


def day(column: str) -> pl.Expr:
    """A day."""
    return c(column).str.to_date("%Y-%m-%d", strict=False)


def usable(value: pl.Expr) -> pl.Expr:
    """A day or time within what can be meant."""
    return pl.when(value.cast(pl.Date).is_between(LOW, HIGH)).then(value)


def stamp(column: str) -> pl.Expr:
    """A time with its day."""
    return c(column).str.to_datetime("%Y-%m-%d %H:%M", strict=False, time_unit="us")


def amount(column: str, high: int = 100_000_000) -> pl.Expr:
    """Dollars."""
    value = c(column).cast(pl.Float64, strict=False)
    return pl.when(value.is_between(0, high)).then(value)


def whole(column: str, low: int, high: int) -> pl.Expr:
    """A whole number."""
    value = c(column).cast(pl.Int64, strict=False)
    return pl.when(value.is_between(low, high)).then(value)


def yes_no(column: str) -> pl.Expr:
    """Yes or no."""
    text = c(column).str.to_lowercase()
    return pl.when(text.is_in(YES)).then(True).when(text.is_in(NO)).then(False)


def band(age: pl.Expr) -> pl.Expr:
    """Five-year bands."""
    labels = {n: f"{n:02d}-{n + 4:02d}" for n in range(0, 85, 5)} | {85: "85+"}
    lower = (age // 5 * 5).clip(0, 85).cast(pl.Int32)
    return lower.replace_strict(labels, default=None, return_dtype=pl.String).fill_null("unknown")


def years(birth: pl.Expr, then: pl.Expr) -> pl.Expr:
    """Completed years."""

    def digits(d: pl.Expr) -> pl.Expr:
        return d.dt.year() * 10000 + d.dt.month().cast(pl.Int32) * 100 + d.dt.day()

    return pl.when(birth <= then).then((digits(then) - digits(birth)) // 10000)


class Work:
    """All tables, one after the other."""

    def __init__(self, data: Path, output: Path, secret: str | None = None) -> None:
        """Where to read and where to write, and the secret of the keyed ids."""
        self.data, self.output, self.words, self.secret = data, output, Words(), secret
        self.rejects: list[pl.DataFrame] = []

    def raw(self, place: str) -> pl.LazyFrame:
        """All rows of a table in the order of its files, each with its file's name."""
        files = sorted((self.data / place).glob("*.parquet"), key=lambda path: path.stem)
        return pl.concat(
            [
                pl.scan_parquet(path, row_index_name="row_number", row_index_offset=1).with_columns(
                    pl.lit(f"{place}/{path.name}").alias("source_file"), pl.lit(n).alias("file")
                )
                for n, path in enumerate(files)
            ]
        )

    def store(self, name: str, frame: pl.LazyFrame) -> pl.LazyFrame:
        """Write a table; what follows reads it from there."""
        path = self.output / f"{name}.parquet"
        frame.sink_parquet(path)
        return pl.scan_parquet(path)

    def usable(self, place: str, key: str, date: str | None, key2: str | None = None):
        """The newest version of each usable row; the others are kept with their reason."""
        frame = self.raw(place)
        shape = frame.collect_schema().names()
        blank = pl.all_horizontal(
            c(name).is_null() for name in shape if name not in ("row_number", "source_file", "file")
        )
        known = pl.coalesce(named(key), named(key2)) if key2 else named(key)
        total = c(key).str.to_lowercase().is_in(TOTALS).fill_null(False)
        in_time = usable(day(date)).is_not_null() if date else pl.lit(True)
        good = known.is_not_null() & ~total & in_time
        reason = (
            pl.when(blank).then(pl.lit("blank_row"))
            .when(total).then(pl.lit("totals_row"))
            .when(known.is_null()).then(pl.lit("missing_key"))
            .when((named(date) if date else known).is_null()).then(pl.lit("missing_date"))
            .otherwise(pl.lit("unusable_date"))
        )  # fmt: skip
        self.rejects.append(
            frame.filter(~good)
            .select(
                pl.lit(place.rpartition("/")[2]).alias("source_table"), "source_file",
                c("row_number").cast(pl.Int64), reason.alias("reason"),
            )
            .collect(engine="streaming")
        )  # fmt: skip
        frame = frame.filter(good)
        keys = frame.select(known.alias("key"), "file", "row_number")
        repeated = keys.select("key").group_by("key").len().filter(c("len") > 1).select("key")
        old = (
            keys.join(repeated, on="key", how="semi")
            .sort("file", "row_number")
            .filter(c("row_number").cum_count(reverse=True).over("key") > 1)
            .select("file", "row_number")
            .collect(engine="streaming")
        )
        frame = frame.join(old.lazy(), on=["file", "row_number"], how="anti").with_columns(
            known.alias("key")
        )
        return self.keyed(frame, place, key, shape) if self.secret else frame

    def keyed(self, frame: pl.LazyFrame, place: str, key: str, shape: list[str]) -> pl.LazyFrame:
        """Records' numbers as keyed hashes: 63 bits of SHA-256."""
        system = place.partition("/")[0]

        def hashed(entity: str) -> Callable[[pl.Series], pl.Series]:
            begin = hashlib.sha256(f"{self.secret}|{system}|{entity[:-3]}|".encode())

            def one(number: str | None) -> int | None:
                if number is None:
                    return None
                digest = begin.copy()
                digest.update(number.encode())
                return int.from_bytes(digest.digest()[:8], "big") >> 1

            return lambda numbers: pl.Series([one(each) for each in numbers], dtype=pl.Int64)

        if key == "doctor_id":
            return frame
        columns = {name: name for name in RECORDS if name in shape and name != key}
        return frame.with_columns(
            (named(column) if column != "key" else c(column))
            .map_batches(hashed(entity), return_dtype=pl.Int64, is_elementwise=True)
            .alias(column)
            for column, entity in (columns | {"key": key}).items()
        )

    def doctors(self) -> pl.DataFrame:
        """dim_doctors."""
        w, system = self.words, "hospital_ops"
        frame = self.usable(f"{system}/doctors", "doctor_id", None).select(
            "doctor_id",
            w.place(w.facilities, system, w.name(system, "hospital_branch")).alias("facility_id"),
            w.place(w.departments, system, w.name(system, "specialization")).alias("department_id"),
            w.name(system, "specialization").fill_null("unknown").alias("specialization"),
            whole("years_experience", 0, 80).alias("years_experience"),
        )
        return self.store("dim_doctors", frame).collect()

    def people(self) -> pl.DataFrame:
        """The hospital's patients, for the appointments."""
        w, system = self.words, "hospital_ops"
        born, registered = day("date_of_birth"), day("registration_date")
        age = (registered - born).dt.total_days().fill_null(0)
        in_range = born.is_between(pl.date(1870, 1, 1), HIGH)
        frame = self.usable(f"{system}/patients", "patient_id", None).select(
            c("key").alias("patient_id"),
            w.code(system, "gender").fill_null("unknown").alias("gender"),
            pl.when(age.is_between(0, 43830) & in_range).then(born).alias("born"),
            named("insurance_provider").fill_null("unknown").alias("insurance"),
            w.name(system, "region").fill_null("unknown").alias("region"),
        )
        return frame.collect(engine="streaming")

    def appointments(self, doctors: pl.DataFrame, people: pl.DataFrame):
        """fct_appointments, and the as-of date."""
        w, system = self.words, "hospital_ops"
        frame = self.usable(f"{system}/appointments", "appointment_id", "appointment_date")
        as_of = (
            frame.filter(w.code(system, "status").is_in(["attended", "no_show"]))
            .select(day("appointment_date").max() + pl.duration(days=1))
            .collect(engine="streaming").item()
        )  # fmt: skip
        clock = c("appointment_time").str.zfill(5).str.to_time("%H:%M", strict=False)
        notice = (usable(stamp("cancelled_at")) - c("started_at")).dt.total_seconds() / -3600
        status, booked = c("status_code"), usable(stamp("booked_at").cast(pl.Date))
        cancelled = status == "cancelled"
        frame = (
            frame.with_columns(
                day("appointment_date").alias("day"), clock.alias("clock"),
                w.code(system, "status").alias("status_code"),
            )
            .with_columns(c("day").dt.combine(c("clock")).alias("started_at"))
            .join(doctors.lazy().select("doctor_id", "facility_id", "department_id",
                                        c("doctor_id").alias("known")), on="doctor_id", how="left")
            .join(people.lazy().select("patient_id", "gender", "born",
                                       c("patient_id").alias("patient")),
                  on="patient_id", how="left")
            .select(
                c("key").alias("appointment_id"),
                *(c(name).fill_null("unknown") for name in ("facility_id", "department_id")),
                c("known").fill_null("unknown").alias("doctor_id"),
                c("patient").alias("patient_id"),
                c("day").alias("appointment_date"),
                c("clock").dt.hour().cast(pl.Int64).alias("appointment_hour"),
                "started_at",
                pl.when(c("day") >= as_of).then(pl.lit("future"))
                .when(status.is_in(["attended", "no_show", "cancelled"])).then(status)
                .otherwise(pl.lit("unresolved")).alias("outcome"),
                named("reason_for_visit").fill_null("unknown").alias("reason"),
                pl.when(booked <= c("day")).then((c("day") - booked).dt.total_days())
                .alias("lead_days"),
                whole("duration_minutes", 1, 1440).alias("duration_minutes"),
                pl.when(cancelled).then(w.code(system, "cancelled_by")).alias("cancelled_by"),
                pl.when(cancelled).then(notice).alias("notice_hours"),
                pl.when(cancelled).then(notice < 24).alias("is_late_cancellation"),
                band(years(c("born"), c("day"))).alias("age_band"),
                c("gender").fill_null("unknown"),
            )
        )  # fmt: skip
        return self.store("fct_appointments", frame), as_of

    def treatments(self, appointments: pl.LazyFrame, as_of) -> pl.LazyFrame:
        """fct_treatments."""
        links = appointments.select(
            "appointment_id", "patient_id", "facility_id", "doctor_id",
            c("outcome").alias("appointment_outcome"), c("appointment_id").alias("linked"),
        )  # fmt: skip
        frame = (
            self.usable("hospital_ops/treatments", "treatment_id", "treatment_date")
            .join(links, on="appointment_id", how="left")
            .select(
                c("key").alias("treatment_id"),
                c("linked").alias("appointment_id"),
                "patient_id",
                *(
                    c(name).fill_null("unknown")
                    for name in ("facility_id", "doctor_id", "appointment_outcome")
                ),
                named("treatment_type").fill_null("unknown").alias("treatment_type"),
                day("treatment_date").alias("treatment_date"),
                (day("treatment_date") >= as_of).alias("is_future"),
                amount("cost").alias("cost"),
            )
        )
        return self.store("fct_treatments", frame)

    def bills(self, treatments: pl.LazyFrame, people: pl.DataFrame, as_of) -> pl.LazyFrame:
        """fct_bills."""
        w, system = self.words, "hospital_ops"
        links = treatments.select(
            "treatment_id", "facility_id", "appointment_outcome",
            c("treatment_id").alias("linked"),
        )  # fmt: skip
        billed, adjusted = amount("amount"), amount("adjustment_amount")
        status = w.code(system, "payment_status").fill_null("unknown")
        known = people.lazy().select("patient_id", c("patient_id").alias("patient"))
        frame = (
            self.usable(f"{system}/billing", "bill_id", "bill_date")
            .join(links, on="treatment_id", how="left")
            .join(known, on="patient_id", how="left")
            .select(
                c("key").alias("bill_id"),
                c("linked").alias("treatment_id"),
                c("patient").alias("patient_id"),
                *(c(n).fill_null("unknown") for n in ("facility_id", "appointment_outcome")),
                day("bill_date").alias("bill_date"),
                (day("bill_date") >= as_of).alias("is_future"),
                usable(day("paid_at")).alias("paid_date"),
                billed.alias("billed_amount"),
                pl.coalesce(
                    amount("paid_amount"),
                    pl.when(status != "paid").then(0.0)
                    .when(adjusted > billed).then(0.0)
                    .otherwise(billed - adjusted.fill_null(0)),
                ).alias("paid_amount"),
                adjusted.fill_null(0).alias("adjustment_amount"),
                w.code(system, "payment_method").fill_null("unknown").alias("payment_method"),
                status.alias("payment_status"),
            )
        )  # fmt: skip
        return self.store("fct_bills", frame)
