"""The demo data: the same bytes again, a complete manifest, and truths that can be found.

Usage: pytest tests/python/test_demo_data.py

The rules of what is dirt are written here a second time, apart from the generator.
"""

import csv
import json
import re
from collections import Counter, defaultdict
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from math import exp, log
from pathlib import Path

import duckdb
import pytest
from scipy.stats import chi2

import generate_demo_data

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "seeds" / "hospital_ops"
TEST_DATA = ROOT / "tests" / "data"
AS_OF = date(2026, 7, 1)
KEYS = {
    "patients": ("patient_id",),
    "doctors": ("doctor_id",),
    "appointments": ("appointment_id",),
    "treatments": ("treatment_id",),
    "billing": ("bill_id",),
    "slots": ("doctor_id", "start_at"),
}
MAIN_DATES = {
    "appointments": "appointment_date",
    "treatments": "treatment_date",
    "billing": "bill_date",
    "slots": "start_at",
}
TYPES = {
    "date_of_birth": "date",
    "registration_date": "date",
    "paid_at": "date",
    "appointment_time": "time",
    "booked_at": "timestamp",
    "cancelled_at": "timestamp",
    "years_experience": "number",
    "duration_minutes": "number",
    "cost": "number",
    "amount": "number",
    "paid_amount": "number",
    "adjustment_amount": "number",
}
FORMATS = {"time": "%H:%M", "timestamp": "%Y-%m-%d %H:%M"}
LIMITS = {"years_experience": (0, 80), "duration_minutes": (1, 1440)}
LINKS = {
    ("appointments", "patient_id"): "patients",
    ("appointments", "doctor_id"): "doctors",
    ("treatments", "appointment_id"): "appointments",
    ("billing", "treatment_id"): "treatments",
    ("billing", "patient_id"): "patients",
    ("slots", "doctor_id"): "doctors",
}
SENTINELS = {"?", "na", "n/a", "null", "nan", "-"}
TOTALS = {"total", "totals", "grand total", "subtotal"}
# The branch is mapped as well, but a spelling that is not in the map stays as it is.
CODED = {"status", "gender", "payment_status", "payment_method", "cancelled_by", "held"}

REASONS = {
    "rejected": {"blank_row", "totals_row", "missing_key", "missing_date", "unusable_date"},
    "superseded": {"superseded"},
    "repaired": {
        "sentinel",
        "unmapped_code",
        "not_a_date",
        "not_a_time",
        "not_a_timestamp",
        "not_a_number",
        "out_of_range",
        "after_event",
        "orphan",
    },
    "flagged": {
        "outcome_not_recorded",
        "double_booking",
        "treatment_without_attendance",
        "paid_without_attendance",
        "shared_email",
    },
}
FICTION_MOBILES = {"006", "110", "156", "157", "158", "159", "313", "737"}

Dirt = set[tuple[str, int, str, str, str]]


def seed_path(table: str) -> Path:
    return SEEDS / f"raw_hospital_ops__{table}.csv"


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def raw() -> dict[str, list[dict[str, str]]]:
    return {table: read_rows(seed_path(table)) for table in KEYS}


@cache
def code_map() -> dict[tuple[str, str], str]:
    rows = read_rows(ROOT / "seeds" / "reference" / "code_map.csv")
    return {
        (row["column_name"], row["raw_value"]): row["code"]
        for row in rows
        if row["source_system"] == "hospital_ops"
    }


@cache
def manifest() -> Dirt:
    rows = read_rows(TEST_DATA / "demo_dirt.csv")
    rows = [row for row in rows if row["source_system"] == "hospital_ops"]
    noted = [
        (r["source_table"], int(r["row_number"]), r["kind"], r["column_name"], r["reason"])
        for r in rows
    ]
    assert len(noted) == len(set(noted))
    for row in rows:
        assert row["source_file"] == seed_path(row["source_table"]).name
        assert bool(row["column_name"]) == (row["kind"] == "repaired")
    return set(noted)


@cache
def truths() -> dict:
    return json.loads((TEST_DATA / "demo_truths.json").read_text("utf-8"))["hospital_ops"]


def parsed(kind: str, text: str) -> object:
    """Read a value, or raise ValueError."""
    if kind == "number":
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise ValueError(text) from None
        return number
    if kind == "date":
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            raise ValueError(text)
        return date.fromisoformat(text)
    return datetime.strptime(text, FORMATS[kind])


