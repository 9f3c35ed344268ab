"""The dirt of the demo's team surveys: each kind is planted here and noted for the manifest.

Usage: imported by scripts/generate_demo_data.py; nothing to run.
"""

from demo_data.care_dirt import take
from demo_data.draws import Stream
from demo_data.hospital_dirt import (
    ABSURD_DATE,
    BAD_DATES,
    NO_DATES,
    SENTINELS,
    Repair,
    paired,
    spoil_values,
)
from demo_data.tables import Row, Table

RESPONSES = "responses"
ITEMS = tuple(f"item_{number}" for number in range(1, 8))
# Other spellings, which the code map knows: column, the usual word, the other one, rows.
SPELLINGS = (
    ("facility", "Melaleuca Cove Hospital", "Melaleuca Cove", 5),
    ("department", "Emergency Department", "Emergency Dept", 6),
    ("department", "Intensive Care", "ICU", 5),
)


def is_complete(row: Row) -> bool:
    """Choose questionnaires with all seven answers, of teams that are large enough."""
    return all(row.values[item] for item in ITEMS) and row.source.size is None


REPAIRS = (
    Repair(RESPONSES, "item_2", "not_a_number", ("agree", "4-5"), 3, is_complete),
    Repair(RESPONSES, "item_5", "not_a_number", ("yes",), 1, is_complete),
    Repair(RESPONSES, "item_3", "out_of_range", ("9", "0"), 4, is_complete),
    Repair(RESPONSES, "item_7", "out_of_range", ("8", "-1"), 2, is_complete),
    Repair(RESPONSES, "item_1", "sentinel", SENTINELS, 3, is_complete),
    Repair(RESPONSES, "item_4", "sentinel", ("N/A",), 2, is_complete),
    Repair(RESPONSES, "item_6", "sentinel", ("?",), 2, is_complete),
    Repair(RESPONSES, "facility", "sentinel", SENTINELS, 3, is_complete),
    Repair(RESPONSES, "department", "sentinel", SENTINELS, 3, is_complete),
)


def plant(responses: Table) -> None:
    """Plant everything; the first and last answers of a wave stay as they are."""
    days = [row.values["survey_date"] for row in responses.rows]
    ends = {day for year in ("2024", "2025", "2026") for day in ends_of(days, year)}
    for row in responses.rows:
        row.is_taken = row.values["survey_date"] in ends
    plant_oddities(responses)
    for number, row in enumerate(responses.pick(10, "newer versions", is_complete)):
        responses.supersede(row, **{ITEMS[number % 7]: "4"})
    for repair in REPAIRS:
        spoil_values(responses, repair)
    for number, row in enumerate(responses.pick(8, "too few items", is_complete)):
        for item in Stream("too few items", number).sample(ITEMS, 3 + number % 4):
            row.values[item] = ""
        row.mark("flagged", "too_few_items")
    reject_responses(responses)


def ends_of(days: list[str], year: str) -> tuple[str, str]:
    """Find the first and the last day of a wave."""
    wave = [day for day in days if day.startswith(year)]
    return min(wave), max(wave)


def plant_oddities(responses: Table) -> None:
    """Write what only looks like dirt: other spellings, a line break, an absurd date."""
    for column, usual, other, number in SPELLINGS:

        def is_usual(row: Row, column: str = column, usual: str = usual) -> bool:
            return row.values[column] == usual

        for row in take(responses, number, f"{column} {other}", is_usual):
            row.values[column] = other
    for row in take(responses, 3, "embedded newline", is_complete):
        row.values["role"] = "Nurse\n(night shift)"
    (row,) = take(responses, 1, "absurd date", is_complete)
    row.values["survey_date"] = ABSURD_DATE


def reject_responses(responses: Table) -> None:
    """Spoil keys and dates, and put blank rows and totals between the answers."""
    for row in responses.pick(2, "missing key", is_complete):
        row.reject("missing_key", response_id="")
    for row, value in paired(responses.pick(3, "missing date", is_complete), NO_DATES):
        row.reject("missing_date", survey_date=value)
    for row, value in paired(responses.pick(3, "unusable date", is_complete), BAD_DATES):
        row.reject("unusable_date", survey_date=value)
    for number in range(2):
        responses.insert({}, f"blank {number}").reject("blank_row")
    for word, total in (("TOTAL", "4.1"), ("Total", "600")):
        row = responses.insert({"response_id": word, "item_1": total}, f"{word} {total}")
        row.reject("totals_row")


def looks_like_dirt(responses: Table) -> dict:
    """Count what the models must leave alone."""
    rows = [row.values for row in responses.rows]
    return {
        "embedded_newline_rows": sum("\n" in row["role"] for row in rows),
        "absurd_future_date": ABSURD_DATE,
        "other_spellings": {other: usual for _, usual, other, _ in SPELLINGS},
    }
