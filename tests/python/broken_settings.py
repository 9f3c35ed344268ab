"""A corpus of wardhouse.yml files that are damaged, and of spoilt code maps.

Usage: imported by test_broken_files.py; nothing to run.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
YAML = "not readable as YAML"

# name -> the file's bytes, the words of the one line
SETTINGS: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "tabs": (b"date_formats:\n\thospital_ops: mdy\n", (YAML, "line 2")),
    "a list": (b"- as_of_date\n- 2024-01-01\n", ("a list",)),
    "a text": (b"just words\n", ("a str",)),
    "an open bracket": (b"as_of_date: [2024-01-01\n", (YAML,)),
    "an unknown setting": (b"as_off_date: 2024-01-01\n", ("did you mean as_of_date?",)),
    "a number for a name": (b"1: 2\n", ("unknown setting 1",)),
    "a name of ten thousand letters": (b"x" * 10_000 + b": 1\n", (YAML,)),
    "a setting twice": (b"as_of_date: 2024-01-01\nas_of_date: 2025-01-01\n", ("twice", "line 1")),
    "a system twice": (b"date_formats: {hospital_ops: mdy, hospital_ops: dmy}\n", ("twice",)),
    "an impossible day": (b"as_of_date: 2024-02-30\n", (YAML, "day is out of range")),
    "a week for a day": (b"as_of_date: 2024-W01-1\n", ("a day such as",)),
    "a day without hyphens": (b"as_of_date: '20240101'\n", ("a day such as",)),
    "a day with a time": (b"as_of_date: 2024-01-01 10:00:00\n", ("a day such as",)),
    "a number of many digits": (b"late_cancel_hours: " + b"9" * 5000 + b"\n", (YAML,)),
    "infinity": (b"late_cancel_hours: .inf\n", ("a number of hours",)),
    "no number": (b"late_cancel_hours: .nan\n", ("a number of hours",)),
    "a list for a word": (b"hemisphere: [southern]\n", ("southern or northern",)),
    "a map for a list": (b"hour_stay_departments: {a: b}\n", ("a list of department names",)),
    "lists in a list": (b"hour_stay_departments: [[a]]\n", ("a list of department names",)),
    "nothing for a value": (b"hemisphere:\n", ("southern or northern",)),
    "SQL": (b"late_cancel_hours: 24; drop table marts.fct_bills\n", ("a number of hours",)),
    "jinja": (b"as_of_date: \"{{ env_var('HOME') }}\"\n", ("a day such as",)),
    "a line end in a value": (b'hemisphere: "southern\\nnorthern"\n', ("southern\\nnorthern",)),
    "many aliases": (LAUGHS.encode(), (YAML, "alias")),
    "an alias of itself": (b"date_formats: &a {hospital_ops: *a}\n", (YAML, "alias")),
    "an object of Python": (b"as_of_date: !!python/object/apply:os.getcwd []\n", (YAML,)),
    "deep brackets": (b"as_of_date: " + b"[" * 1000 + b"\n", (YAML,)),
    "two documents": (b"hemisphere: southern\n---\nhemisphere: northern\n", (YAML,)),
    "a list as a name": (b"? [a, b]\n: 1\n", (YAML,)),
    "control characters": (b"hemisphere: south\x01ern\n", (YAML,)),
    "NUL bytes": (b"\0" * 512, (YAML,)),
    "Latin-1": ("hour_stay_departments: [Urgences été]\n".encode("latin-1"), ("not UTF-8",)),
    "UTF-16": ("hemisphere: northern\n".encode("utf-16"), ("not UTF-8",)),
    "two megabytes": (b"# long\n" * 300_000, ("larger than a megabyte",)),
}

SOUND_SETTINGS: dict[str, bytes] = {
    "an empty file": b"",
    "comments only": b"# nothing\n",
    "a byte-order mark": b"\xef\xbb\xbfhemisphere: northern\n",
    "CRLF": b"hemisphere: northern\r\nlate_cancel_hours: 48\r\n",
    "an apostrophe": b'hour_stay_departments: ["St John\'s", "a\\"b", "$(id)", "`id`"]\n',
}


def folder(path: Path) -> None:
    """A folder where the file should be."""
    path.mkdir()


def dangling(path: Path) -> None:
    """A link that leads nowhere."""
    path.symlink_to("nowhere.yml")


def loop(path: Path) -> None:
    """A link to itself."""
    path.symlink_to(path.name)


def unreadable(path: Path) -> None:
    """A file without rights."""
    path.write_text("hemisphere: northern\n")
    path.chmod(0)


def other_name(path: Path) -> None:
    """The file under a name that is nearly right."""
    path.with_suffix(".yaml").write_text("hemisphere: northern\n")


def capitals(path: Path) -> None:
    """The file in capitals."""
    path.with_name("Wardhouse.yml").write_text("hemisphere: northern\n")


SETTINGS_FILES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a folder": (folder, "not a file"),
    "a dangling link": (dangling, "not a file"),
    "a link to itself": (loop, "not a file"),
    "no rights": (unreadable, "Permission denied"),
    "the ending .yaml": (other_name, "another name"),
    "capitals": (capitals, "another name"),
}

CODE_COLUMNS = b"source_system,column_name,raw_value,code\n"
CODE_MAPS: dict[str, tuple[bytes, str]] = {
    "an unknown column": (CODE_COLUMNS + b"hospital_ops,header,Day,visit_day\n", "visit_day"),
    "a row cut short": (CODE_COLUMNS + b"hospital_ops,header,Day\n", "is mapped to"),
    "a column missing": (b"source_system,column_name,raw_value\n", "column code missing"),
    "semicolons": (CODE_COLUMNS.replace(b",", b";"), "missing"),
    "Latin-1": (CODE_COLUMNS + b"hospital_ops,header,\xe9,x\n", "not UTF-8"),
    "UTF-16": (CODE_COLUMNS.decode().encode("utf-16"), "not UTF-8"),
    "an unclosed quote": (CODE_COLUMNS + b'a,b,"c,d\n' + b"a,b,c,d\n" * 30_000, "never closed"),
    "an unclosed quote in the header": (
        b'"' + CODE_COLUMNS + b"a,b,c,d\n" * 30_000,
        "never closed",
    ),
    "empty": (b"", "missing"),
}
