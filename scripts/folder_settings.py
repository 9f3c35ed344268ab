"""Check the settings that a raw folder carries (wardhouse.yml) and print them as dbt vars.

Usage: python scripts/folder_settings.py

Reads wardhouse.yml in the folder of WARDHOUSE_RAW_DIR; prints `{}` where there is none. `make`
passes what it prints to dbt. A mistake in the file is one line that names it, exit code 2: dbt
alone would ignore a mistyped setting and build other numbers than were asked for.
"""

from __future__ import annotations

import argparse
import datetime
import difflib
import json
from collections.abc import Callable
from typing import Any

import yaml

import settings
from settings import PROJECT_ROOT, UserError

SETTINGS_FILE = "wardhouse.yml"
DATE_FORMATS = ("iso", "mdy", "dmy")


def is_date(value: Any) -> bool:
    """A day, as YAML reads it or as ISO text."""
    if isinstance(value, datetime.datetime):
        return False
    if isinstance(value, str):
        try:
            datetime.date.fromisoformat(value)
        except ValueError:
            return False
        return True
    return isinstance(value, datetime.date)


def is_number(value: Any, low: float, high: float, whole: bool = True) -> bool:
    """A number in the closed range; True and False are no numbers."""
    kinds = int if whole else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool) and low <= value <= high


def systems() -> list[str]:
    """The source systems of the input contract."""
    return sorted(
        path.parent.name for path in PROJECT_ROOT.glob("models/staging/*/_*__sources.yml")
    )


def by_system(check: Callable[[Any], bool], value: Any) -> bool:
    """A map of known source systems to values that pass the check."""
    return isinstance(value, dict) and all(s in systems() and check(v) for s, v in value.items())


# What each setting may be: a check, and the words for it.
ALLOWED: dict[str, tuple[Callable[[Any], bool], str]] = {
    "date_formats": (
        lambda value: by_system(lambda v: v in DATE_FORMATS, value),
        "a map of source system to iso, mdy or dmy",
    ),
    "as_of_date": (
        lambda value: is_date(value) or by_system(is_date, value),
        "a day such as 2026-07-01, or a map of source system to day",
    ),
    "earliest_date": (is_date, "a day such as 1990-01-01"),
    "latest_date": (is_date, "a day such as 2099-12-31"),
    "hemisphere": (lambda value: value in ("southern", "northern"), "southern or northern"),
    "financial_year_start_month": (lambda v: is_number(v, 1, 12), "a month from 1 to 12"),
    "late_cancel_hours": (
        lambda value: is_number(value, 0, 8760, whole=False),
        "a number of hours",
    ),
    "receivable_window_days": (lambda v: is_number(v, 1, 3660), "a number of days from 1 on"),
    "third_next_available_weeks": (lambda v: is_number(v, 0, 520), "a number of weeks up to 520"),
    "hour_stay_departments": (
        lambda value: isinstance(value, list) and all(isinstance(v, str) for v in value),
        "a list of department names",
    ),
    "survey_wave_gap_days": (lambda v: is_number(v, 1, 366), "a number of days from 1 to 366"),
    "minimum_cell": (lambda v: is_number(v, 1, 1000), "a number from 1 to 1000"),
    "minimum_team_respondents": (lambda v: is_number(v, 1, 1000), "a number from 1 on"),
    "spc_screen_outliers": (lambda value: isinstance(value, bool), "true or false"),
    "spc_trend_points": (lambda v: is_number(v, 6, 7), "6 or 7"),
    "full_period_share": (
        lambda value: is_number(value, 0, 1, whole=False),
        "a share from 0 to 1",
    ),
}


def folder_settings() -> dict[str, Any]:
    """The checked settings of the raw folder, empty where there are none."""
    folder = settings.raw_dir()
    path = folder / SETTINGS_FILE if folder else None
    if path is None or not path.is_file():
        return {}
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" line {mark.line + 1}" if mark else ""
        raise UserError(
            f"not readable as YAML, {path}{place}; write one `name: value` a line"
        ) from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise UserError(f"no settings but a {type(found).__name__}, {path}; write `name: value`")
    for name, value in found.items():
        if name not in ALLOWED:
            near = difflib.get_close_matches(str(name), ALLOWED, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(ALLOWED)}"
            raise UserError(f"unknown setting {name}, {path}; {hint}")
        check, words = ALLOWED[name]
        if not check(value):
            extra = f" (systems: {', '.join(systems())})" if "source system" in words else ""
            raise UserError(f"{name}: {value} cannot be used, {path}; write {words}{extra}")
    return found


def main(argv: list[str]) -> int:
    """Print the settings as one line of JSON."""
    argparse.ArgumentParser(description="Check wardhouse.yml and print it as dbt vars.").parse_args(
        argv
    )
    print(json.dumps(folder_settings(), default=str))
    return 0


if __name__ == "__main__":
    settings.run_main(main)
