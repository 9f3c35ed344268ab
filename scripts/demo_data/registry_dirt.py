"""The dirt of the demo's cancer registry: each kind is planted here and noted for the manifest.

Usage: imported by scripts/generate_demo_data.py; nothing to run.
"""

from datetime import timedelta

from demo_data.care_dirt import take
from demo_data.hospital_dirt import (
    ABSURD_DATE,
    BAD_DATES,
    NO_DATES,
    SENTINELS,
    Repair,
    has,
    paired,
    spoil_values,
)
from demo_data.hospital_people import AS_OF
from demo_data.tables import Row, Table

CASES = "cases"
# Other spellings, which the code map knows: column, the usual word, the other one, rows.
SPELLINGS = (
    ("region", "NSW", "New South Wales", 14),
    ("region", "NSW", "nsw", 6),
    ("region", "QLD", "Queensland", 9),
    ("region", "TAS", "Tasmania", 7),
    ("hospital", "Waratah Ridge Hospital", "Waratah Ridge Hosp.", 8),
    ("hospital", "Banksia Bay Hospital", "Banksia Bay", 6),
)
RARE_REGION = "Norfolk Island"  # one patient of a small place: too few to report, and no mistake
UNREADABLE_DATES = ("2025-02-30", "last spring", "31/31/2024", "2024-13-05")


def is_recent(row: Row) -> bool:
    """Choose living people whose diagnosis is at most two years old."""
    return not row.source.is_dead and (AS_OF - row.source.diagnosed).days < 730


def is_followed(row: Row) -> bool:
    """Choose people who have been followed for at least a year."""
    return (row.source.last_contact - row.source.diagnosed).days > 365


REPAIRS = (
    Repair(CASES, "age", "out_of_range", ("363", "127", "-4", "198"), 9),
    Repair(CASES, "age", "not_a_number", ("sixty", "7O"), 3),
    Repair(CASES, "age", "sentinel", SENTINELS, 4),
    Repair(CASES, "gender", "unmapped_code", ("Q", "see notes"), 4),
    Repair(CASES, "gender", "sentinel", SENTINELS, 4),
    Repair(CASES, "survival_months", "not_a_number", ("a year", "12+"), 3),
    Repair(CASES, "survival_months", "out_of_range", ("-3", "9999"), 4),
    Repair(CASES, "survival_months", "sentinel", ("?", "N/A"), 3),
    Repair(CASES, "stage", "unmapped_code", ("Stage V", "early"), 4, has("stage")),
    Repair(CASES, "stage", "sentinel", SENTINELS, 6, has("stage")),
    Repair(CASES, "outcome", "unmapped_code", ("ask the clinic",), 4),
    Repair(CASES, "outcome", "sentinel", SENTINELS, 4),
    Repair(CASES, "vital_status", "unmapped_code", ("moved away",), 4),
    Repair(CASES, "vital_status", "sentinel", ("?", "-"), 3),
    Repair(CASES, "last_contact_date", "not_a_date", UNREADABLE_DATES, 4),
    Repair(CASES, "last_contact_date", "sentinel", ("?", "N/A"), 3),
    Repair(CASES, "referral_date", "not_a_date", UNREADABLE_DATES, 4, has("referral_date")),
    Repair(CASES, "referral_date", "sentinel", ("?",), 2, has("referral_date")),
    Repair(CASES, "decision_date", "not_a_date", UNREADABLE_DATES, 3, has("decision_date")),
    Repair(CASES, "decision_date", "sentinel", ("-",), 2, has("decision_date")),
    Repair(CASES, "treatment_date", "not_a_date", UNREADABLE_DATES, 4, has("treatment_date")),
    Repair(CASES, "treatment_date", "sentinel", ("N/A",), 2, has("treatment_date")),
    Repair(CASES, "hospital", "sentinel", SENTINELS, 5),
    Repair(CASES, "cancer_type", "sentinel", SENTINELS, 4),
    Repair(CASES, "treatment", "sentinel", SENTINELS, 5),
    Repair(CASES, "region", "sentinel", SENTINELS, 6),
    Repair(CASES, "insurance_type", "sentinel", SENTINELS, 5),
)


def plant(cases: Table) -> None:
    """Plant everything."""
    plant_oddities(cases)
    newer_versions(cases)
    for repair in REPAIRS:
        spoil_values(cases, repair)
    for number, row in enumerate(cases.pick(5, "contact before diagnosis"), start=1):
        contact = row.source.diagnosed - timedelta(days=9 * number)
        row.repair("last_contact_date", contact.isoformat(), "before_start")
    for row in cases.pick(5, "follow-up beyond the data", is_recent):
        row.values["survival_months"] = str(int(row.values["survival_months"]) + 60)
        row.mark("flagged", "follow_up_beyond_data")
    reject_cases(cases)


def plant_oddities(cases: Table) -> None:
    """Write what only looks like dirt: other spellings, no treatment, a rare region."""
    for column, usual, other, number in SPELLINGS:

        def is_usual(row: Row, column: str = column, usual: str = usual) -> bool:
            return row.values[column] == usual

        for row in take(cases, number, f"{column} {other}", is_usual):
            row.values[column] = other
    for row in take(cases, 8, "treatment None", is_followed):
        row.values["treatment"] = "None"
    # the purpose only draws the lot: another word would move all that is chosen after it
    (row,) = take(cases, 1, "hostile text", is_followed)
    row.values["region"] = RARE_REGION
    (row,) = take(cases, 1, "absurd date", is_recent)
    unknown = ("survival_months", "vital_status", "last_contact_date", "decision_date")
    row.values |= dict.fromkeys((*unknown, "referral_date", "treatment_date"), "")
    row.values["diagnosis_date"] = ABSURD_DATE


def newer_versions(cases: Table) -> None:
    """Write newer versions of cases, whose older ones end with an earlier contact."""
    for number, row in enumerate(cases.pick(26, "newer versions", is_followed)):
        months = 3 + number % 8
        contact = row.source.diagnosed + timedelta(days=months * 31)
        cases.supersede(
            row,
            survival_months=str(months),
            vital_status="alive",
            last_contact_date=contact.isoformat(),
            outcome="In progress",
        )


def reject_cases(cases: Table) -> None:
    """Spoil keys and dates, and put blank rows and totals between the cases."""
    for row in cases.pick(3, "missing key"):
        row.reject("missing_key", patient_id="")
    for row, value in paired(cases.pick(4, "missing date"), NO_DATES):
        row.reject("missing_date", diagnosis_date=value)
    for row, value in paired(cases.pick(4, "unusable date"), BAD_DATES):
        row.reject("unusable_date", diagnosis_date=value)
    for number in range(3):
        cases.insert({}, f"blank {number}").reject("blank_row")
    for word, total in (("TOTAL", "38112"), ("Total", "1500")):
        row = cases.insert({"patient_id": word, "survival_months": total}, f"{word} {total}")
        row.reject("totals_row")


def looks_like_dirt(cases: Table) -> dict:
    """Count what the models must leave alone."""
    rows = [row.values for row in cases.rows]
    return {
        "treatment_none_rows": sum(row["treatment"] == "None" for row in rows),
        "rare_region_rows": sum(row["region"] == RARE_REGION for row in rows),
        "absurd_future_date": ABSURD_DATE,
        "other_spellings": {other: usual for _, usual, other, _ in SPELLINGS},
    }