def main_date(row: dict[str, str], table: str) -> date:
    """Read the main date of an event, or raise ValueError."""
    text = row[MAIN_DATES[table]]
    day = parsed("timestamp", text).date() if table == "slots" else parsed("date", text)
    if not date(1990, 1, 1) <= day <= date(2099, 12, 31):
        raise ValueError(text)
    return day


def reject_reason(row: dict[str, str], table: str) -> str | None:
    keys = [row[column].strip() for column in KEYS[table]]
    if not any(row.values()):
        return "blank_row"
    if keys[0].lower() in TOTALS:
        return "totals_row"
    if not all(keys):
        return "missing_key"
    if table in MAIN_DATES:
        text = row[MAIN_DATES[table]].strip().lower()
        if not text or text in SENTINELS:
            return "missing_date"
        try:
            main_date(row, table)
        except ValueError:
            return "unusable_date"
    return None


def repair_reason(column: str, text: str) -> str | None:
    """Say what is wrong with one value, looked at alone."""
    value = text.strip().lower()
    if not value:
        return None
    if value in SENTINELS:
        return "sentinel"
    if column in CODED and (column, value) not in code_map():
        return "unmapped_code"
    if column in TYPES:
        try:
            read = parsed(TYPES[column], text)
        except ValueError:
            return f"not_a_{TYPES[column]}"
        if TYPES[column] == "number":
            low, high = LIMITS.get(column, (0, 10**9))
            return None if low <= read <= high else "out_of_range"
    return None


def related_repairs(row: dict[str, str], good: set[str]) -> list[tuple[str, str]]:
    """Say which dates contradict another date of the same row."""
    found = []
    if {"date_of_birth", "registration_date"} <= good:
        born = date.fromisoformat(row["date_of_birth"])
        registered = date.fromisoformat(row["registration_date"])
        if born > registered or (registered - born).days > 120 * 365.25:
            found.append(("date_of_birth", "out_of_range"))
    if "booked_at" in good and row["booked_at"][:10] > row["appointment_date"]:
        found.append(("booked_at", "after_event"))
    return found


@cache
def classified() -> tuple[Dirt, dict[str, dict[tuple, tuple[int, dict]]]]:
    """Find rejects, older versions and repairs; give back the accepted rows by key as well."""
    dirt: Dirt = set()
    accepted: dict[str, dict[tuple, tuple[int, dict]]] = {table: {} for table in KEYS}
    for table, rows in raw().items():
        for number, row in enumerate(rows, start=1):
            reason = reject_reason(row, table)
            if reason:
                dirt.add((table, number, "rejected", "", reason))
                continue
            key = tuple(row[column] for column in KEYS[table])
            if key in accepted[table]:
                older = accepted[table][key][0]
                dirt.add((table, older, "superseded", "", "superseded"))
            accepted[table][key] = (number, row)
    for table, rows in accepted.items():
        for number, row in rows.values():
            dirt |= {(table, number, "repaired", *found) for found in repairs(table, row, accepted)}
    return dirt, accepted


def repairs(table: str, row: dict[str, str], accepted: dict) -> list[tuple[str, str]]:
    """List the columns of an accepted row that cannot be used."""
    reasons = {column: repair_reason(column, text) for column, text in row.items()}
    found = [(column, reason) for column, reason in reasons.items() if reason]
    good = {column for column, reason in reasons.items() if row[column] and not reason}
    found += related_repairs(row, good)
    found += [
        (column, "orphan")
        for (child, column), parent in LINKS.items()
        if child == table and row[column] and (row[column],) not in accepted[parent]
    ]
    return found


def code_of(column: str, row: dict[str, str]) -> str | None:
    return code_map().get((column, row[column].strip().lower()))


def flags() -> Dirt:
    """Find the accepted rows that contradict others, or were never finished."""
    accepted = classified()[1]
    dirt: Dirt = set()
    together, sharing = defaultdict(list), defaultdict(list)
    for number, row in accepted["appointments"].values():
        outcome, day = code_of("status", row), main_date(row, "appointments")
        if outcome == "scheduled" and day < AS_OF:
            dirt.add(("appointments", number, "flagged", "", "outcome_not_recorded"))
        if outcome in ("attended", "no_show") and day >= AS_OF:
            dirt.add(("appointments", number, "flagged", "", "outcome_recorded_early"))
        has_doctor = (row["doctor_id"],) in accepted["doctors"]
        if outcome != "cancelled" and has_doctor and not repair_reason(*time_of(row)):
            start = parsed("time", row["appointment_time"])
            together[row["doctor_id"], day, start].append(number)
    for number, row in accepted["patients"].values():
        if row["email"]:
            sharing[row["email"].lower()].append(number)
    for reason, table, groups in (
        ("double_booking", "appointments", together),
        ("shared_email", "patients", sharing),
    ):
        crowds = (group for group in groups.values() if len(group) > 1)
        dirt |= {(table, number, "flagged", "", reason) for group in crowds for number in group}
    missed = set()
    for number, row in accepted["treatments"].values():
        parent = accepted["appointments"].get((row["appointment_id"],))
        if parent and code_of("status", parent[1]) in ("no_show", "cancelled"):
            missed.add(row["treatment_id"])
            dirt.add(("treatments", number, "flagged", "", "treatment_without_attendance"))
    for number, row in accepted["billing"].values():
        if row["treatment_id"] in missed and code_of("payment_status", row) == "paid":
            dirt.add(("billing", number, "flagged", "", "paid_without_attendance"))
    return dirt


