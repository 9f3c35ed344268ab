"""How old the raw data are, against the limits that wardhouse.yml sets for them.

Usage: imported by publish.py and run_summary.py. Before a build: dbt source freshness

The clock is the start of the build (private.last_build), not the time of asking: a build that is
published again tomorrow is judged as today. The limits are those that the build was given.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime

import duckdb

from settings import UserError

FRESH, STALE, TOO_OLD = "fresh", "stale", "too old"
NO_LIMIT, NOT_AGED, NO_FILE = "no limit", "not aged", "no file"
MOST_NAMED = 5  # so that one line stays readable


@dataclass(frozen=True)
class Feed:
    """One raw table: what came last, how long ago, and what that means."""

    source_system: str
    source_table: str  # empty for a system of which nothing came
    files: int
    newest_file_at: datetime | None
    last_event_date: date | None
    age_days: float | None  # of the newest file, or of the last event when the limits say so
    by: str
    warn_after_days: int | None
    refuse_after_days: int | None
    status: str

    @property
    def name(self) -> str:
        """The table as users name it."""
        return f"{self.source_system}/{self.source_table}".rstrip("/")

    @property
    def numbers(self) -> str:
        """The age and the limit that it is beyond."""
        word, limit = "warn", self.warn_after_days
        if self.status == TOO_OLD:
            word, limit = "refuse", self.refuse_after_days
        days = f"{limit} {'day' if limit == 1 else 'days'}"
        if self.age_days is None:
            thing = "event" if self.by == "event_date" else "file"
            return f"{self.name} has no {thing} at all ({word} after {days})"
        what = (
            f"last event {self.last_event_date}"
            if self.by == "event_date"
            else f"newest file {self.newest_file_at:%Y-%m-%d %H:%M} UTC"
        )
        if self.age_days < 0:
            return f"{self.name} is dated {-self.age_days:.1f} days ahead of the build ({what})"
        return f"{self.name} is {self.age_days:.1f} days old ({what}, {word} after {days})"


def judge(age_days: float | None, limits: dict) -> str:
    """The status of an age; none at all is beyond every limit.

    A file dated ahead of the clock would look fresh for as long: it is worth a warning.
    """
    has_limits = limits.keys() & {"warn_after_days", "refuse_after_days"}
    age = float("inf") if age_days is None else age_days
    if age > limits.get("refuse_after_days", float("inf")):
        return TOO_OLD
    if age > limits.get("warn_after_days", float("inf")) or (has_limits and age < -1):
        return STALE
    return FRESH if has_limits else NO_LIMIT


def feeds(connection: duckdb.DuckDBPyConnection, catalog: str) -> list[Feed]:
    """Every raw table of the last build, measured; what no build has recorded is not there."""
    try:
        started_at, text = connection.execute(
            f"select started_at, freshness from {catalog}.private.last_build"
        ).fetchone()
        rows = connection.execute(
            f"""
            select source_system, source_table, files, newest_file_at, last_event_date
            from {catalog}.marts.dq_freshness
            left join (
                select source_system, source_table, max(modified_at) as newest_file_at
                from {catalog}.raw.files group by all
            ) using (source_system, source_table)
            order by all
            """
        ).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException, TypeError):
        return []  # a database of an earlier version, or a build that did not come this far
    settings = json.loads(text)
    found = [_feed(row, settings.get(row[0], {}), started_at) for row in rows]
    return found + _silent_systems(found, settings)


def _feed(row: tuple, limits: dict, started_at: datetime) -> Feed:
    system, table, files, newest, last_event = row
    by = limits.get("by", "file_time")
    age = None
    if by == "event_date" and last_event is not None:
        here = started_at.replace(tzinfo=UTC).astimezone()  # events are in local time
        age = float((here.date() - last_event).days)
    elif by == "file_time" and newest is not None:
        age = (started_at - newest).total_seconds() / 86400
    if files == 0:
        status = NO_FILE
    # without a file time they are the demo data, which are never stale
    elif age is None or newest is None or table in limits.get("except", ()):
        status = NOT_AGED
    else:
        status = judge(age, limits)
    limits_of = limits.get("warn_after_days"), limits.get("refuse_after_days")
    return Feed(system, table, files, newest, last_event, age, by, *limits_of, status)


def _silent_systems(found: list[Feed], settings: dict) -> list[Feed]:
    """Systems that have limits, so something is expected of them, and sent nothing to age."""
    silent = []
    for system, limits in settings.items():
        its = [feed for feed in found if feed.source_system == system]
        is_demo = any(feed.files and feed.newest_file_at is None for feed in its)
        aged = any(feed.status not in (NO_FILE, NOT_AGED) for feed in its)
        spared = any(feed.source_table in limits.get("except", ()) for feed in its if feed.files)
        if is_demo or aged or spared:
            continue
        status = judge(None, limits)
        by = limits.get("by", "file_time")
        limits_of = limits.get("warn_after_days"), limits.get("refuse_after_days")
        if status != NO_LIMIT:
            silent.append(Feed(system, "", 0, None, None, None, by, *limits_of, status))
    return silent


def warnings_of(found: list[Feed]) -> list[str]:
    """One line per feed beyond its first limit."""
    return [f"stale data, {feed.numbers}" for feed in found if feed.status == STALE]


def refuse_too_old(found: list[Feed]) -> None:
    """Refuse to publish what is older than the data set's own limit."""
    beyond = [feed for feed in found if feed.status == TOO_OLD]
    if beyond:
        beyond.sort(key=lambda feed: -(feed.age_days or float("inf")))
        more = len(beyond) - MOST_NAMED
        names = ", ".join(feed.numbers for feed in beyond[:MOST_NAMED])
        raise UserError(
            f"the raw data are too old, {names}{f' and {more} more' if more > 0 else ''}; "
            "ask for the missing extract, or raise refuse_after_days in wardhouse.yml, and "
            "run dbt build"
        )
