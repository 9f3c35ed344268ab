"""What the systems show on a morning, and what of it a single day has changed.

Usage: imported by scripts/generate_network.py; nothing to run.

Whether a record is known, and what it shows, are functions of the morning on which it is looked
at: a day's delivery is where two mornings differ.
"""

from __future__ import annotations

from collections.abc import Callable

from network_data.world import World


def flags(
    world: World, known: Callable[[str], str], shown: Callable[[str], list[str]]
) -> tuple[str, str]:
    """The condition of the rows to look at, and the columns is_changed, is_new and is_deleted."""
    now = f"date '{world.as_of}'"
    if world.day is None:
        return known(now), "true as is_changed, true as is_new, false as is_deleted"
    before = f"date '{world.day}'"
    differ = " or ".join(
        f"({old}) is distinct from ({new})"
        for old, new in zip(shown(before), shown(now), strict=True)
    )
    return f"({known(before)} or {known(now)})", (
        f"({known(before)}) is distinct from ({known(now)}) or {differ or 'false'} as is_changed, "
        f"not ({known(before)}) as is_new, not ({known(now)}) as is_deleted"
    )


def with_status(world: World, columns: dict[str, str]) -> dict[str, str]:
    """The columns of a delivery: it says which records the source has withdrawn."""
    if world.day is None:
        return columns
    return columns | {"record_status": "case when is_deleted then 'deleted' end"}
