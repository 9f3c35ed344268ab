"""Damage of keys, links and whole rows; versions of one record.

Usage: imported by broken_row_cases.py; nothing to run.
"""

from __future__ import annotations

from collections.abc import Iterator

from broken_row_cases import MAIN_DATES, NOTHING, PLACEHOLDERS, planted
from broken_rows import GOOD_ROWS, KEYS, LATER_FILE, Planted, header_of

OPS = "hospital_ops"
NO_KEYS = [*NOTHING[1:], *PLACEHOLDERS[:9], "None", "Unknown"]


def keys() -> Iterator[Planted]:
    """Keys that are none, that stand twice, and that only look alike."""
    for (system, table), _ in GOOD_ROWS.items():
        if table not in KEYS:
            continue
        key = KEYS[table]
        few = table in ("doctors", "responses", "cases")
        for text in [] if table == "episodes" else NO_KEYS[:2] if few else NO_KEYS:
            yield planted(
                "key missing", system, table, {key: text}, status="rejected", reason="missing_key"
            )
        for text in ("Total", "GRAND TOTAL", "Subtotal", "sub-total ", "all"):
            yield planted(
                "totals row", system, table, {key: text}, status="rejected", reason="totals_row"
            )
        # the door finds its file's own header again; this one is of another version of the extract
        titles = {column: f"{column} (old)" for column in header_of(system, table)[:-2]}
        for text in (key, key.replace("_", " ").title(), key.upper()):
            yield Planted(
                "header in mid file",
                system,
                table,
                titles | {key: text},
                status="rejected",
                reason="header_row",
            )
        twin = planted(
            "key twice, same row", system, table, {key: f"TWIN-{table}"}, status="superseded"
        )
        yield twin
        yield Planted("key twice, same row", system, table, twin.values)
        yield planted(
            "key twice, in two files", system, table, {key: f"FILES-{table}"}, status="superseded"
        )
        yield planted(
            "key twice, in two files", system, table, {key: f"FILES-{table}"}, file=LATER_FILE
        )
        spellings = [f"WHITE-{table}", f"  WHITE-{table} ", f"\u00a0WHITE-{table}\t",
                     f"\u200bWHITE-{table}\ufeff", f"\u200eWHITE-{table}\n"]  # fmt: skip
        for position, text in enumerate(spellings, 1):
            yield planted(
                "one key between invisible marks",
                system,
                table,
                {key: text},
                status="accepted" if position == len(spellings) else "superseded",
            )
        for number, text in enumerate(("Jose\u0301", "Jos\u00e9")):
            yield planted(
                "accent in two ways",
                system,
                table,
                {key: f"{text}-{table}"},
                status="accepted" if number else "superseded",
            )
        for text in (
            "abc",
            "ABC",
            "7",
            "07",
            "0007",
            "pаtient",
            "patient",
            "A\u200bBC",
            "1e5",
            "100000",
        ):
            yield planted("keys that only look alike", system, table, {key: f"{text}~{table}"})
    yield planted("episode without a number", "care_episodes", "episodes", {"episode_id": "NaN"})
    yield planted(
        "episode without number or patient",
        "care_episodes",
        "episodes",
        {"episode_id": "None", "patient_id": "?"},
        status="rejected",
        reason="missing_key",
    )


def links() -> Iterator[Planted]:
    """Links to nothing, links that are none, and what is flagged and kept."""
    for table, column in (
        ("appointments", "patient_id"), ("appointments", "doctor_id"),
        ("treatments", "appointment_id"), ("billing", "treatment_id"), ("billing", "patient_id"),
        ("slots", "doctor_id"),
    ):  # fmt: skip
        texts = ["GONE", "gone 2"] + ([] if table == "slots" else ["0", "П1"])
        for text in texts:
            yield planted(
                f"orphan of {table}.{column}", OPS, table, {column: text}, orphans=[column]
            )
        for text in [] if table == "slots" else ["?", "None", "#N/A", "unknown"]:
            yield planted(
                f"no link in {table}.{column}",
                OPS,
                table,
                {column: text},
                repairs=[f"{column}:sentinel"],
            )
    for word, key in (("No-show", "MISSED"), ("Cancelled", "CALLED-OFF")):
        yield planted(
            "missed appointment", OPS, "appointments", {"appointment_id": key, "status": word}
        )
        yield planted(
            "treatment without attendance",
            OPS,
            "treatments",
            {"treatment_id": f"T-{key}", "appointment_id": key},
            flags=["treatment_without_attendance"],
        )
        yield planted(
            "paid without attendance",
            OPS,
            "billing",
            {"treatment_id": f"T-{key}", "payment_status": "Paid"},
            flags=["paid_without_attendance"],
        )
    for _ in range(2):
        yield planted(
            "double booking",
            OPS,
            "appointments",
            {"appointment_date": "2023-10-10", "appointment_time": "05:55"},
            flags=["double_booking"],
        )
        yield planted(
            "shared e-mail", OPS, "patients", {"email": "both@example.org"}, flags=["shared_email"]
        )
    yield planted(
        "stated month of another year",
        "care_episodes",
        "episodes",
        {"year": "1999", "month": "1"},
        flags=["period_mismatch"],
    )
    yield planted(
        "too few answers",
        "team_surveys",
        "responses",
        {f"item_{n}": "" for n in (1, 2, 3)},
        flags=["too_few_items"],
    )
    yield planted(
        "follow-up beyond the data",
        "cancer_registry",
        "cases",
        {"survival_months": "1100"},
        flags=["follow_up_beyond_data"],
    )


def shapes() -> Iterator[Planted]:
    """Rows of nothing."""
    for system, table in GOOD_ROWS:
        columns = header_of(system, table)
        for text in NOTHING:
            # an empty row of one column would be a line end alone; these have their commas
            yield Planted(
                "row of nothing",
                system,
                table,
                dict.fromkeys(columns, text),
                status="rejected",
                reason="blank_row",
            )


def versions() -> Iterator[Planted]:
    """Withdrawn records and stamps of change, in every table."""
    for system, table in GOOD_ROWS:
        key = KEYS.get(table)
        first = planted(
            "withdrawn", system, table, {key: f"VOID-{table}"} if key else {}, status="superseded"
        )
        yield first
        bare = {key: f"VOID-{table}"} if key else first.values
        yield Planted(
            "withdrawn",
            system,
            table,
            {**bare, "record_status": " Entered-in-Error"},
            status="rejected",
            reason="deleted_at_source",
            file=LATER_FILE,
        )
        late = planted("changed later", system, table, {key: f"LATE-{table}"} if key else {})
        yield Planted(
            "changed later",
            system,
            table,
            {**late.values, "record_updated_at": "2024-05-01T10:00:01Z"},
        )
        yield Planted(
            "changed earlier",
            system,
            table,
            {**late.values, "record_updated_at": "2024-05-01 10:00:00.9"},
            status="superseded",
            file=LATER_FILE,
        )
        yield Planted(
            "without a stamp", system, table, late.values, status="superseded", file=LATER_FILE
        )
        yield planted(
            "stamp that is none",
            system,
            table,
            {"record_updated_at": "25.12.2024"},
            repairs=["record_updated_at:not_a_timestamp"],
        )
        yield planted(
            "status that is none",
            system,
            table,
            {"record_status": "delеted"},
            repairs=["record_status:unmapped_code"],
        )
        if key and (system, table) in MAIN_DATES:
            yield planted(
                "withdrawn, never seen",
                system,
                table,
                {MAIN_DATES[system, table]: "", "record_status": "void"},
                status="rejected",
                reason="deleted_at_source",
            )
