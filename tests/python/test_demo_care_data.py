"""The demo data of care episodes, cancer registry and team surveys: dirt and truths.

Usage: pytest tests/python/test_demo_care_data.py

The rules of what is dirt are written here a second time, apart from the generator; so are the
estimators that find the planted truths.
"""

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from functools import cache
from math import asin, exp, log, sqrt
from pathlib import Path
from statistics import mean, stdev, variance

import duckdb
import pytest
from scipy import stats

ROOT = Path(__file__).resolve().parents[2]
TEST_DATA = ROOT / "tests" / "data"
AS_OF = date(2026, 7, 1)
SYSTEMS = {
    "episodes": "care_episodes",
    "available_beds": "care_episodes",
    "cases": "cancer_registry",
    "responses": "team_surveys",
}
KEYS = {
    "episodes": ("episode_id",),
    "available_beds": ("facility", "department", "date"),
    "cases": ("patient_id",),
    "responses": ("response_id",),
}
FALLBACK_KEY = ("patient_id", "date", "department", "treatment_type")
MAIN_DATES = {
    "episodes": "date",
    "available_beds": "date",
    "cases": "diagnosis_date",
    "responses": "survey_date",
}
ITEMS = tuple(f"item_{number}" for number in range(1, 8))
# Limits of whole numbers and of numbers; None is no limit.
WHOLE = {
    "patient_age": (0, 110),
    "leave_days": (0, None),
    "triage_category": (1, 5),
    "beds": (0, None),
    "age": (0, 110),
    **dict.fromkeys(ITEMS, (1, 7)),
}
NUMBERS = {
    "length_of_stay": (0, 3660),
    "treatment_cost": (0, None),
    "patient_satisfaction": (0, 10),
    "survival_months": (0, 1200),
}
BOOLEANS = {"treatment_success", "readmission_30d", "is_planned", "any_cancer_diagnosis"}
BOOLEAN_WORDS = {"true", "t", "yes", "y", "1", "false", "f", "no", "n", "0"}
CODED = {
    "patient_gender",
    "admission_type",
    "disposition",
    "visit_end_status",
    "length_of_stay_unit",
    "cancer_stage",
    "gender",
    "stage",
    "outcome",
    "vital_status",
}
DATES = {"last_contact_date", "referral_date", "decision_date", "treatment_date"}
STARTS = {
    "discharged_at": "admitted_at",
    "seen_at": "arrived_at",
    "departed_at": "arrived_at",
    "last_contact_date": "diagnosis_date",
}
TIMES = {"admitted_at", "discharged_at", "arrived_at", "seen_at", "departed_at"}
TEXTS = {
    "patient_id",
    "facility",
    "department",
    "treatment_type",
    "insurance_type",
    "diagnosis_group",
    "region",
    "hospital",
    "cancer_type",
    "treatment",
}
SENTINELS = {"?", "na", "n/a", "null", "nan", "-"}
TOTALS = {"total", "totals", "grand total", "subtotal"}
REASONS = {
    "episodes": {
        "rejected": {"blank_row", "totals_row", "missing_key", "missing_date", "unusable_date"},
        "superseded": {"superseded"},
        "repaired": {
            "sentinel",
            "unmapped_code",
            "not_a_number",
            "not_a_timestamp",
            "out_of_range",
            "before_start",
        },
        "flagged": {"overlapping_stay", "period_mismatch"},
    },
    "available_beds": {
        "rejected": {"blank_row", "totals_row", "missing_key", "missing_date", "unusable_date"},
        "superseded": {"superseded"},
        "repaired": {"sentinel", "not_a_number", "out_of_range"},
    },
    "cases": {
        "rejected": {"blank_row", "totals_row", "missing_key", "missing_date", "unusable_date"},
        "superseded": {"superseded"},
        "repaired": {
            "sentinel",
            "unmapped_code",
            "not_a_number",
            "not_a_date",
            "out_of_range",
            "before_start",
        },
        "flagged": {"follow_up_beyond_data"},
    },
    "responses": {
        "rejected": {"blank_row", "totals_row", "missing_key", "missing_date", "unusable_date"},
        "superseded": {"superseded"},
        "repaired": {"sentinel", "not_a_number", "out_of_range"},
        "flagged": {"too_few_items"},
    },
}
SUCCESSES = {"Complete response", "Partial response"}
EVALUABLE = SUCCESSES | {"Stable disease", "Progression"}

