"""The damage of single rows: what is written where, and what must come of it.

Usage: imported by broken_rows.py; nothing to run.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache

from broken_rows import Planted, again, good_rows

# the main date of each table, and a good day or time for it
MAIN_DATES = {
    ("hospital_ops", "appointments"): "appointment_date",
    ("hospital_ops", "treatments"): "treatment_date",
    ("hospital_ops", "billing"): "bill_date",
    ("care_episodes", "episodes"): "date",
    ("cancer_registry", "cases"): "diagnosis_date",
    ("team_surveys", "responses"): "survey_date",
    ("care_episodes", "available_beds"): "date",
    ("hospital_ops", "slots"): "start_at",
}
BAD_DATES = {
    "no such day": ["2024-02-30", "2023-02-29", "2024-13-01", "2024-04-31"],
    "zeros": ["0000-00-00", "00/00/0000"],
    "nines": ["99/99/9999", "9999-12-31"],
    "serial of a spreadsheet": ["45678", "45678.5"],
    "year of two digits": ["24-03-05", "05/03/24"],
    "time besides": ["2024-03-05 14:30", "2024-03-05T00:00:00+10:00"],
    "ISO week": ["2024-W10-2", "2024W102"],
    "words": ["5 March 2024", "Mar 5, 2024", "today"],
    "another order": ["03/04/2024", "13/04/2024", "04.03.2024", "2024/03/04"],
    "no separators": ["20240304", "1709510400"],
    "absurd year": ["2204-03-04", "1889-03-04", "-2024-03-05"],
    "other digits": ["２０２４-03-05", "٢٠٢٤-03-05"],
    "something behind": ["2024-03-05x", "2024-03-05;"],
    "None": ["None"],
}
GOOD_DATES = [
    " 2024-03-05", "2024-3-5", "2024-03-05 00:00:00", "2024-03-05T00:00", "2024-03-05 00:00:00.000",
    "\u00a02024-03-05", "\ufeff2024-03-05", "2024-03-05\t", "\u200e2024-03-05\u200f",
    "2024-03-05\n",
]  # fmt: skip
NOTHING = ["", "   ", "\t", "\u00a0", "\u200b"]
PLACEHOLDERS = [
    "?", "NA", "n/a", "NULL", "null", "NaN", "-", "--", "#N/A", "\\N", "#REF!", "#VALUE!", "<NA>",
    "NaT", "(null)", " ? ", "\u00a0NA",
]  # fmt: skip
NOT_NUMBERS = {
    "decimal comma": ["1.234,56", "12,50", "1,234.56", "1 234", "1'234"],
    "currency": ["$12", "12 $", "€12.50", "AUD 12", "12%"],
    "parentheses": ["(12.50)", "12-", "--5"],
    "exponent": ["1e9", "1E+09", "1e-05"],
    "not finite": ["Infinity", "-inf", "1.#INF"],
    "another base": ["0x1F", "1_000", "12.5.6", "."],
    "other digits": ["１２", "٣", "½"],
    "words": ["free", "None", "twelve", "true"],
}
OUT_OF_RANGE = ["-5", "-0.01", "100000000.01", "1" + "0" * 30, "9" * 40, "999999999999999999999.99"]
GOOD_AMOUNTS = {
    " 12.50": 12.50, "12": 12.0, "0012.5": 12.5, "12.505": 12.51, "+5": 5.0, "0": 0.0, "-0": 0.0,
    "12.50\u00a0": 12.5, "\u200b7": 7.0, "1." + "3" * 60: 1.33, "100000000": 1e8,
}  # fmt: skip
_LETTERS = {
    "patients": "PX", "doctors": "DX", "appointments": "AX", "treatments": "TX", "billing": "BX",
    "episodes": "EX", "cases": "CX", "responses": "RX",
}  # fmt: skip
_numbers = itertools.count(1)


@cache
def _good() -> dict[tuple[str, str], list[dict[str, str]]]:
    return good_rows()


def template(system: str, table: str, **changes: str) -> dict[str, str]:
    """A good row under a key of its own, with changes."""
    number = next(_numbers)
    row = dict(_good()[system, table][5])
    letters = _LETTERS.get(table)
    if letters:
        key = {"billing": "bill_id", "cases": "patient_id"}.get(table, f"{table[:-1]}_id")
        row[key] = f"{letters}{number:05}"
    if table == "appointments":
        # times of day that no other row of the doctor has
        row |= {"appointment_time": f"{number % 24:02}:{number // 24 % 60:02}", "booked_at": "",
                "cancelled_at": "", "cancelled_by": "", "status": "Completed"}  # fmt: skip
    if table == "patients":
        row["email"] = f"planted{number}@example.org"
    if table == "available_beds":
        row["department"] = f"Planted {number}"
    if table == "slots":
        row["start_at"] = f"2024-03-{number % 28 + 1:02} {number % 24:02}:{number // 28 % 60:02}"
    if table == "episodes":
        row |= {"admitted_at": "", "discharged_at": "", "leave_days": "", "arrived_at": "",
                "seen_at": "", "departed_at": "", "year": "", "month": ""}  # fmt: skip
    if table == "cases":
        row |= {"last_contact_date": "", "referral_date": "", "decision_date": ""}
    return row | changes


def planted(case: str, system: str, table: str, changes: dict[str, str], **wanted) -> Planted:
    """One damaged row."""
    for name in ("repairs", "orphans", "flags"):
        if name in wanted:
            wanted[name] = frozenset(wanted[name])
    return Planted(case, system, table, template(system, table, **changes), **wanted)


def dates() -> Iterator[Planted]:
    """Main dates that are none, that are missing, and that are only written badly."""
    for (system, table), column in MAIN_DATES.items():
        few = table in ("responses", "available_beds", "slots", "cases")
        kinds = list(BAD_DATES.items())
        for kind, texts in kinds[:8] if table == "responses" else kinds:
            for text in texts[:1] if few else texts:
                if table == "slots" and kind == "time besides":
                    continue
                yield planted(
                    f"main date: {kind}",
                    system,
                    table,
                    {column: text},
                    status="rejected",
                    reason="unusable_date",
                )
        for text in ["", "?"] if few else [*NOTHING, *PLACEHOLDERS]:
            yield planted(
                "main date missing",
                system,
                table,
                {column: text},
                status="rejected",
                reason="missing_date",
            )
        staged = {
            "cases": "diagnosis_date",
            "responses": "survey_date",
            "episodes": "episode_date",
            "available_beds": "bed_date",
        }.get(table, column)
        for text in [] if table == "slots" else GOOD_DATES:
            yield planted(
                "main date in another spelling",
                system,
                table,
                {column: text},
                staged={staged: "2024-03-05"},
            )


def numbers() -> Iterator[Planted]:
    """Numbers that are none, out of range, and only written badly."""
    for system, table, column, staged in (
        ("hospital_ops", "billing", "amount", "billed_amount"),
        ("hospital_ops", "treatments", "cost", "cost"),
        ("care_episodes", "episodes", "treatment_cost", "cost"),
    ):
        for kind, texts in NOT_NUMBERS.items():
            for text in texts:
                reason = "sentinel" if text == "." else "not_a_number"
                yield planted(
                    f"amount: {kind}",
                    system,
                    table,
                    {column: text},
                    repairs=[f"{column}:{reason}"],
                    staged={staged: None},
                )
        for text in OUT_OF_RANGE:
            yield planted(
                "amount out of range",
                system,
                table,
                {column: text},
                repairs=[f"{column}:out_of_range"],
                staged={staged: None},
            )
        for text in PLACEHOLDERS:
            yield planted(
                "amount: placeholder",
                system,
                table,
                {column: text},
                repairs=[f"{column}:sentinel"],
                staged={staged: None},
            )
        for text in NOTHING:
            yield planted("amount missing", system, table, {column: text}, staged={staged: None})
        for text, value in GOOD_AMOUNTS.items():
            yield planted(
                "amount in another spelling", system, table, {column: text}, staged={staged: value}
            )
    bounds = [
        (
            "care_episodes",
            "episodes",
            "patient_age",
            "age_years",
            [0, 109, 110],
            ["-1", "111", "363", "45.5"],
            ["45 years", "forty", "4５"],
        ),
        (
            "care_episodes",
            "episodes",
            "patient_satisfaction",
            "satisfaction_score",
            [0, 10, 9.5],
            ["-1", "10.01", "11"],
            ["great!", "9/10"],
        ),
        (
            "care_episodes",
            "episodes",
            "length_of_stay",
            "length_of_stay_recorded",
            [0, 3660],
            ["-1", "3660.5"],
            ["3 days"],
        ),
        (
            "care_episodes",
            "episodes",
            "triage_category",
            "triage_category",
            [1, 5],
            ["0", "6"],
            ["A"],
        ),
        (
            "care_episodes",
            "available_beds",
            "beds",
            "beds",
            [0, 100000],
            ["-1", "100001"],
            ["many"],
        ),
        (
            "cancer_registry",
            "cases",
            "age",
            "age_years",
            [0, 110],
            ["-1", "111", "363"],
            ["45 years"],
        ),
        (
            "cancer_registry",
            "cases",
            "survival_months",
            "survival_months",
            [0, 7.25],
            ["-1", "1201"],
            ["3 years", "1,5"],
        ),
        (
            "hospital_ops",
            "appointments",
            "duration_minutes",
            "duration_minutes",
            [1, 1440],
            ["0", "1441", "-15"],
            ["1h"],
        ),
        (
            "hospital_ops",
            "doctors",
            "years_experience",
            "years_experience",
            [0, 80],
            ["-1", "81"],
            ["ten"],
        ),
        ("team_surveys", "responses", "item_3", "item_3", [1, 7], ["0", "8", "3.5"], ["agree"]),
    ]
    for system, table, column, staged, good, far, no_number in bounds:
        for value in good:
            yield planted(
                f"{table}.{column} at its bounds",
                system,
                table,
                {column: str(value)},
                staged={staged: value},
            )
        for reason, texts in (("out_of_range", far), ("not_a_number", no_number)):
            for text in texts:
                yield planted(
                    f"{table}.{column} {reason}",
                    system,
                    table,
                    {column: text},
                    repairs=[f"{column}:{reason}"],
                    staged={staged: None},
                )


def all_cases() -> list[Planted]:
    """Every planted row, in the order in which each table's files have them."""
    from broken_row_keys import keys, links, shapes, versions
    from broken_row_texts import codes, hostile
    from broken_row_times import times

    period = _good()["hospital_ops", "slots"][:200]
    return [
        *dates(), *numbers(), *times(), *codes(), *hostile(), *keys(), *links(), *shapes(),
        *versions(), *again(period, "hospital_ops", "slots"),
    ]  # fmt: skip
