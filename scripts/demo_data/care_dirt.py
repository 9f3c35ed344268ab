"""The dirt of the demo's care episodes: each kind is planted here and noted for the manifest.

Usage: imported by scripts/generate_demo_data.py; nothing to run.

What would change a planted truth is planted on people with one episode only, so that no stay
gains or loses a return.
"""

from datetime import timedelta

from demo_data.draws import Stream
from demo_data.hospital_dirt import (
    ABSURD_DATE,
    BAD_DATES,
    BAD_NUMBERS,
    NO_DATES,
    RELOADED_QUARTER,
    SENTINELS,
    Repair,
    has,
    paired,
    spoil_values,
)
from demo_data.tables import Row, Table

RELOADED_FACILITIES = ("Acacia Downs", "Melaleuca Cove")
HOSTILE_TEXT = "<script>alert(1)</script>"
MINUTE = "%Y-%m-%d %H:%M"
BAD_TIMES = ("2024-13-05 09:00", "in the morning", "2025-02-30 10:15", "2024-06-03 25:10")
# Other spellings, which the code map knows: column, the usual word, the other one, rows.
SPELLINGS = (
    ("facility", "Banksia Bay", "Banksia Bay Hospital", 12),
    ("facility", "Banksia Bay", "Banksia Bay Hosp.", 6),
    ("facility", "Ironbark Plains", "IRONBARK PLAINS", 10),
    ("facility", "Correa Lakes", "Correa Lks", 8),
    ("department", "Emergency", "A&E", 14),
    ("department", "Emergency", "Emergency Department", 8),
    ("department", "Paediatrics", "Paeds", 6),
    ("department", "ICU", "Intensive Care", 6),
    ("region", "Coast", "The Coast", 9),
)
EXPERIENCE_WORDS = ("Very good", "Good", "good", "Neither", "Poor", "Very poor", "Don't know")


def is_alone(row: Row) -> bool:
    """Choose the only episode of a person."""
    return row.source.person.episodes == 1


def is_visit(row: Row) -> bool:
    """Choose a lone visit without admission outside the emergency department."""
    one = row.source
    return is_alone(row) and one.admitted is None and one.arrived is None


def is_lone_stay(row: Row) -> bool:
    """Choose a lone stay that has ended, outside the wards whose beds are counted."""
    one = row.source
    return (
        is_alone(row)
        and one.discharged is not None
        and one.department not in ("Emergency", "ICU", "Surgery")
    )


def is_long_stay(row: Row) -> bool:
    """Choose a lone stay of several nights."""
    one = row.source
    return is_lone_stay(row) and (one.discharged - one.admitted).days >= 4


def is_planned_stay(row: Row) -> bool:
    """Choose a lone planned stay."""
    return is_lone_stay(row) and row.source.admission_type == "Elective"


def is_lone_emergency(row: Row) -> bool:
    """Choose a lone emergency visit that was seen and not admitted."""
    one = row.source
    return is_alone(row) and one.seen is not None and one.admitted is None