Row = dict[str, str]
Dirt = set[tuple[str, int, str, str, str]]


def seed_path(table: str) -> Path:
    return ROOT / "seeds" / SYSTEMS[table] / f"raw_{SYSTEMS[table]}__{table}.csv"


def read_rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def raw() -> dict[str, list[Row]]:
    return {table: read_rows(seed_path(table)) for table in SYSTEMS}


@cache
def code_map() -> dict[tuple[str, str, str], str]:
    rows = read_rows(ROOT / "seeds" / "reference" / "code_map.csv")
    return {(r["source_system"], r["column_name"], r["raw_value"]): r["code"] for r in rows}


@cache
def manifest() -> Dirt:
    rows = [r for r in read_rows(TEST_DATA / "demo_dirt.csv") if r["source_table"] in SYSTEMS]
    for row in rows:
        assert row["source_system"] == SYSTEMS[row["source_table"]]
        assert row["source_file"] == seed_path(row["source_table"]).name
        assert bool(row["column_name"]) == (row["kind"] == "repaired")
    noted = [
        (r["source_table"], int(r["row_number"]), r["kind"], r["column_name"], r["reason"])
        for r in rows
    ]
    assert len(noted) == len(set(noted))
    return set(noted)


@cache
def truths(system: str) -> dict:
    return json.loads((TEST_DATA / "demo_truths.json").read_text("utf-8"))[system]


def is_missing(text: str) -> bool:
    return text.strip().lower() in SENTINELS | {""}


