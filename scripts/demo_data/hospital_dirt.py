"""The dirt of the demo's hospital files: each kind is planted here and noted for the manifest.

Usage: imported by scripts/generate_demo_data.py; nothing to run.

Rows are chosen so that one thing never causes another: nothing refers to a rejected row.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import cycle

from demo_data.draws import Stream
from demo_data.hospital_people import AS_OF
from demo_data.tables import Row, Table

Tables = dict[str, Table]
ABSURD_DATE = "2099-03-04"
RELOADED_QUARTER = ("2024-10-01", "2024-12-31")


def always(_: Row) -> bool:
    """Let any row be chosen."""
    return True


def has(column: str) -> Callable[[Row], bool]:
    """Choose rows in which a column is filled."""
    return lambda row: bool(row.values[column])


def holds(column: str, value: str) -> Callable[[Row], bool]:
    """Choose rows with this value."""
    return lambda row: row.values[column] == value


def is_attended(row: Row) -> bool:
    """Choose attended appointments."""
    return row.source.outcome == "attended"


def is_attended_alone(row: Row) -> bool:
    """Choose attended appointments that no treatment refers to."""
    return is_attended(row) and row.source.treatments == 0


def has_no_appointment(row: Row) -> bool:
    """Choose patients that no appointment refers to."""
    return row.source.appointments == 0


@dataclass(frozen=True)
class Repair:
    """Some rows of a table get an unusable value in one column."""

    table: str
    column: str
    reason: str
    values: tuple[str, ...]
    number: int
    where: Callable[[Row], bool] = always


SENTINELS = ("?", "N/A", "-", "null", "NaN", "?")
BAD_DATES = ("2025-02-30", "31/31/2024", "1824-05-01", "3 July 2025", "2100-01-01", "2024-13-05")
NO_DATES = ("", "?", "N/A")
BAD_NUMBERS = ("12o.50", "about 90", "1.2.3", "$75")

REPAIRS = (
    Repair("doctors", "years_experience", "out_of_range", ("212", "-3"), 2),
    Repair("doctors", "years_experience", "not_a_number", ("twelve",), 1),
    Repair("doctors", "years_experience", "sentinel", ("N/A",), 1),
    Repair("patients", "gender", "sentinel", SENTINELS, 10),
    Repair("patients", "gender", "unmapped_code", ("Q", "see notes"), 6),
    Repair("patients", "region", "sentinel", SENTINELS, 14),
    Repair("patients", "insurance_provider", "sentinel", SENTINELS, 12),
    Repair("patients", "date_of_birth", "not_a_date", ("31/31/1980", "1975-02-29", "May 1960"), 6),
    Repair("patients", "date_of_birth", "out_of_range", ("1824-05-01", "1801-01-31"), 4),
    Repair("patients", "registration_date", "not_a_date", ("2021-02-30", "last week"), 5),
    Repair("appointments", "patient_id", "orphan", ("P90001", "P90002"), 8, is_attended_alone),
    Repair("appointments", "doctor_id", "orphan", ("D901", "D902"), 6, is_attended_alone),
    Repair("appointments", "appointment_time", "not_a_time", ("25:61", "9.30am"), 8, is_attended),
    Repair("appointments", "appointment_time", "sentinel", ("?", "N/A"), 4, is_attended),
    Repair("appointments", "reason_for_visit", "sentinel", SENTINELS, 18),
    Repair("appointments", "status", "unmapped_code", ("Reshuffled",), 12, is_attended_alone),
    Repair("appointments", "status", "sentinel", ("?", "NULL"), 4, is_attended_alone),
    Repair(
        "appointments",
        "booked_at",
        "not_a_timestamp",
        ("2025-02-30 10:00", "by phone", "2024-06-03 25:10"),
        9,
        is_attended,
    ),
    Repair(
        "appointments",
        "cancelled_at",
        "not_a_timestamp",
        ("yesterday", "2024-13-05 09:00"),
        6,
        has("cancelled_at"),
    ),
    Repair("appointments", "cancelled_by", "sentinel", ("-", "?"), 6, has("cancelled_by")),
    Repair("appointments", "cancelled_by", "unmapped_code", ("weather",), 6, has("cancelled_by")),
    Repair("appointments", "duration_minutes", "out_of_range", ("0", "9999", "-15"), 9),
    Repair("appointments", "duration_minutes", "not_a_number", ("half hour",), 3),
    Repair("treatments", "appointment_id", "orphan", ("A90001", "A90002"), 8),
    Repair("treatments", "cost", "sentinel", ("?", "NaN", "-"), 9),
    Repair("treatments", "cost", "not_a_number", BAD_NUMBERS, 8),
    Repair("treatments", "cost", "out_of_range", ("-120.00", "-0.01"), 6),
    Repair("billing", "patient_id", "orphan", ("P90001", "P90003"), 8),
    Repair("billing", "treatment_id", "orphan", ("T90001", "T90002"), 8),
    Repair("billing", "amount", "sentinel", ("?", "NULL"), 4),
    Repair("billing", "amount", "not_a_number", BAD_NUMBERS, 6),
    Repair("billing", "amount", "out_of_range", ("-88.00", "-1450.25"), 6),
    Repair("billing", "payment_method", "sentinel", ("?", "na"), 5),
    Repair("billing", "payment_method", "unmapped_code", ("Barter",), 7),
    Repair("billing", "payment_status", "sentinel", ("?",), 3),
    Repair("billing", "payment_status", "unmapped_code", ("Lost in post",), 6),
    Repair("billing", "paid_at", "not_a_date", ("2024-13-07", "2025-02-30"), 6, has("paid_at")),
    Repair("billing", "paid_amount", "not_a_number", ("6o.00",), 4, has("paid_amount")),
    Repair("billing", "paid_amount", "out_of_range", ("-45.00",), 4, has("paid_amount")),
    Repair("slots", "doctor_id", "orphan", ("D901",), 5, lambda row: row.source == "unfilled"),
    Repair("slots", "held", "unmapped_code", ("maybe",), 6),
    Repair("slots", "held", "sentinel", ("?", "-"), 4),
)


def plant(tables: Tables) -> None:
    """Plant everything; rows loaded twice are put aside first and copied last."""
    put_reloaded_bills_aside(tables["billing"])
    put_absurd_date(tables["appointments"])
    share_emails(tables["patients"])
    supersede_people(tables)
    supersede_appointments(tables["appointments"])
    for repair in REPAIRS:
        spoil_values(tables[repair.table], repair)
    spoil_related_dates(tables)
    spoil_two_columns(tables["patients"])
    reject_people(tables)
    reject_events(tables)
    reload_bills(tables["billing"])
    insert_blank_rows(tables)
    insert_totals(tables)


def paired(rows: list[Row], values: tuple[str, ...]) -> Iterator[tuple[Row, str]]:
    """Give every row a value, beginning anew when the values are used up."""
    return zip(rows, cycle(values), strict=False)


def is_in_reloaded_quarter(row: Row) -> bool:
    """Find the bills of the quarter that is loaded twice."""
    return RELOADED_QUARTER[0] <= row.values["bill_date"] <= RELOADED_QUARTER[1]


def put_reloaded_bills_aside(bills: Table) -> None:
    """Keep other dirt away from the quarter that is loaded twice."""
    for row in bills.rows:
        row.is_taken = row.is_taken or is_in_reloaded_quarter(row)


def put_absurd_date(appointments: Table) -> None:
    """Write one absurd future date, which is no dirt: the appointment is simply to come."""
    (row,) = appointments.pick(
        1,
        "absurd date",
        lambda row: row.source.day >= AS_OF and row.source.outcome == "scheduled",
    )
    row.values["appointment_date"] = ABSURD_DATE
    row.is_taken = True


def share_emails(patients: Table) -> None:
    """Register the same person several times, with different birth dates and one e-mail."""
    for number, size in enumerate((2, 2, 2, 2, 3, 3, 4, 2)):
        first, *others = patients.pick(size, f"shared e-mail {number}", has("email"))
        first.mark("flagged", "shared_email")
        for row in others:
            same = ("first_name", "last_name", "gender", "email")
            row.values.update({column: first.values[column] for column in same})
            row.mark("flagged", "shared_email")


def supersede_people(tables: Tables) -> None:
    """Write newer versions: patients who have moved, doctors with another telephone number."""
    for number, row in enumerate(tables["patients"].pick(24, "newer versions")):
        newer = tables["patients"].supersede(row)
        newer.values["contact_number"] = f"(02) 5550 {7000 + number}"
        newer.values["address"] = f"{number + 1} Grevillea Crescent, Gumnut Quay NSW 2998"
    for number, row in enumerate(tables["doctors"].pick(2, "newer versions")):
        newer = tables["doctors"].supersede(row)
        newer.values["phone_number"] = f"(02) 5550 {9000 + number}"


def supersede_appointments(appointments: Table) -> None:
    """Write newer versions of appointments: first the booking, later what became of it."""
    for number, row in enumerate(appointments.pick(32, "newer versions", is_attended)):
        old = {"status": "Scheduled"}
        if number % 4 == 0:
            week_before = row.source.day - timedelta(days=7)
            old["appointment_date"] = week_before.isoformat()
        appointments.supersede(row, **old)


def spoil_values(table: Table, repair: Repair) -> None:
    """Write unusable values into one column."""
    purpose = f"{repair.column} {repair.reason}"
    rows = table.pick(repair.number, purpose, repair.where)
    for row, value in paired(rows, repair.values):
        row.repair(repair.column, value, repair.reason)


def spoil_related_dates(tables: Tables) -> None:
    """Write dates that cannot be used because of another date in the same row."""
    patients, appointments = tables["patients"], tables["appointments"]
    for number, row in enumerate(patients.pick(8, "born later"), start=1):
        born = date.fromisoformat(row.values["registration_date"]) + timedelta(days=40 * number)
        row.repair("date_of_birth", born.isoformat(), "out_of_range")
    for number, row in enumerate(appointments.pick(10, "booked later", is_attended), start=1):
        booked = row.source.day + timedelta(days=number)
        row.repair("booked_at", f"{booked.isoformat()} 09:15", "after_event")


def spoil_two_columns(patients: Table) -> None:
    """Give a few rows two unusable values at once."""
    for row in patients.pick(3, "two columns"):
        row.repair("gender", "?", "sentinel")
        row.repair("region", "?", "sentinel")


def reject_people(tables: Tables) -> None:
    """Take the key away from people whom nothing refers to."""
    for row in tables["patients"].pick(5, "missing key", has_no_appointment):
        row.reject("missing_key", patient_id="")
    template = tables["doctors"].rows[7]
    extra = tables["doctors"].insert(template.values, "missing key", template.source)
    extra.reject("missing_key", doctor_id="", email="dr.nobody@example.org")


def reject_events(tables: Tables) -> None:
    """Spoil the keys and main dates of events that nothing refers to."""
    extra_treatments(tables["treatments"], 16)
    targets: tuple[tuple[str, str, str, Callable[[Row], bool]], ...] = (
        ("appointments", "appointment_id", "appointment_date", is_attended_alone),
        ("treatments", "treatment_id", "treatment_date", holds("description", "entered twice")),
        ("billing", "bill_id", "bill_date", always),
    )
    for name, key, main_date, where in targets:
        table = tables[name]
        for row in table.pick(4, "missing key", where):
            row.reject("missing_key", **{key: ""})
        for row, value in paired(table.pick(6, "missing date", where), NO_DATES):
            row.reject("missing_date", **{main_date: value})
        for row, value in paired(table.pick(6, "unusable date", where), BAD_DATES):
            row.reject("unusable_date", **{main_date: value})
    slots = tables["slots"]
    for row in slots.pick(2, "missing key", lambda row: row.source == "unfilled"):
        row.reject("missing_key", doctor_id="")
    rows = slots.pick(3, "unusable date", lambda row: row.source == "unfilled")
    for row, value in paired(rows, ("2025-02-30 09:00", "1824-05-01 09:00", "Monday at 9")):
        row.reject("unusable_date", start_at=value)


def extra_treatments(treatments: Table, number: int) -> None:
    """Enter some treatments a second time, under a new number that no bill refers to."""
    originals = treatments.pick(number, "entered twice")
    for place, row in enumerate(originals, start=1):
        values = {**row.values, "treatment_id": f"T8{place:04d}", "description": "entered twice"}
        treatments.insert(values, f"entered twice {place}", row.source)


def reload_bills(bills: Table) -> None:
    """Load one quarter a second time; some bills have been settled since the first time."""
    stream = Stream("reloaded quarter")
    for row in [row for row in bills.rows if is_in_reloaded_quarter(row)]:
        was_open = row.values["payment_status"] != "Pending" and stream.chance(0.2)
        unsettled = {
            "payment_status": "Pending",
            "paid_at": "",
            "paid_amount": "",
            "adjustment_amount": "",
        }
        bills.supersede(row, **(unsettled if was_open else {}))


def insert_blank_rows(tables: Tables) -> None:
    """Put rows of nothing but separators between the others."""
    for name in ("appointments", "treatments", "patients"):
        for number in range(3):
            tables[name].insert({}, f"blank {number}").reject("blank_row")


def insert_totals(tables: Tables) -> None:
    """Put totals between the details, as spreadsheets do."""
    for name, key, amount in (
        ("treatments", "treatment_id", "cost"),
        ("billing", "bill_id", "amount"),
    ):
        for word, total in (
            ("TOTAL", "84150.00"),
            ("TOTAL", "91337.45"),
            ("Grand total", "1250000.00"),
            (" subtotal ", "5120.10"),
        ):
            row = tables[name].insert({key: word, amount: total}, f"{word} {total}")
            row.reject("totals_row")