EPISODES = "episodes"
REPAIRS = (
    Repair(EPISODES, "patient_id", "sentinel", ("?", "N/A"), 4, is_visit),
    Repair(EPISODES, "patient_id", "sentinel", ("?",), 3, is_planned_stay),
    Repair(EPISODES, "facility", "sentinel", SENTINELS, 5, is_visit),
    Repair(EPISODES, "department", "sentinel", SENTINELS, 5, is_visit),
    Repair(EPISODES, "treatment_type", "sentinel", SENTINELS, 5, is_visit),
    Repair(EPISODES, "diagnosis_group", "sentinel", SENTINELS, 5, is_planned_stay),
    Repair(EPISODES, "insurance_type", "sentinel", SENTINELS, 7),
    Repair(EPISODES, "region", "sentinel", SENTINELS, 9),
    Repair(EPISODES, "patient_age", "out_of_range", ("363", "127", "-4", "245", "111"), 24),
    Repair(EPISODES, "patient_age", "not_a_number", ("forty", "4O"), 4),
    Repair(EPISODES, "patient_age", "sentinel", SENTINELS, 6),
    Repair(EPISODES, "patient_gender", "unmapped_code", ("Q", "see notes"), 6),
    Repair(EPISODES, "patient_gender", "sentinel", SENTINELS, 8),
    Repair(EPISODES, "length_of_stay", "not_a_number", ("2 days", "four"), 4, is_visit),
    Repair(EPISODES, "length_of_stay", "out_of_range", ("-2", "5000", "3661"), 5, is_alone),
    Repair(EPISODES, "length_of_stay", "sentinel", SENTINELS, 5, is_alone),
    Repair(EPISODES, "treatment_cost", "not_a_number", BAD_NUMBERS, 5, has("treatment_cost")),
    Repair(EPISODES, "treatment_cost", "out_of_range", ("-120.00", "-0.01"), 4),
    Repair(EPISODES, "treatment_cost", "sentinel", SENTINELS, 6, has("treatment_cost")),
    Repair(EPISODES, "treatment_success", "unmapped_code", ("perhaps", "partly"), 5),
    Repair(EPISODES, "treatment_success", "sentinel", SENTINELS, 5),
    Repair(EPISODES, "patient_satisfaction", "out_of_range", ("11.5", "99", "-1"), 6),
    Repair(EPISODES, "patient_satisfaction", "not_a_number", ("great", "8/10"), 4),
    Repair(EPISODES, "patient_satisfaction", "sentinel", SENTINELS, 7),
    Repair(EPISODES, "readmission_30d", "unmapped_code", ("maybe",), 4),
    Repair(EPISODES, "readmission_30d", "sentinel", ("?", "-"), 4),
    Repair(EPISODES, "admitted_at", "not_a_timestamp", BAD_TIMES, 4, is_lone_stay),
    Repair(EPISODES, "admitted_at", "sentinel", ("?", "N/A"), 2, is_lone_stay),
    Repair(EPISODES, "discharged_at", "not_a_timestamp", BAD_TIMES, 4, is_lone_stay),
    Repair(EPISODES, "discharged_at", "sentinel", ("?", "-"), 2, is_lone_stay),
    Repair(EPISODES, "leave_days", "not_a_number", ("two", "1+1"), 3, is_long_stay),
    Repair(EPISODES, "leave_days", "out_of_range", ("-1", "400"), 4, is_long_stay),
    Repair(EPISODES, "leave_days", "sentinel", ("?",), 2, is_long_stay),
    Repair(EPISODES, "admission_type", "unmapped_code", ("walkabout",), 3, is_planned_stay),
    Repair(EPISODES, "admission_type", "sentinel", ("?", "NA"), 3, is_planned_stay),
    Repair(EPISODES, "is_planned", "unmapped_code", ("so-so",), 3, is_planned_stay),
    Repair(EPISODES, "is_planned", "sentinel", ("?",), 2, is_planned_stay),
    Repair(EPISODES, "disposition", "unmapped_code", ("sent on",), 4, is_lone_stay),
    Repair(EPISODES, "disposition", "sentinel", ("?", "-"), 3, is_lone_stay),
    Repair(EPISODES, "any_cancer_diagnosis", "unmapped_code", ("query",), 3, is_lone_stay),
    Repair(EPISODES, "any_cancer_diagnosis", "sentinel", ("?",), 3, is_lone_stay),
    Repair(EPISODES, "cancer_stage", "unmapped_code", ("V", "early"), 4, has("cancer_stage")),
    Repair(EPISODES, "cancer_stage", "sentinel", SENTINELS, 5, has("cancer_stage")),
    Repair(EPISODES, "triage_category", "not_a_number", ("red", "3?"), 3, has("triage_category")),
    Repair(EPISODES, "triage_category", "out_of_range", ("0", "7"), 4, has("triage_category")),
    Repair(EPISODES, "triage_category", "sentinel", ("?", "NULL"), 3, has("triage_category")),
    Repair(EPISODES, "arrived_at", "not_a_timestamp", BAD_TIMES, 3, is_lone_emergency),
    Repair(EPISODES, "arrived_at", "sentinel", ("?",), 2, is_lone_emergency),
    Repair(EPISODES, "seen_at", "not_a_timestamp", BAD_TIMES, 4, is_lone_emergency),
    Repair(EPISODES, "seen_at", "sentinel", ("?", "N/A"), 3, is_lone_emergency),
    Repair(EPISODES, "departed_at", "not_a_timestamp", BAD_TIMES, 3, is_lone_emergency),
    Repair(EPISODES, "departed_at", "sentinel", ("-",), 2, is_lone_emergency),
    Repair(EPISODES, "visit_end_status", "unmapped_code", ("vanished",), 3, is_lone_emergency),
    Repair(EPISODES, "visit_end_status", "sentinel", ("?",), 3, is_lone_emergency),
    Repair(EPISODES, "length_of_stay_unit", "unmapped_code", ("fortnights",), 3, is_visit),
    Repair(EPISODES, "length_of_stay_unit", "sentinel", ("?", "-"), 2, is_visit),
)
BED_REPAIRS = (
    Repair("available_beds", "beds", "not_a_number", ("closed", "one"), 4),
    Repair("available_beds", "beds", "out_of_range", ("-1",), 3),
    Repair("available_beds", "beds", "sentinel", ("?", "N/A"), 4),
)