def day_of(text: str) -> date | None:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def time_of(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M")
    except ValueError:
        return None


def number_of(text: str, pattern: str = r"[+-]?\d{1,15}(\.\d+)?") -> float | None:
    return float(text) if re.fullmatch(pattern, text.strip()) else None


def reject_reason(row: Row, table: str) -> str | None:
    if not any(row.values()):
        return "blank_row"
    keys = [row[column] for column in KEYS[table]]
    if table == "episodes":
        keys.append(row["patient_id"])
    if any(key.strip().lower() in TOTALS for key in keys):
        return "totals_row"
    if table == "episodes" and all(is_missing(key) for key in keys):
        return "missing_key"
    others = [row[column] for column in KEYS[table] if column != MAIN_DATES[table]]
    if table != "episodes" and any(is_missing(key) for key in others):
        return "missing_key"
    if is_missing(row[MAIN_DATES[table]]):
        return "missing_date"
    day = day_of(row[MAIN_DATES[table]])
    if day is None or not date(1990, 1, 1) <= day <= date(2099, 12, 31):
        return "unusable_date"
    return None


def key_of(row: Row, table: str) -> tuple[str, ...]:
    columns = KEYS[table]
    if table == "episodes" and not row["episode_id"]:
        columns = FALLBACK_KEY
    return tuple(row[column] for column in columns)


def repair_reason(table: str, column: str, row: Row) -> str | None:
    """Say why the value of a column cannot be used, if so."""
    text = row[column].strip()
    word = text.lower()
    if not word:
        return None
    known = {*WHOLE, *NUMBERS, *BOOLEANS, *CODED, *DATES, *TIMES, *TEXTS}
    if column not in known or column == MAIN_DATES[table]:
        return None
    if word in SENTINELS:
        # A bed without its place has no key; it does not come here.
        return "sentinel"
    is_mapped = (SYSTEMS[table], column, word) in code_map()
    if column in BOOLEANS:
        return None if word in BOOLEAN_WORDS else "unmapped_code"
    if column in CODED:
        return None if is_mapped else "unmapped_code"
    if column in WHOLE or column in NUMBERS:
        pattern = r"[+-]?\d{1,18}(\.0+)?" if column in WHOLE else r"[+-]?\d{1,15}(\.\d+)?"
        number = number_of(text, pattern)
        if number is None:
            return None if column == "patient_satisfaction" and is_mapped else "not_a_number"
        low, high = (WHOLE | NUMBERS)[column]
        return None if low <= number and (high is None or number <= high) else "out_of_range"
    if column in DATES and day_of(text) is None:
        return "not_a_date"
    if column in TIMES and time_of(text) is None:
        return "not_a_timestamp"
    return None


def related_repairs(row: Row, good: set[str]) -> Iterable[tuple[str, str]]:
    """Say which values contradict another one of the row."""
    for column, start in STARTS.items():
        is_day = column in DATES
        if column in good and (start in good or is_day) and row[column] < row[start]:
            yield column, "before_start"
    if {"leave_days", "admitted_at", "discharged_at"} <= good:
        admitted, discharged = (time_of(row[c]) for c in ("admitted_at", "discharged_at"))
        assert admitted and discharged
        nights = (discharged.date() - admitted.date()).days
        if 0 <= nights < int(row["leave_days"]):
            yield "leave_days", "out_of_range"


@cache
def classified() -> tuple[Dirt, dict[str, dict[tuple, tuple[int, Row, set[str]]]]]:
    """Find rejects, older versions and repairs; the accepted rows come with their good columns."""
    dirt: Dirt = set()
    accepted: dict[str, dict[tuple, tuple[int, Row, set[str]]]] = {table: {} for table in SYSTEMS}
    for table, rows in raw().items():
        for number, row in enumerate(rows, start=1):
            reason = reject_reason(row, table)
            if reason:
                dirt.add((table, number, "rejected", "", reason))
                continue
            key = key_of(row, table)
            if key in accepted[table]:
                dirt.add((table, accepted[table][key][0], "superseded", "", "superseded"))
            accepted[table][key] = (number, row, set())
        for number, row, good in accepted[table].values():
            reasons = {column: repair_reason(table, column, row) for column in row}
            good |= {column for column in row if row[column].strip() and not reasons[column]}
            found = {(column, reason) for column, reason in reasons.items() if reason}
            found |= set(related_repairs(row, good))
            good -= {column for column, _ in found}
            dirt |= {(table, number, "repaired", *one) for one in found}
    return dirt, accepted


def rows_of(table: str) -> list[tuple[int, Row, set[str]]]:
    return list(classified()[1][table].values())


def stays() -> dict[str, list[tuple[int, Row, datetime, datetime | None]]]:
    """List the accepted stays of every known patient in the order of their admissions."""
    found = defaultdict(list)
    for number, row, good in rows_of("episodes"):
        if {"admitted_at", "patient_id"} <= good:
            end = time_of(row["discharged_at"]) if "discharged_at" in good else None
            found[row["patient_id"]].append((number, row, time_of(row["admitted_at"]), end))
    for one in found.values():
        one.sort(key=lambda stay: stay[2])
    return found


def flags() -> Dirt:
    """Find the accepted rows that contradict others, or themselves."""
    dirt: Dirt = set()
    for chain in stays().values():
        until = datetime.min
        for number, _, start, end in chain:
            if start < until:
                dirt.add(("episodes", number, "flagged", "", "overlapping_stay"))
            until = max(until, end or until)
    for number, row, _ in rows_of("episodes"):
        day = day_of(row["date"])
        if (row["year"], row["month"]) != (str(day.year), str(day.month)):
            dirt.add(("episodes", number, "flagged", "", "period_mismatch"))
    for number, row, good in rows_of("cases"):
        if "survival_months" in good:
            day = day_of(row["diagnosis_date"])
            seen = (AS_OF.year - day.year) * 12 + AS_OF.month - day.month + 1
            if int(row["survival_months"]) > seen:
                dirt.add(("cases", number, "flagged", "", "follow_up_beyond_data"))
    for number, _, good in rows_of("responses"):
        if len(good & set(ITEMS)) < 5:
            dirt.add(("responses", number, "flagged", "", "too_few_items"))
    return dirt


def usual_word(table: str, column: str, row: Row) -> str:
    spellings = truths(SYSTEMS[table])["looks_like_dirt_but_is_not"]["other_spellings"]
    return spellings.get(row[column], row[column])


@pytest.mark.parametrize("table", SYSTEMS)
def test_files_are_small_and_well_formed(table: str) -> None:
    content = seed_path(table).read_bytes()
    assert len(content) < 1_000_000
    assert b"\r" not in content and content.endswith(b"\n")
    rows = raw()[table]
    assert all(None not in row and None not in row.values() for row in rows)
    query = "select * from read_csv(?, header = true, all_varchar = true)"
    records = duckdb.sql(query, params=[str(seed_path(table))]).fetchall()
    assert [tuple(value or "" for value in record) for record in records] == [
        tuple(row.values()) for row in rows
    ]
    assert truths(SYSTEMS[table])["rows_per_file"][seed_path(table).name] == len(rows)


def test_manifest_is_exact_and_complete() -> None:
    found = classified()[0] | flags()
    assert sorted(found - manifest()) == []
    assert sorted(manifest() - found) == []


def test_every_raw_row_is_accounted_for() -> None:
    for table, rows in raw().items():
        gone = [d for d in manifest() if d[0] == table and d[2] in ("rejected", "superseded")]
        assert len(rows) == len(rows_of(table)) + len(gone)


def test_manifest_has_every_reason() -> None:
    planted: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for table, _, kind, _, reason in manifest():
        planted[table][kind].add(reason)
    assert planted == REASONS


def test_dirt_stays_under_the_thresholds() -> None:
    rules = read_rows(ROOT / "seeds" / "reference" / "dq_rules.csv")
    limits = {(r["kind"], r["reason"]): (float(r["threshold"]), r) for r in rules}
    counts = Counter((table, kind, column, reason) for table, _, kind, column, reason in manifest())
    for (table, kind, _, reason), number in counts.items():
        if (kind, reason) in limits:
            limit, rule = limits[kind, reason]
            allowed = max(limit * len(raw()[table]), float(rule["tolerated_rows"]))
            assert number <= allowed, (table, kind, reason)


def test_other_spellings_are_in_the_code_map() -> None:
    for system in set(SYSTEMS.values()):
        words = {(one, word) for one, _, word in code_map()}
        for other in truths(system)["looks_like_dirt_but_is_not"]["other_spellings"]:
            assert (system, other.lower()) in words


def test_a_quarter_is_partly_loaded_twice() -> None:
    rows = raw()["episodes"]
    first = {row["episode_id"]: row for row in reversed(rows) if row["episode_id"]}
    again = [row for row in rows if row["episode_id"] and row is not first[row["episode_id"]]]
    same = [row for row in again if row == first[row["episode_id"]]]
    assert len(same) > 60 and {row["date"][:7] for row in same} == {"2024-10", "2024-11", "2024-12"}
    assert {usual_word("episodes", "facility", r) for r in same} == {
        "Acacia Downs",
        "Melaleuca Cove",
    }
    assert len(again) > len(same)


def test_what_only_looks_like_dirt_is_there() -> None:
    expected = truths("care_episodes")["looks_like_dirt_but_is_not"]
    rows = raw()["episodes"]
    assert sum(r["department"] == "None" for r in rows) == expected["department_none_rows"] > 0
    newlines = sum("\n" in row["diagnosis_group"] for row in rows)
    assert newlines == expected["embedded_newline_rows"] > 0
    assert sum("<script>" in row["diagnosis_group"] for row in rows) == 1
    # a board reads the regions: markup stands where no page shows it, a rare place is no mistake
    cases = raw()["cases"]
    assert not any("<" in row["region"] for row in cases)
    rare = truths("cancer_registry")["looks_like_dirt_but_is_not"]["rare_region_rows"]
    assert sum(row["region"] == "Norfolk Island" for row in cases) == rare == 1
    assert sum(row["length_of_stay_unit"] == "hours" for row in rows) > 0
    numberless = [row for _, row, _ in rows_of("episodes") if not row["episode_id"]]
    assert len(numberless) == expected["accepted_without_episode_id"] > 0
    for table, column in MAIN_DATES.items():
        late = [row for _, row, _ in rows_of(table) if row[column] > "2027"]
        assert len(late) == (table != "available_beds")


def test_as_of_days_follow_the_last_events() -> None:
    ends = [
        row["discharged_at"][:10]
        for _, row, good in rows_of("episodes")
        if {"admitted_at", "discharged_at"} <= good
    ]
    assert max(ends) == "2026-06-30" and truths("care_episodes")["as_of_date"] == "2026-07-01"
    days = [row["last_contact_date"] for _, row, g in rows_of("cases") if "last_contact_date" in g]
    assert max(days) == "2026-06-30" and truths("cancer_registry")["as_of_date"] == "2026-07-01"
    waves = sorted(
        {r["survey_date"] for _, r, _ in rows_of("responses") if r["survey_date"] < "2027"}
    )
    assert day_of(waves[-1]) + timedelta(days=1) == day_of(truths("team_surveys")["as_of_date"])
    gaps = [(day_of(b) - day_of(a)).days for a, b in zip(waves, waves[1:], strict=False)]
    assert sorted(gaps)[-2] > 300 and sorted(gaps)[-3] < 10


def test_lengths_of_stay_agree_with_the_times() -> None:
    checked = Counter()
    for _, row, good in rows_of("episodes"):
        if "length_of_stay" not in good:
            continue
        recorded = float(row["length_of_stay"])
        if {"arrived_at", "departed_at"} <= good:
            spent = time_of(row["departed_at"]) - time_of(row["arrived_at"])
            assert recorded == pytest.approx(spent / timedelta(hours=1), abs=0.051)
            checked["hours"] += 1
        elif {"admitted_at", "discharged_at"} <= good and row["length_of_stay_unit"] != "hours":
            spent = time_of(row["discharged_at"]) - time_of(row["admitted_at"])
            assert recorded == pytest.approx(spent / timedelta(days=1), abs=0.051)
            checked["days"] += 1
    assert checked["hours"] > 1_000 and checked["days"] > 3_000


def scores() -> dict[str, list[float]]:
    found = defaultdict(list)
    for _, row, good in rows_of("episodes"):
        score = number_of(row["patient_satisfaction"])
        if "patient_satisfaction" in good and score is not None:
            found[usual_word("episodes", "department", row)].append(score)
    return found


def test_emergency_patients_are_less_satisfied_by_a_known_amount() -> None:
    truth = truths("care_episodes")["satisfaction"]
    others = [s for place, some in scores().items() if place != "Emergency" for s in some]
    emergency = scores()["Emergency"]
    interval = stats.ttest_ind(others, emergency, equal_var=False).confidence_interval()
    assert interval.low < truth["emergency_lower_by"] < interval.high and interval.low > 0.6
    assert stdev(emergency) == pytest.approx(truth["spread"], rel=0.06)
    assert mean(others) == pytest.approx(truth["mean"], abs=0.05)


def test_oncology_patients_agree_more() -> None:
    truth = truths("care_episodes")["satisfaction"]
    others = [s for p, some in scores().items() if p not in ("Emergency", "Oncology") for s in some]
    oncology = scores()["Oncology"]
    assert stats.levene(oncology, others, center="median").pvalue < 1e-9
    assert stdev(oncology) == pytest.approx(truth["oncology_spread"], rel=0.06)
    interval = stats.ttest_ind(oncology, others, equal_var=False).confidence_interval()
    assert interval.low < 0 < interval.high


def winter_ratio(department: str) -> tuple[float, float, float]:
    """Compare the geometric mean costs of June to August with those of the other months."""
    costs: dict[bool, list[float]] = {True: [], False: []}
    for _, row, good in rows_of("episodes"):
        is_there = usual_word("episodes", "department", row) == department
        if "treatment_cost" in good and is_there:
            is_winter = row["date"][5:7] in ("06", "07", "08")
            costs[is_winter].append(log(float(row["treatment_cost"])))
    interval = stats.ttest_ind(costs[True], costs[False], equal_var=False).confidence_interval()
    return exp(mean(costs[True]) - mean(costs[False])), exp(interval.low), exp(interval.high)


def test_intensive_care_costs_more_in_winter_and_nothing_else_does() -> None:
    truth = truths("care_episodes")["icu_winter"]
    ratio, low, high = winter_ratio("ICU")
    assert ratio == pytest.approx(truth["ratio_of_geometric_means"], abs=0.1)
    assert low > 1.2 and truth["winter_stays"] + truth["other_stays"] >= 350
    for department in ("Surgery", "Oncology", "Cardiology", "Emergency", "Paediatrics"):
        _, low, high = winter_ratio(department)
        assert low < 1 < high, department


def risk_differences(
    people: Iterable[tuple[object, bool, bool]],
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Give the intervals of the crude and the Mantel-Haenszel (Sato) risk difference."""
    cells: dict[object, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for stratum, is_exposed, has_event in people:
        cells[stratum][(not has_event) + 2 * (not is_exposed)] += 1
    a, b, c, d = (sum(column) for column in zip(*cells.values(), strict=True))
    risks = a / (a + b), c / (c + d)
    error = sqrt(sum(p * (1 - p) / n for p, n in zip(risks, (a + b, c + d), strict=True)))
    crude = risks[0] - risks[1]
    top = bottom = first = second = 0.0
    for a, b, c, d in cells.values():
        n1, n0, n = a + b, c + d, a + b + c + d
        if n1 and n0:
            top += (a * n0 - c * n1) / n
            bottom += n1 * n0 / n
            first += c * (n1 / n) ** 2 - a * (n0 / n) ** 2 + n1 * n0 * (n0 - n1) / (2 * n * n)
            second += (a * (n0 - c) + c * (n1 - a)) / n
    pooled = top / bottom
    pooled_error = sqrt((pooled * first + second / 2) / bottom**2)
    return tuple(  # type: ignore[return-value]
        (value - 1.96 * one, value + 1.96 * one)
        for value, one in ((crude, error), (pooled, pooled_error))
    )


def test_insurance_has_no_effect_within_stage_but_a_crude_one() -> None:
    staged, everybody = [], []
    known = 0
    for _, row, good in rows_of("episodes"):
        if "treatment_success" not in good:
            continue
        has_stage = "cancer_stage" in good
        known += has_stage
        if row["insurance_type"] in ("Private", "Public"):
            is_private, succeeded = (
                row["insurance_type"] == "Private",
                row["treatment_success"] == "Yes",
            )
            everybody.append((row["cancer_stage"] if has_stage else "", is_private, succeeded))
            if has_stage:
                staged.append(everybody[-1])
    assert known >= 1_400
    for people in (staged, everybody):
        crude, pooled = risk_differences(people)
        assert crude[0] > 0.01
        assert pooled[0] < 0 < pooled[1]
    assert risk_differences(staged)[0][0] > 0.05


def readmissions(is_index: Callable[[Row], bool]) -> dict[str, tuple[int, int]]:
    """Count index stays and unplanned first returns by facility, much as the HWR does."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for chain in stays().values():
        until, kept = datetime.min, []
        for _, row, start, end in chain:
            if start >= until:
                kept.append((row, start, end))
            until = max(until, end or until)
        for (row, _, end), after in zip(kept, [*kept[1:], None], strict=True):
            gone = row["disposition"] in ("died", "transfer_acute", "against_advice")
            if end is None or gone or not is_index(row) or (AS_OF - end.date()).days <= 30:
                continue
            facility = usual_word("episodes", "facility", row)
            days = (after[1].date() - end.date()).days if after else 99
            if after and days <= 1:
                is_elsewhere = usual_word("episodes", "facility", after[0]) != facility
                if is_elsewhere or after[0]["diagnosis_group"] == row["diagnosis_group"]:
                    continue
            counts[facility][0] += 1
            counts[facility][1] += bool(after) and days <= 30 and after[0]["is_planned"] == "N"
    return {place: (stays_there, returns) for place, (stays_there, returns) in counts.items()}


def is_medical_or_surgical(row: Row) -> bool:
    """Choose the stays of which the HWR looks at the return."""
    return row["diagnosis_group"] not in (
        "cancer",
        "chemotherapy",
        "radiotherapy",
        "metastatic",
        "psychiatric",
        "rehabilitation",
    )


@pytest.mark.parametrize("is_index", [is_medical_or_surgical, lambda row: True])
def test_one_facility_lies_above_the_funnel(is_index: Callable[[Row], bool]) -> None:
    truth = truths("care_episodes")["readmission"]
    counts = {
        place: numbers for place, numbers in readmissions(is_index).items() if not is_missing(place)
    }
    assert len(counts) == 10
    total = [sum(column) for column in zip(*counts.values(), strict=True)]
    centre = asin(sqrt(total[1] / total[0]))
    scores = {
        place: 2 * sqrt(n) * (asin(sqrt(returns / n)) - centre)
        for place, (n, returns) in counts.items()
    }
    high = truth["facility"].removesuffix(" Hospital")
    assert scores.pop(high) > 4
    assert all(abs(score) < 3 for score in scores.values())
    n, returns = counts.pop(high)
    rest = [sum(column) for column in zip(*counts.values(), strict=True)]
    ratio = returns / (n - returns) / (rest[1] / (rest[0] - rest[1]))
    error = sqrt(sum(1 / x for x in (returns, n - returns, rest[1], rest[0] - rest[1])))
    assert exp(log(ratio) - 1.96 * error) < truth["odds_ratio"] < exp(log(ratio) + 1.96 * error)
    table = [(back, there - back) for there, back in counts.values()]
    assert stats.chi2_contingency(table).pvalue > 0.05


def test_own_readmission_flag_follows_the_returns() -> None:
    truth = truths("care_episodes")["readmission"]
    flagged = sum(
        row["readmission_30d"] == "Y" and bool(row["admitted_at"])
        for _, row, _ in rows_of("episodes")
    )
    assert flagged == pytest.approx(truth["returns"], rel=0.15)


def test_facilities_differ_in_nothing_else() -> None:
    measured: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for _, row, good in rows_of("episodes"):
        place = usual_word("episodes", "facility", row)
        department = usual_word("episodes", "department", row)
        if is_missing(place):
            continue
        score = number_of(row["patient_satisfaction"])
        if "patient_satisfaction" in good and score is not None and department != "Emergency":
            measured["satisfaction"][place].append(score)
        if "treatment_cost" in good and department in ("Surgery", "Emergency", "ICU"):
            measured[f"cost of {department}"][place].append(float(row["treatment_cost"]))
        if "treatment_success" in good:
            measured["success"][place].append(row["treatment_success"] == "Yes")
        if "disposition" in good and department != "Emergency":
            measured["death"][place].append(row["disposition"] == "died")
        if {"arrived_at", "seen_at"} <= good:
            wait = time_of(row["seen_at"]) - time_of(row["arrived_at"])
            measured["wait"][place].append(wait.total_seconds())
    assert len(measured) == 7
    for name, groups in measured.items():
        assert stats.kruskal(*groups.values()).pvalue > 0.01, name


def hazard_ratio(people: Iterable[tuple[object, bool, int, bool]]) -> tuple[float, float, float]:
    """Give Peto's hazard ratio with its interval, from the stratified log-rank test."""
    strata = defaultdict(list)
    for stratum, is_exposed, months, is_dead in people:
        strata[stratum].append((months, is_dead, is_exposed))
    difference = spread = 0.0
    for group in strata.values():
        for month in {months for months, is_dead, _ in group if is_dead}:
            at_risk = [one for one in group if one[0] >= month]
            n, n1 = len(at_risk), sum(one[2] for one in at_risk)
            died = [one for one in at_risk if one[0] == month and one[1]]
            difference += sum(one[2] for one in died) - len(died) * n1 / n
            if n > 1:
                spread += len(died) * (n - len(died)) * n1 * (n - n1) / (n * n * (n - 1))
    centre, error = difference / spread, 1.96 / sqrt(spread)
    return exp(centre), exp(centre - error), exp(centre + error)


def followed() -> list[tuple[Row, str, int, bool]]:
    """List the cases with a usable follow-up, their region, months and deaths."""
    return [
        (
            row,
            usual_word("cases", "region", row),
            int(row["survival_months"]),
            row["vital_status"] == "dead",
        )
        for _, row, good in rows_of("cases")
        if {"survival_months", "vital_status", "stage", "cancer_type", "region"} <= good
    ]


def kind_of(row: Row) -> tuple[str, str]:
    return row["stage"], row["cancer_type"]


def test_one_region_has_a_higher_hazard_within_stage_and_cancer_type() -> None:
    truth = truths("cancer_registry")["survival"]
    high = truth["region"]
    ratio, low, upper = hazard_ratio((kind_of(r), p == high, m, d) for r, p, m, d in followed())
    assert ratio == pytest.approx(truth["region_hazard_ratio"], abs=0.15) and low > 1.1
    assert low < truth["region_hazard_ratio"] < upper
    for place in ("NSW", "VIC", "QLD", "SA", "TAS"):
        others = ((kind_of(r), p == place, m, d) for r, p, m, d in followed() if p != high)
        _, low, upper = hazard_ratio(others)
        assert low < 1 < upper, place


def test_cover_has_no_effect_on_survival_or_outcome_within_stage() -> None:
    covered = [one for one in followed() if one[0]["insurance_type"] in ("Private", "Public")]
    crude = hazard_ratio(("", r["insurance_type"] == "Private", m, d) for r, _, m, d in covered)
    within = hazard_ratio(
        (kind_of(r), r["insurance_type"] == "Private", m, d) for r, _, m, d in covered
    )
    assert crude[2] < 0.85 and within[1] < 1 < within[2]
    judged = [r for r, *_ in covered if r["outcome"] in EVALUABLE]
    crude_rd, pooled = risk_differences(
        (r["stage"], r["insurance_type"] == "Private", r["outcome"] in SUCCESSES) for r in judged
    )
    assert crude_rd[0] > 0.03 and pooled[0] < 0 < pooled[1]


def test_follow_up_agrees_with_the_dates() -> None:
    deaths = 0
    for number, row, good in rows_of("cases"):
        deaths += row["vital_status"] == "dead"
        flagged = ("cases", number, "flagged", "", "follow_up_beyond_data") in manifest()
        if not {"survival_months", "last_contact_date"} <= good or flagged:
            continue
        start, end = day_of(row["diagnosis_date"]), day_of(row["last_contact_date"])
        months = (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)
        assert int(row["survival_months"]) == months
        assert all(
            row[c] <= row["last_contact_date"]
            for c in ("decision_date", "treatment_date")
            if c in good
        )
    assert deaths > 500


def answers(row: Row, good: set[str]) -> dict[str, float]:
    """Turn the answers to reverse-worded statements round."""
    return {
        item: 8 - float(row[item]) if item in ("item_1", "item_3", "item_5") else float(row[item])
        for item in ITEMS
        if item in good
    }


def teams() -> dict[tuple[str, str, str], list[dict[str, float]]]:
    """List the answers of every team and wave, of people with five answers or more."""
    found = defaultdict(list)
    for _, row, good in rows_of("responses"):
        items = answers(row, good)
        if len(items) >= 5 and {"facility", "department"} <= good and row["survey_date"] < "2027":
            place = usual_word("responses", "facility", row)
            found[usual_word("responses", "department", row), place, row["survey_date"][:4]].append(
                items
            )
    return found


def agreement(people: list[dict[str, float]]) -> float:
    """Give rwg(7) of a team."""
    spread = mean(variance([one[item] for one in people if item in one]) for item in ITEMS) / 4
    return max(0.0, 7 * (1 - spread) / (7 * (1 - spread) + spread)) if spread < 1 else 0.0


def test_one_department_feels_unsafe_and_one_disagrees() -> None:
    truth = truths("team_surveys")["psychological_safety"]
    sizes = Counter()
    for (department, _, _), people in teams().items():
        sizes[len(people) >= 5] += 1
        if len(people) < 5:
            continue
        score = mean(mean(one.values()) for one in people)
        if department == truth["split_department"]:
            assert agreement(people) < 0.5
            continue
        assert agreement(people) > 0.8
        level = "low_level" if department == truth["low_department"] else "usual_level"
        assert score == pytest.approx(truth[level], abs=0.85)
        assert (score < 4.2) == (department == truth["low_department"])
    assert sizes[False] == 9 and sizes[True] == 66
