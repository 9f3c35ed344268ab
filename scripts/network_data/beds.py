"""The open beds of intensive care and surgery, as many as the network's stays need.

Usage: imported by scripts/generate_network.py; nothing to run.
"""

from __future__ import annotations

from demo_data.care_episodes import BEDS_FROM
from demo_data.care_people import WARDS
from network_data.world import World

# Of all episodes, and of their nights, with the usual length of stays (measured).
SHARES = {"ICU": 0.08, "Surgery": 0.156}
NIGHTS = {"ICU": 4.6, "Surgery": 2.9}
SPARE = 1.25


def rows(world: World) -> str:
    """The rows of the file: every day of the last year, every facility, two departments."""
    days = 1096
    parts = []
    for department in NIGHTS:
        assert department in WARDS
        mean = world.episodes * SHARES[department] * NIGHTS[department] / days * SPARE
        is_closed = f"month(day) = 1 and day(day) <= 14 and '{department}' = 'Surgery'"
        count = f"greatest(ceil({mean:.6e} * tickets / {world.care_tickets}), 1)"
        parts.append(
            f"select name as facility, '{department}' as department, day,"
            f" greatest(ceil(if({is_closed}, 0.5, 1) * {count}), 1)::bigint as beds"
            " from care_places cross join open_days"
        )
    only = f"where day = date '{world.day}'" if world.day else ""
    status = ", cast(null as varchar) as record_status" if world.day else ""
    return f"""
        with open_days as (
            select (date '{BEDS_FROM}' + i::int) as day
            from range(((date '{world.as_of}' - date '{BEDS_FROM}')::int)) as r(i)
        ),
        everything as ({" union all ".join(parts)})
        select
            facility, department, cast(day as varchar) as date,
            cast(beds as varchar) as beds{status}
        from everything {only} order by day, facility, department
    """
