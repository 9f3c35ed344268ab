"""A generated network, made once a session, and what is asked of its raw text.

Usage: a plugin of conftest.py; nothing to run.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import duckdb
import pytest

import generate_network

SIZE = 60_000


@pytest.fixture(scope="session")
def network(tmp_path_factory) -> Path:
    """A network of 60,000 appointments, made as a user would."""
    folder = tmp_path_factory.mktemp("network") / "raw"
    assert generate_network.main(["--output", str(folder), "--appointments", str(SIZE)]) == 0
    return folder


@pytest.fixture(scope="session")
def truths(network) -> dict:
    """What is said to be true of it."""
    return json.loads((network.parent / "raw_truths.json").read_text())


@pytest.fixture(scope="session")
def db(network) -> duckdb.DuckDBPyConnection:
    """Its tables as text, and its usable appointments typed."""
    connection = duckdb.connect()
    for folder in network.glob("*/*"):
        connection.execute(f"create view {folder.name} as from '{folder}/*.parquet'")
    connection.execute(
        f"""
        create view newest_appointments as
        select * exclude (filename, file_row_number)
        from read_parquet(
            '{network}/hospital_ops/appointments/*.parquet',
            filename = true, file_row_number = true
        )
        qualify row_number() over (
            partition by appointment_id order by filename desc, file_row_number desc
        ) = 1
        """
    )
    connection.execute(
        """
        create table booked as
        select
            *, cast(appointment_date as date) as day,
            cast(appointment_date as date) - cast(left(booked_at, 10) as date) as lead,
            cast(split_part(appointment_time, ':', 1) as int) as hour
        from newest_appointments
        where regexp_matches(appointment_date, '^202[3-6]-') and booked_at like '20__-__-__ __:__'
            and try_cast(booked_at as timestamp) is not null
            and try_cast(appointment_date as date) is not null
            and regexp_matches(appointment_time, '^(1[0-9]|0?[0-9]):[0-5][05]$')
            and appointment_date < '2026-07-01'
        """
    )
    return connection


def is_near(count: float, expected: float, variance: float) -> bool:
    """Whether a count lies within four standard deviations of what is expected."""
    return abs(count - expected) <= 4 * math.sqrt(variance)


def z_of_counts(rows: list[tuple[int, float]]) -> float:
    """How far a sum of yes and no lies from the sum of its probabilities, in deviations."""
    count = sum(yes for yes, _ in rows)
    expected = sum(chance for _, chance in rows)
    return (count - expected) / math.sqrt(sum(chance * (1 - chance) for _, chance in rows))