def time_of(row: dict[str, str]) -> tuple[str, str]:
    return "appointment_time", row["appointment_time"]


@cache
def attendances() -> list[tuple[date, int | None, str]]:
    """List the day, the lead days and the outcome of accepted attended or missed appointments."""
    found = []
    for _, row in classified()[1]["appointments"].values():
        outcome, day = code_of("status", row), main_date(row, "appointments")
        if outcome not in ("attended", "no_show"):
            continue
        usable = not repair_reason("booked_at", row["booked_at"])
        lead = (day - date.fromisoformat(row["booked_at"][:10])).days if usable else None
        found.append((day, lead if lead is None or lead >= 0 else None, outcome))
    return found


def p_value_of_equal(counts: list[int]) -> float:
    mean = sum(counts) / len(counts)
    statistic = sum((count - mean) ** 2 / mean for count in counts)
    return float(chi2.sf(statistic, len(counts) - 1))


def test_generating_again_gives_the_same_bytes(tmp_path: Path) -> None:
    seeds, test_data = tmp_path / "seeds", tmp_path / "data"
    options = ["--output", str(seeds), "--test-data", str(test_data)]
    assert generate_demo_data.main(options) == 0
    systems = set(generate_demo_data.SYSTEMS)
    assert {path.name for path in seeds.iterdir()} == systems
    for system in systems:
        kept = SEEDS.parent / system
        written = sorted((seeds / system).iterdir())
        assert [path.name for path in written] == sorted(p.name for p in kept.glob("*.csv"))
        for path in written:
            assert path.read_bytes() == (kept / path.name).read_bytes()
    for path in test_data.iterdir():
        assert path.read_bytes() == (TEST_DATA / path.name).read_bytes()


