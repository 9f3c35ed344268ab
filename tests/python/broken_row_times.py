"""Damage of times of day, timestamps and days beside the main date.

Usage: imported by broken_row_cases.py; nothing to run.
"""

from __future__ import annotations

from collections.abc import Iterator

from broken_row_cases import planted
from broken_rows import Planted

BAD_TIMES = [
    "25:00", "24:00", "7:5", "12:00 AM", "8:30 PM", "0900", "9", "9.15", "-1:00", "noon", "09:60",
    "09:30Z", "09:30+10:00", "0.375", "１２:30",
]  # fmt: skip
GOOD_TIMES = {"7:05": 425, "07:05:59": 425, " 09:00": 540, "00:00": 0, "23:59:59.999": 1439}
BAD_STAMPS = [
    "2024-02-30 10:00", "2024-02-01 25:00", "2024-02-01 08:30 PM", "2024-02-01T09:30:00+10:00",
    "1709280000", "2024-02-01 9", "yesterday",
]  # fmt: skip


def times() -> Iterator[Planted]:
    """Times of day, timestamps, and days that follow from others."""
    ops, appointments = "hospital_ops", "appointments"
    for text in BAD_TIMES:
        yield planted(
            "time of day",
            ops,
            appointments,
            {"appointment_time": text},
            repairs=["appointment_time:not_a_time"],
        )
    for text, minute in GOOD_TIMES.items():
        yield planted(
            "time in another spelling",
            ops,
            appointments,
            {"appointment_time": text},
            staged={"appointment_minute": minute},
        )
    for column in ("booked_at", "cancelled_at"):
        for text in BAD_STAMPS:
            yield planted(
                "timestamp",
                ops,
                appointments,
                {column: text},
                repairs=[f"{column}:not_a_timestamp"],
                staged={column: None},
            )
        yield planted(
            "timestamp of the year 1",
            ops,
            appointments,
            {column: "0001-01-01 00:00"},
            repairs=[f"{column}:out_of_range"],
            staged={column: None},
        )
    yield planted(
        "cancelled at the end of time",
        ops,
        appointments,
        {"cancelled_at": "9999-12-31 23:59"},
        repairs=["cancelled_at:out_of_range"],
    )
    yield planted(
        "booked after the event",
        ops,
        appointments,
        {"booked_at": "9999-12-31 23:59"},
        repairs=["booked_at:after_event"],
    )
    yield planted(
        "paid at the end of time",
        ops,
        "billing",
        {"paid_at": "9999-12-31"},
        repairs=["paid_at:out_of_range"],
        staged={"paid_date": None},
    )
    yield planted(
        "paid on no day", ops, "billing", {"paid_at": "2024-02-30"}, repairs=["paid_at:not_a_date"]
    )
    for text in ("0000-01-01", "0000-00-00", "1800-05-05", "2190-01-01"):
        reason = "not_a_date" if text == "0000-00-00" else "out_of_range"
        yield planted(
            "birth on an absurd day",
            ops,
            "patients",
            {"date_of_birth": text, "registration_date": ""},
            repairs=[f"date_of_birth:{reason}"],
            staged={"date_of_birth": None},
        )
    stay = {"admitted_at": "2024-03-05 09:00", "date": "2024-03-05", "patient_id": "STAY"}
    yield planted(
        "discharge before admission",
        "care_episodes",
        "episodes",
        {**stay, "discharged_at": "2024-03-04 09:00"},
        repairs=["discharged_at:before_start"],
        staged={"discharged_at": None},
    )
    yield planted(
        "discharge at the end of time",
        "care_episodes",
        "episodes",
        {**stay, "patient_id": "STAY2", "discharged_at": "9999-12-31 00:00"},
        repairs=["discharged_at:out_of_range"],
        staged={"discharged_at": None},
    )
    for column in ("seen_at", "departed_at"):
        yield planted(
            "seen or gone before arrival",
            "care_episodes",
            "episodes",
            {"arrived_at": "2024-03-05 09:00", column: "2024-03-05 08:59"},
            repairs=[f"{column}:before_start"],
        )
    yield planted(
        "last contact before diagnosis",
        "cancer_registry",
        "cases",
        {"diagnosis_date": "2022-03-05", "last_contact_date": "2022-03-04"},
        repairs=["last_contact_date:before_start"],
    )
    yield planted(
        "last contact at the end of time",
        "cancer_registry",
        "cases",
        {"last_contact_date": "9999-12-31"},
        repairs=["last_contact_date:out_of_range"],
    )
