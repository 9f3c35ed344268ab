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
from pathlib import Path
from typing import Any

import yaml

import settings
from raw_contract import load_contract
from settings import PROJECT_ROOT, UserError

SETTINGS_FILE = "wardhouse.yml"
# Names that are meant to be the settings file: they would be left unread without a word.
NEAR_NAMES = ("wardhouse.yaml", "wardhouse.yml.txt", "wardhouse.yaml.txt")
LARGEST_BYTES = 1 << 20
DATE_FORMATS = ("iso", "mdy", "dmy")


def is_date(value: Any) -> bool:
    """A day, as YAML reads it or as ISO text."""
    if isinstance(value, datetime.datetime):
        return False
    if isinstance(value, str):
        try:
            # the one form that every database reads, of all that Python takes
            return datetime.date.fromisoformat(value).isoformat() == value
        except ValueError:
            return False
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


def is_freshness(value: Any) -> bool:
    """The limits of age of one system: whole days, of which the warning comes first."""
    return (
        isinstance(value, dict)
        and set(value) <= {"warn_after_days", "refuse_after_days", "by", "except"}
        and all(is_number(v, 1, 3660) for k, v in value.items() if k.endswith("_days"))
        and value.get("by", "file_time") in ("file_time", "event_date")
        and isinstance(value.get("except", []), list)
        and all(isinstance(name, str) for name in value.get("except", []))
        and value.get("warn_after_days", 0) <= value.get("refuse_after_days", 3660)
    )


def known_exceptions(value: dict[str, dict]) -> bool:
    """Whether the tables that are named as exceptions exist in their system."""
    return not any(limits.get("except") for limits in value.values()) or all(
        set(limits.get("except", [])) <= set(load_contract().names(system))
        for system, limits in value.items()
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
    "freshness": (
        lambda value: by_system(is_freshness, value) and known_exceptions(value),
        "a map of source system to {warn_after_days: 2, refuse_after_days: 7}, whole days, with "
        "by: file_time or event_date and except: [tables of that system] if you like",
    ),
    "full_period_share": (
        lambda value: is_number(value, 0, 1, whole=False),
        "a share from 0 to 1",
    ),
}


class _Loader(yaml.SafeLoader):
    """YAML without what would be misread in silence: no aliases, no setting twice."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse an alias: a few lines of them stand for gigabytes."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(
                None, None, "an alias (*) is not read", self.peek_event().start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict:
        """Refuse a name that is there twice: YAML would take the later one."""
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"{twice} is there twice", node.start_mark
            )
        return super().construct_mapping(node, deep)


def settings_text(folder: Path) -> str | None:
    """What the settings file says; None where there is none."""
    path = folder / SETTINGS_FILE
    try:
        near = [p.name for p in folder.iterdir() if p.name.lower() in (SETTINGS_FILE, *NEAR_NAMES)]
        astray = [name for name in near if name != SETTINGS_FILE]
        if astray:
            raise UserError(
                f"a settings file of another name, {folder / astray[0]}; call it {SETTINGS_FILE}"
            )
        if not near:
            return None
        if not path.is_file():
            raise UserError(f"not a file, {path}; put a plain file there or take it away")
        if path.stat().st_size > LARGEST_BYTES:
            raise UserError(f"larger than a megabyte, {path}; write one `name: value` a line")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UserError(f"the file is not UTF-8, {path}; save it as UTF-8") from None
    except (FileNotFoundError, NotADirectoryError):
        return None  # no such raw folder: the door says so
    except OSError as error:
        raise UserError(
            f"the settings cannot be read ({error.strerror}), {path}; give yourself permission"
        ) from None


def folder_settings() -> dict[str, Any]:
    """The checked settings of the raw folder, empty where there are none."""
    folder = settings.raw_dir()
    text = settings_text(folder) if folder else None
    if text is None:
        return {}
    path = folder / SETTINGS_FILE
    try:
        found = yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(
            f"not readable as YAML, {path}{_place(error)}; write one `name: value` a line"
        ) from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise UserError(f"no settings but a {type(found).__name__}, {path}; write `name: value`")
    for name, value in found.items():
        if name not in ALLOWED:
            near = difflib.get_close_matches(str(name), ALLOWED, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(ALLOWED)}"
            raise UserError(f"unknown setting {_short(name)}, {path}; {hint}")
        check, words = ALLOWED[name]
        if not check(value):
            extra = f" (systems: {', '.join(systems())})" if "source system" in words else ""
            raise UserError(f"{name}: {_short(value)} cannot be used, {path}; write {words}{extra}")
    return found


def _place(error: Exception) -> str:
    """The line of a mistake and what is wrong there, as far as YAML knows."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None)
    if problem is None and isinstance(error, ValueError):
        problem = str(error)  # a date such as 2024-02-30
    return (f" line {mark.line + 1}" if mark else "") + (f" ({problem})" if problem else "")


def _short(value: Any) -> str:
    """A value for one line."""
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def main(argv: list[str]) -> int:
    """Print the settings as one line of JSON."""
    argparse.ArgumentParser(description="Check wardhouse.yml and print it as dbt vars.").parse_args(
        argv
    )
    print(json.dumps(folder_settings(), default=str))
    return 0


if __name__ == "__main__":
    settings.run_main(main)
