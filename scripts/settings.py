"""Where Wardhouse finds its inputs and puts its outputs.

Usage: imported by the other scripts; nothing to run.

Every setting is an environment variable with a default (README, "Settings"). Relative paths
are taken from the project root, so the scripts work from any folder.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent
PRIVATE_DATABASE_NAME = "wardhouse_private.duckdb"


def printable(text: str) -> str:
    """Text with its line ends, escape sequences and the like written out."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


class UserError(Exception):
    """Something the user can put right: its text is the one line that is shown."""

    def __str__(self) -> str:
        """The text on one line, whatever a file's name or a cell brought into it."""
        return printable(super().__str__())


def _path_setting(variable: str, default: str) -> Path:
    """The path in an environment variable, or the default, from the project root."""
    return PROJECT_ROOT / Path(os.environ.get(variable) or default).expanduser()


def raw_dir() -> Path | None:
    """The user's raw folder, or None for the demo seeds."""
    value = os.environ.get("WARDHOUSE_RAW_DIR")
    return PROJECT_ROOT / Path(value).expanduser() if value else None


def build_dir() -> Path:
    """The folder of the private database and run files."""
    return _path_setting("WARDHOUSE_BUILD_DIR", "build")


def private_database() -> Path:
    """The private database that `dbt build` writes."""
    return build_dir() / PRIVATE_DATABASE_NAME


def published_database() -> Path:
    """The published database: what readers open."""
    return _path_setting("WARDHOUSE_WAREHOUSE", "warehouse/wardhouse.duckdb")


def figures_dir() -> Path:
    """figures/ in the project, or beside the published file when that is elsewhere."""
    default = PROJECT_ROOT / "warehouse" / "wardhouse.duckdb"
    published = published_database()
    return (PROJECT_ROOT if published == default else published.parent) / "figures"


def report_file() -> Path:
    """report/index.html in the project, or beside the published file when that is elsewhere."""
    return figures_dir().parent / "report" / "index.html"


def docs_site() -> Path:
    """dbt's documentation as one page: in the project, or beside the published file."""
    return figures_dir().parent / "dbt_docs" / "index.html"


def kept_publishes() -> int:
    """How many earlier publishes are kept beside the published file."""
    value = os.environ.get("WARDHOUSE_KEEP_PUBLISHES") or "3"
    if not value.isascii() or not value.isdecimal():
        raise UserError(
            f"not a number of publishes, WARDHOUSE_KEEP_PUBLISHES={value}; "
            "set it to 0 or more, or leave it out for 3"
        )
    return int(value)


def engine_limits() -> dict[str, str]:
    """What the private database may take, as its settings; nothing where nothing is set."""
    limits = {}
    memory = os.environ.get("WARDHOUSE_MEMORY_LIMIT", "").strip()
    if memory:
        if not re.fullmatch(r"0*[1-9]\d*(\.\d+)? ?[MGT]i?B", memory, re.ASCII | re.IGNORECASE):
            raise UserError(
                f"not an amount of memory, WARDHOUSE_MEMORY_LIMIT={memory}; "
                "set it to one such as 6GB, or leave it out for four fifths of the machine's"
            )
        limits["memory_limit"] = memory
    threads = os.environ.get("WARDHOUSE_THREADS", "").strip()
    if threads:
        if not re.fullmatch(r"0*[1-9]\d{0,3}", threads, re.ASCII):
            raise UserError(
                f"not a number of threads, WARDHOUSE_THREADS={threads}; "
                "set it to 1 or more, or leave it out for all cores"
            )
        limits["threads"] = threads
    return limits


def shared_dir() -> Path:
    """The acceptance data and vectors that tests read when present."""
    return _path_setting("WARDHOUSE_SHARED", "../shared")


def shown(path: Path) -> str:
    """A path as users know it: from the project root when it is inside."""
    return str(path.relative_to(PROJECT_ROOT) if path.is_relative_to(PROJECT_ROOT) else path)


def run_main(main) -> None:
    """Run a script's `main(argv)` and turn a UserError into one line and exit code 2."""
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as error:
        print(f"wardhouse: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("wardhouse: stopped by the user", file=sys.stderr)
        sys.exit(130)