def plant(care: Table, beds: Table) -> None:
    """Plant everything; rows loaded twice are put aside first and copied last."""
    for row in care.rows:
        row.is_taken = is_in_reloaded_quarter(row)
    plant_oddities(care)
    leave_out_numbers(care)
    newer_versions(care)
    for repair in REPAIRS:
        spoil_values(care, repair)
    spoil_later_times(care)
    state_other_periods(care)
    reject_episodes(care)
    add_overlapping_stays(care)
    for row in [row for row in care.rows if row.source and is_in_reloaded_quarter(row)]:
        if not row.marks:
            care.supersede(row)
    insert_blanks_and_totals(care)
    plant_beds(beds)


def is_in_reloaded_quarter(row: Row) -> bool:
    """Find the episodes of the quarter that two facilities have sent twice."""
    first, last = RELOADED_QUARTER
    day = row.source.day.isoformat()
    return first <= day <= last and row.source.facility.short_name in RELOADED_FACILITIES


def take(table: Table, number: int, purpose: str, where) -> list[Row]:
    """Choose rows for something that is no dirt, and keep the dirt away from them."""
    rows = table.pick(number, purpose, where)
    for row in rows:
        row.is_taken = True
    return rows


def plant_oddities(care: Table) -> None:
    """Write what only looks like dirt: other spellings, words for scores, a department `None`."""
    for column, usual, other, number in SPELLINGS:

        def is_usual(row: Row, column: str = column, usual: str = usual) -> bool:
            return row.values[column] == usual

        for row in take(care, number, f"{column} {other}", is_usual):
            row.values[column] = other
    for row in take(care, 6, "department None", is_visit):
        row.values["department"] = "None"
    rows = take(care, 21, "experience words", has("patient_satisfaction"))
    for row, word in paired(rows, EXPERIENCE_WORDS):
        row.values["patient_satisfaction"] = word
    for row in take(care, 12, "stay in hours", is_same_day_surgery):
        spent = row.source.discharged - row.source.admitted
        row.values["length_of_stay"] = f"{int(spent.total_seconds()) // 3600}.0"
        row.values["length_of_stay_unit"] = "hours"
    for row in take(care, 3, "embedded newline", is_planned_stay):
        row.values["diagnosis_group"] += "\n(see letter)"
    (row,) = take(care, 1, "hostile text", is_planned_stay)
    row.values["diagnosis_group"] = HOSTILE_TEXT
    (row,) = take(care, 1, "absurd date", is_visit)
    row.values |= {"date": ABSURD_DATE, "year": "2099", "month": "3", "quarter": "Q1"}


def is_same_day_surgery(row: Row) -> bool:
    """Choose operations without a night in hospital."""
    one = row.source
    return (
        one.department == "Surgery"
        and one.discharged is not None
        and one.discharged.date() == one.day
    )


def leave_out_numbers(care: Table) -> None:
    """Leave out the number of some visits: patient, day, department and treatment know them."""
    for number, row in enumerate(take(care, 14, "no episode number", is_visit)):
        row.values["episode_id"] = ""
        if number < 2:
            row.is_taken = False
            care.supersede(row, treatment_cost="0.00")


def newer_versions(care: Table) -> None:
    """Write newer versions of stays: first that somebody is in hospital, later how it ended."""
    columns = (
        "discharged_at",
        "disposition",
        "length_of_stay",
        "treatment_cost",
        "treatment_success",
        "patient_satisfaction",
        "readmission_30d",
    )
    for row in care.pick(18, "newer versions", lambda row: row.source.discharged is not None):
        care.supersede(row, **dict.fromkeys(columns, ""))


def spoil_later_times(care: Table) -> None:
    """Write ends that come before their beginning, and more leave than there are nights."""
    for column, start, where in (
        ("discharged_at", "admitted", is_lone_stay),
        ("seen_at", "arrived", is_lone_emergency),
        ("departed_at", "arrived", is_lone_emergency),
    ):
        for number, row in enumerate(care.pick(5, f"{column} before start", where), start=1):
            moment = getattr(row.source, start) - timedelta(minutes=37 * number * number)
            row.repair(column, moment.strftime(MINUTE), "before_start")
    for row in care.pick(3, "more leave than nights", is_long_stay):
        nights = (row.source.discharged.date() - row.source.day).days
        row.repair("leave_days", str(nights + 1), "out_of_range")


