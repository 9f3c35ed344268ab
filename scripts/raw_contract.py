"""The input contract: which raw tables and columns exist, and how a file's headers match them.

Usage: imported by the raw door; nothing to run.

The contract is the dbt sources (models/staging/<system>/_<system>__sources.yml), so what the
models read and what the door accepts cannot drift apart.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from settings import PROJECT_ROOT, UserError

CODE_MAP = PROJECT_ROOT / "seeds" / "reference" / "code_map.csv"
_CODE_COLUMNS = ("source_system", "column_name", "raw_value", "code")
_HEADER_ROWS = "header"  # code_map.csv rows of this column_name map headers, not values
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Table:
    """One raw table of the contract."""

    system: str
    name: str
    columns: tuple[str, ...]
    required: frozenset[str]
    own_headers: dict[str, list[str]]  # a user's own header, squashed -> contract columns

    @property
    def title(self) -> str:
        """The table as users name it: the path below the raw folder."""
        return f"{self.system}/{self.name}"


class Contract:
    """All tables of the contract, in the order of the source files."""

    def __init__(self, tables: Iterable[Table]) -> None:
        """Index the tables by system and name."""
        self.tables = {(table.system, table.name): table for table in tables}

    @property
    def systems(self) -> list[str]:
        """The known source systems."""
        return list(dict.fromkeys(system for system, _ in self.tables))

    def names(self, system: str) -> list[str]:
        """The known tables of a system."""
        return [name for owner, name in self.tables if owner == system]


def source_files(root: Path = PROJECT_ROOT) -> list[Path]:
    """The yml files that hold the contract."""
    return sorted((root / "models" / "staging").glob("*/_*__sources.yml"))


def snake_case(header: str) -> str:
    """A header in snake_case: `PatientID`, `Patient ID` and `patient-id` give `patient_id`."""
    text = header.removeprefix("\ufeff").strip()
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text)
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", text)
    return re.sub(r"[\s_-]+", "_", text).strip("_").lower()


def squash(header: str) -> str:
    """What headers are compared by: PATIENTID and Readmission_30D have no seams to split at."""
    return snake_case(header).replace("_", "")


def load_contract(files: Iterable[Path] | None = None, code_map: Path = CODE_MAP) -> Contract:
    """The contract from the dbt source files, with the users' own headers."""
    raw_tables = []
    for path in source_files() if files is None else files:
        document = yaml.load(path.read_text("utf-8"), Loader=_Loader)
        for source in document["sources"]:
            raw_tables += [(source["name"], table) for table in source["tables"]]
    own = _own_headers(code_map, raw_tables)
    return Contract(
        Table(
            system=system,
            name=table["name"],
            columns=tuple(column["name"] for column in table["columns"]),
            required=frozenset(
                column["name"]
                for column in table["columns"]
                if column["config"]["meta"]["required"]
            ),
            own_headers=own.get(system, {}),
        )
        for system, table in raw_tables
    )


def _own_headers(
    code_map: Path, raw_tables: list[tuple[str, dict]]
) -> dict[str, dict[str, list[str]]]:
    """The rows of code_map.csv that map a user's header to contract columns, by system.

    One header may stand for different columns in different tables of a system.
    """
    known: dict[str, set[str]] = {}
    for system, table in raw_tables:
        known.setdefault(system, set()).update(column["name"] for column in table["columns"])
    own: dict[str, dict[str, list[str]]] = {}
    for row in _code_rows(code_map):
        if row["column_name"] != _HEADER_ROWS:
            continue
        system, header, column = row["source_system"], row["raw_value"], row["code"]
        if column not in known.get(system, set()):
            raise UserError(
                f"header {header} is mapped to {column}, which is no column of {system}, "
                f"{code_map.name}; correct the row"
            )
        own.setdefault(system, {}).setdefault(squash(header), []).append(column)
    return own


def _code_rows(code_map: Path) -> list[dict[str, str]]:
    """The rows of code_map.csv, which users edit and may spoil."""
    if not code_map.exists():
        return []
    try:
        with code_map.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, restval="")
            rows = list(reader)
    except UnicodeDecodeError:
        raise UserError(f"the file is not UTF-8, {code_map.name}; save it as CSV UTF-8") from None
    absent = [name for name in _CODE_COLUMNS if name not in (reader.fieldnames or [])]
    if absent:
        raise UserError(
            f"column {_listed(absent)} missing, {code_map.name}; its columns are "
            + _listed(list(_CODE_COLUMNS))
        )
    return rows


def match_header(table: Table, header: tuple[str, ...], source_file: str) -> tuple[str, ...]:
    """The name of each column of a file: the contract's own name, or the extra column's."""
    contract_names = {squash(column): column for column in table.columns}
    names = []
    for position, raw in enumerate(header, start=1):
        key = squash(raw)
        own = [column for column in table.own_headers.get(key, []) if column in table.columns]
        name = contract_names.get(key) or (own[0] if own else None)
        # A trailing comma in the header makes a column without a name: no reason to stop.
        names.append(name or snake_case(raw) or f"unnamed_{position}")
    # First what is missing: a file without a header begins with a person, who is not to be quoted.
    missing = [column for column in table.columns if column in table.required - set(names)]
    if missing:
        _fail_missing(missing, header, source_file)
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise UserError(
            f"column {_listed(twice)} occurs twice in the header, {source_file}; "
            "remove or rename one of the two"
        )
    return tuple(names)


def _fail_missing(missing: list[str], header: tuple[str, ...], source_file: str) -> None:
    """Say which required columns a file lacks, or that it is not separated by commas."""
    for separator, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(header) == 1 and separator in header[0]:
            raise UserError(
                f"columns are separated by {word}, {source_file}; save the file with commas"
            )
    noun = "column" if len(missing) == 1 else "columns"
    raise UserError(
        f"required {noun} {_listed(missing)} missing, {source_file}; add to the file, "
        f"or map your own header in seeds/reference/{CODE_MAP.name}"
    )


def _listed(names: list[str]) -> str:
    return ", ".join(names)