@pytest.fixture
def one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the generator make one small file, so that the command is quick to try."""
    path = tmp_path / "seeds" / "one.csv"
    monkeypatch.setattr(generate_demo_data, "demo_files", lambda *_: {path: b"a\n1\n"})
    return path


def test_check_finds_missing_and_other_files(one_file: Path, capsys: pytest.CaptureFixture) -> None:
    assert generate_demo_data.main(["--check"]) == 1
    assert not one_file.exists()
    assert generate_demo_data.main([]) == 0
    assert generate_demo_data.main(["--check"]) == 0
    one_file.write_bytes(b"a\r\n1\r\n")
    capsys.readouterr()
    assert generate_demo_data.main(["--check"]) == 1
    assert str(one_file) in capsys.readouterr().err


def test_unwritable_output_is_one_line(one_file: Path, capsys: pytest.CaptureFixture) -> None:
    one_file.parent.write_text("a file, not a folder")
    assert generate_demo_data.main([]) == 2
    message = capsys.readouterr().err
    assert message.startswith("wardhouse: ") and message.count("\n") == 1


@pytest.mark.parametrize("table", KEYS)
def test_files_are_small_and_well_formed(table: str) -> None:
    content = seed_path(table).read_bytes()
    assert len(content) < 1_000_000
    assert b"\r" not in content and content.endswith(b"\n")
    content.decode("utf-8")
    rows = raw()[table]
    assert all(None not in row and None not in row.values() for row in rows)
    query = "select * from read_csv(?, header = true, all_varchar = true)"
    records = duckdb.sql(query, params=[str(seed_path(table))]).fetchall()
    assert [tuple(value or "" for value in record) for record in records] == [
        tuple(row.values()) for row in rows
    ]
    assert truths()["rows_per_file"][seed_path(table).name] == len(rows)


def test_manifest_is_exact_and_complete() -> None:
    found = classified()[0] | flags()
    assert sorted(found - manifest()) == []
    assert sorted(manifest() - found) == []


def test_every_raw_row_is_accounted_for() -> None:
    accepted = classified()[1]
    for table, rows in raw().items():
        gone = [d for d in manifest() if d[0] == table and d[2] in ("rejected", "superseded")]
        assert len(rows) == len(accepted[table]) + len(gone)


def test_manifest_has_every_reason() -> None:
    planted = defaultdict(set)
    for _, _, kind, _, reason in manifest():
        planted[kind].add(reason)
    # `outcome_recorded_early` is missing: the as-of day follows the last recorded outcome.
    assert planted == REASONS
    orphans = {(table, column) for table, _, _, column, reason in manifest() if reason == "orphan"}
    assert orphans == set(LINKS)


def test_a_quarter_is_loaded_twice() -> None:
    quarter = [r for r in raw()["billing"] if "2024-10-01" <= r["bill_date"] <= "2024-12-31"]
    times = Counter(row["bill_id"] for row in quarter)
    assert set(times.values()) == {2}
    first, second = quarter[: len(times)], quarter[len(times) :]
    assert [row["bill_id"] for row in first] == [row["bill_id"] for row in second]
    changed = sum(one != two for one, two in zip(first, second, strict=True))
    assert 50 < changed < len(times) / 2


def test_what_only_looks_like_dirt_is_there() -> None:
    expected = truths()["looks_like_dirt_but_is_not"]
    texts = [row["description"] for row in raw()["treatments"]]
    assert sum("\n" in text for text in texts) == expected["embedded_newline_rows"] > 0
    assert any('"' in text for text in texts) and "None" in texts
    specialties = {row["doctor_id"]: row["specialization"] for row in raw()["doctors"]}
    assert specialties[expected["specialization_none"]] == "None"
    dates = [row["appointment_date"] for row in raw()["appointments"]]
    assert dates.count(expected["absurd_future_date"]) == 1
    times = [row["appointment_time"] for row in raw()["appointments"]]
    assert sum(text[:2] in ("8:", "9:") for text in times) > 1000
    accented = {row["last_name"] for row in raw()["patients"]}
    assert {"O'Brien", "Nguyễn", "Müller-Hayes"} <= accented


def test_people_cannot_be_real() -> None:
    mobiles = {f"0491 570 {end}" for end in FICTION_MOBILES}
    for row in raw()["patients"]:
        if not any(row.values()):
            continue
        assert row["email"] == "" or row["email"].endswith(("@example.com", "@example.org"))
        number = row["contact_number"]
        assert number in mobiles or re.fullmatch(r"\(02\) 5550 \d{4}", number)


def test_as_of_is_the_day_after_the_last_outcome() -> None:
    assert max(day for day, _, _ in attendances()) == date(2026, 6, 30)
    assert truths()["as_of_date"] == AS_OF.isoformat()
    bills = [row["bill_date"] for _, row in classified()[1]["billing"].values()]
    assert max(bills) < AS_OF.isoformat()


def test_slots_hold_every_appointment() -> None:
    accepted = classified()[1]
    held = {key: row["held"] for key, (_, row) in accepted["slots"].items()}
    doctors = {doctor for (doctor,) in accepted["doctors"]}
    for _, row in accepted["appointments"].values():
        is_whole = row["doctor_id"] in doctors and not repair_reason(*time_of(row))
        if is_whole and row["appointment_date"] < "2099":
            start = f"{row['appointment_date']} {row['appointment_time']:0>5}"
            assert held[row["doctor_id"], start] in ("false", "maybe", "?", "-")
    share = list(held.values()).count("true") / len(held)
    assert share == pytest.approx(truths()["slots"]["held_share"], abs=0.003)


def test_no_show_rate_rises_with_lead_time() -> None:
    rates = []
    for low, high in ((0, 7), (8, 21), (22, 42), (43, 90)):
        band = [o for _, lead, o in attendances() if lead is not None and low <= lead <= high]
        rates.append(band.count("no_show") / len(band))
    assert rates == sorted(rates)
    assert rates[-1] > 2.5 * rates[0]


def test_reminders_lower_the_odds_of_a_no_show() -> None:
    truth = truths()
    start = date.fromisoformat(truth["reminders"]["from_date"])
    observed, expected, spread = 0, 0.0, 0.0
    for day, lead, outcome in attendances():
        if lead is None:
            continue
        log_odds = truth["no_show"]["intercept"] + truth["no_show"]["slope_per_lead_day"] * lead
        if day >= start:
            log_odds += log(truth["reminders"]["odds_ratio"])
        probability = 1 / (1 + exp(-log_odds))
        observed += outcome == "no_show"
        expected += probability
        spread += probability * (1 - probability)
    assert abs(observed - expected) < 2 * spread**0.5
    before = Counter(outcome for day, _, outcome in attendances() if day < start)
    after = Counter(outcome for day, _, outcome in attendances() if day >= start)
    ratio = (after["no_show"] / after["attended"]) / (before["no_show"] / before["attended"])
    assert ratio == pytest.approx(truth["reminders"]["odds_ratio"], abs=0.12)


def test_caseloads_are_equal_but_for_one_doctor() -> None:
    accepted = classified()[1]
    branches = {
        key[0]: code_of("hospital_branch", r) for key, (_, r) in accepted["doctors"].items()
    }
    cases = Counter(
        row["doctor_id"]
        for _, row in accepted["appointments"].values()
        if row["appointment_date"] < AS_OF.isoformat()
    )
    busy = truths()["caseload"]["busy_doctor_id"]
    for branch in set(branches.values()):
        others = [cases[one] for one in branches if branches[one] == branch and one != busy]
        assert p_value_of_equal(others) > 0.05
        if branches[busy] == branch:
            ratio = cases[busy] / (sum(others) / len(others))
            assert ratio == pytest.approx(truths()["caseload"]["factor"], rel=0.1)


def test_one_facility_has_a_backlog() -> None:
    accepted, truth = classified()[1], truths()["backlog"]
    branches = {
        key[0]: code_of("hospital_branch", r) for key, (_, r) in accepted["doctors"].items()
    }
    seen: dict[bool, list[bool]] = {True: [], False: []}
    for _, row in accepted["appointments"].values():
        if row["appointment_date"] < AS_OF.isoformat():
            in_backlog = branches.get(row["doctor_id"]) == truth["facility"]
            in_backlog = in_backlog and row["appointment_date"] >= truth["from_date"]
            seen[in_backlog].append(code_of("status", row) == "scheduled")
    inside, outside = (sum(seen[place]) / len(seen[place]) for place in (True, False))
    assert inside == pytest.approx(truth["probability"], abs=0.05)
    assert outside == pytest.approx(truth["probability_elsewhere"], abs=0.004)


def test_there_is_a_weekly_peak() -> None:
    cells = Counter()
    for _, row in classified()[1]["appointments"].values():
        if not repair_reason(*time_of(row)):
            hour = int(row["appointment_time"].split(":")[0])
            cells[date.fromisoformat(row["appointment_date"]).weekday(), hour] += 1
    assert cells.most_common(1)[0][0] == (0, truths()["peak"]["peak_hour"])
    assert not any(weekday == 6 for weekday, _ in cells)


def test_costliest_treatment_is_not_the_one_with_the_highest_total() -> None:
    costs = defaultdict(list)
    for _, row in classified()[1]["treatments"].values():
        if not repair_reason("cost", row["cost"]):
            costs[row["treatment_type"]].append(float(row["cost"]))
    totals = {kind: sum(amounts) for kind, amounts in costs.items()}
    means = {kind: totals[kind] / len(amounts) for kind, amounts in costs.items()}
    truth = truths()["treatments"]
    assert max(totals, key=totals.get) == truth["highest_total"]
    assert max(means, key=means.get) == truth["highest_mean"]
    for kind in truth["types"]:
        assert means[kind["treatment_type"]] == pytest.approx(kind["mean_cost"], rel=0.06)


def test_shares_without_a_true_difference_are_equal_within_chance() -> None:
    accepted = classified()[1]
    gender = Counter(code_of("gender", row) for _, row in accepted["patients"].values())
    assert p_value_of_equal([gender["female"], gender["male"]]) > 0.05
    bills = [row for _, row in accepted["billing"].values()]
    methods = Counter(code_of("payment_method", row) for row in bills)
    assert p_value_of_equal([methods[name] for name in ("cash", "credit_card", "insurance")]) > 0.05
    denied = {code_of("payment_method", r) for r in bills if r["payment_status"] == "Denied"}
    assert "insurance" in denied and not denied & {"cash", "credit_card"}
    old = [row for row in bills if row["bill_date"] < "2025-07-01"]
    young = [row for row in bills if row["bill_date"] >= "2026-04-01"]
    paid = [sum(r["payment_status"] == "Paid" for r in part) / len(part) for part in (old, young)]
    assert paid[0] == pytest.approx(0.88, abs=0.02) and paid[1] < paid[0] - 0.1