def state_other_periods(care: Table) -> None:
    """State a year or a month that is not the date's."""
    for row in care.pick(5, "another year"):
        row.values["year"] = str(row.source.day.year - 1)
        row.mark("flagged", "period_mismatch")
    for row in care.pick(4, "another month"):
        row.values["month"] = str(row.source.day.month % 12 + 1)
        row.mark("flagged", "period_mismatch")


def reject_episodes(care: Table) -> None:
    """Spoil the keys and dates of lone visits."""
    for row, patient_id in paired(care.pick(4, "missing key", is_visit), ("", "", "?")):
        row.reject("missing_key", episode_id="", patient_id=patient_id)
    for row, value in paired(care.pick(6, "missing date", is_visit), NO_DATES):
        row.reject("missing_date", date=value)
    for row, value in paired(care.pick(6, "unusable date", is_visit), BAD_DATES):
        row.reject("unusable_date", date=value)


def add_overlapping_stays(care: Table) -> None:
    """Add stays that begin before the same patient's earlier one has ended."""
    for number, row in enumerate(care.pick(6, "overlapping", is_long_stay), start=1):
        row.is_taken = True
        one = row.source
        start = one.admitted + timedelta(days=1, minutes=31 * number)
        end = start + timedelta(days=1 + number % 4)
        other = Stream("overlapping", number).one_of(
            [
                place
                for place in ("Waratah Ridge", "Banksia Bay")
                if place != one.facility.short_name
            ]
        )
        values = row.values | {
            "episode_id": f"E9{number:03d}",
            "facility": other,
            "date": start.date().isoformat(),
            "year": str(start.year),
            "month": str(start.month),
            "quarter": f"Q{(start.month + 2) // 3}",
            "admitted_at": start.strftime(MINUTE),
            "discharged_at": end.strftime(MINUTE),
            "length_of_stay": f"{(end - start).days}.0",
            "leave_days": "",
        }
        care.insert(values, f"overlapping {number}").mark("flagged", "overlapping_stay")


def insert_blanks_and_totals(care: Table) -> None:
    """Put rows of nothing but separators, and totals, between the others."""
    for number in range(4):
        care.insert({}, f"blank {number}").reject("blank_row")
    for key, word, total in (
        ("episode_id", "TOTAL", "24815377.10"),
        ("episode_id", " subtotal ", "90412.75"),
        ("episode_id", "Totals", "1204.00"),
        ("patient_id", "Grand total", "25906993.85"),
    ):
        row = care.insert({key: word, "treatment_cost": total}, f"{word} {total}")
        row.reject("totals_row")


def plant_beds(beds: Table) -> None:
    """Plant the dirt of the available beds."""
    for row in beds.pick(12, "newer versions"):
        beds.supersede(row, beds="3")
    for repair in BED_REPAIRS:
        spoil_values(beds, repair)
    for row, change in zip(
        beds.pick(3, "missing key"),
        ({"facility": ""}, {"department": "?"}, {"department": ""}),
        strict=True,
    ):
        row.reject("missing_key", **change)
    for row, value in paired(beds.pick(3, "missing date"), NO_DATES):
        row.reject("missing_date", date=value)
    for row, value in paired(beds.pick(3, "unusable date"), BAD_DATES):
        row.reject("unusable_date", date=value)
    for number in range(2):
        beds.insert({}, f"blank {number}").reject("blank_row")
    for word, total in (("TOTAL", "26"), ("Total", "9490")):
        beds.insert({"facility": word, "beds": total}, f"{word} {total}").reject("totals_row")


def looks_like_dirt(care: Table) -> dict:
    """Count what the models must leave alone."""
    rows = [row.values for row in care.rows]
    return {
        "department_none_rows": sum(row["department"] == "None" for row in rows),
        "embedded_newline_rows": sum("\n" in row["diagnosis_group"] for row in rows),
        "hostile_text_rows": sum(row["diagnosis_group"] == HOSTILE_TEXT for row in rows),
        "experience_word_rows": sum(
            row["patient_satisfaction"] in EXPERIENCE_WORDS for row in rows
        ),
        "stays_with_stated_unit": sum(row["length_of_stay_unit"] == "hours" for row in rows),
        "accepted_without_episode_id": sum(
            not row.values["episode_id"] and not row.marks for row in care.rows
        ),
        "absurd_future_date": ABSURD_DATE,
        "other_spellings": {other: usual for _, usual, other, _ in SPELLINGS},
    }
