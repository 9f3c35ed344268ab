"""Draw the figures from the published marts: PNG and SVG of each, and manifest.json.

Usage: python scripts/plot_figures.py [--list] [--only NAME] [--database PATH] [--output DIR]

The database is opened read-only and every number comes from SQL on its marts. The same marts give
the same bytes. A new figure is one more function in a figures_<topic>.py, registered under the name
of its files, and one exposure in models/marts/exposures.yml.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import io
import json
import warnings
from collections.abc import Sequence
from pathlib import Path

import duckdb
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import build_lock
import figure_style
import settings
from figure_registry import REGISTRY, Marts, RegisteredFigure
from settings import UserError

TOPICS = (
    "appointments",
    "workforce",
    "patients",
    "finance",
    "costs",
    "care",
    "emergency",
    "calendar",
    "care_patients",
    "outcomes",
    "funnels",
    "experience",
    "cancer",
    "survival",
    "monitoring",
)
DOTS_PER_INCH = 200
MANIFEST = "manifest.json"
INTERIM = "manifest.interim.json"  # becomes the manifest while files are being replaced
LOCK_NAME = ".plot.lock"
ENDINGS = (".png", ".svg")
REMEDY = "run `make warehouse`"

for topic in TOPICS:
    importlib.import_module(f"figures_{topic}")


def open_database(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the published database read-only, or say in one line why that is impossible."""
    if not path.is_file():
        raise UserError(f"no published database, {path}; {REMEDY}")
    try:
        return duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        if "could not set lock" in str(error).lower():
            raise UserError(
                f"the database is open for writing in another program, {path}; "
                f"close that program, or {REMEDY}"
            ) from error
        raise incomplete(path, error) from error


def incomplete(path: Path, error: Exception) -> UserError:
    """The error of a file that is no warehouse, or only part of one."""
    reason = figure_style.clean(str(error).splitlines()[0] if str(error) else "unreadable")
    return UserError(f"not a complete published database ({reason[:200]}), {path}; {REMEDY}")


def publish_hash(connection: duckdb.DuckDBPyConnection) -> str | None:
    """The content hash of the publish that a file holds; None when it has no ledger."""
    try:
        row = connection.execute(
            "select content_hash from ledger.publishes order by publish_number desc limit 1"
        ).fetchone()
    except duckdb.CatalogException:
        return None
    return row[0] if row else None


def render(registered: RegisteredFigure, marts: Marts) -> tuple[dict, dict[str, bytes]]:
    """Draw one figure: its entry in the manifest, and its files."""
    figure_style.reset(registered.name)
    with warnings.catch_warnings():
        # a name in a script that neither font has is drawn as boxes; its text is in the manifest
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        page = registered.draw(marts)
        return _saved(registered, page)


def _saved(registered: RegisteredFigure, page: figure_style.Page) -> tuple[dict, dict[str, bytes]]:
    files = {}
    for suffix, metadata in (
        ("png", {"Software": None, "Title": page.headline, "Description": page.alt}),
        ("svg", {"Date": None, "Creator": None, "Title": page.headline, "Description": page.alt}),
    ):
        buffer = io.BytesIO()
        page.figure.savefig(buffer, format=suffix, dpi=DOTS_PER_INCH, metadata=metadata)
        files[f"{registered.name}.{suffix}"] = buffer.getvalue()
    entry = {
        "name": registered.name,
        "figure_id": registered.figure_id,
        "headline": page.headline,
        "alt": page.alt,
        "n": page.n,
        "source_mart": page.mart,
        "marts": sorted(registered.marts),
        "data_to": page.data_to.isoformat() if page.data_to else None,
        "files": [
            {"file": name, "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in sorted(files.items())
        ],
    }
    return entry, files


def save(output: Path, entries: list[dict], content: dict[str, bytes]) -> None:
    """Put newly drawn figures beside those of earlier runs, one plot at a time."""
    output.mkdir(parents=True, exist_ok=True)
    with build_lock.held(output, "plot", LOCK_NAME, "choose another one with --output"):
        remove_parts(output)  # the lock proves that nobody is at work on them
        names = {entry["name"] for entry in entries}
        earlier, _ = earlier_state(output)
        kept = [e for e in earlier if e["name"] in REGISTRY and e["name"] not in names]
        put_in_place(output, content, sorted(entries + kept, key=lambda entry: entry["name"]))


def put_in_place(folder: Path, content: dict[str, bytes], entries: list[dict]) -> None:
    """Replace files of figures; the manifest never names a file that is not as it says.

    Everything is written beside its place first, so a full disk changes nothing. While files are
    being replaced the manifest leaves their figures out and lists the files as unfinished: a run
    that is killed there leaves figures that are whole, and the next run knows all that it may
    remove.
    """
    earlier, unfinished = earlier_state(folder)
    named = file_names(entries)
    waiting = {name for name in unfinished - named if Path(name).stem in REGISTRY}
    gone = (file_names(earlier) | unfinished) - named - waiting
    gone = {name for name in gone if Path(name).name == name and name.endswith(ENDINGS)}
    lasting = [entry for entry in earlier if entry in entries]
    between = waiting | gone | (named - file_names(lasting))
    parts = content | {
        MANIFEST: manifest(entries, waiting),
        INTERIM: manifest(lasting, between),
    }
    try:
        for name, data in parts.items():
            part(folder, name).write_bytes(data)
        part(folder, INTERIM).replace(folder / MANIFEST)
        for name in content:
            part(folder, name).replace(folder / name)
        for name in gone:
            (folder / name).unlink(missing_ok=True)
        part(folder, MANIFEST).replace(folder / MANIFEST)
    finally:
        remove_parts(folder)


def part(folder: Path, name: str) -> Path:
    """Where a file is written before it is put in place."""
    return folder / f".{name}.part"


def remove_parts(folder: Path) -> None:
    """Remove what a run left that ended before its files were in place."""
    for path in folder.glob(".*.part"):
        path.unlink(missing_ok=True)


def manifest(entries: list[dict], unfinished: set[str]) -> bytes:
    """The text of a manifest; files of a killed run that no later run has redrawn are told."""
    content = {"figures": entries} | ({"unfinished": sorted(unfinished)} if unfinished else {})
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    return text.encode()


def earlier_state(folder: Path) -> tuple[list[dict], set[str]]:
    """The figures of an earlier run's manifest, and the files that a killed run left unfinished.

    Nothing when there is no manifest that can be read.
    """
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        figures = [entry for entry in content["figures"] if {"name", "files"} <= entry.keys()]
        return figures, {name for name in content.get("unfinished", ()) if isinstance(name, str)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return [], set()


def file_names(entries: list[dict]) -> set[str]:
    """The files that entries of a manifest name."""
    return {file["file"] for entry in entries for file in entry["files"]}


def draw(database: Path, output: Path, names: Sequence[str]) -> list[dict]:
    """Draw the figures of these names and bring the manifest up to date."""
    connection = open_database(database)
    progress = Progress(
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    entries = []
    with connection, progress:
        task = progress.add_task("figures", total=len(names))
        marts = Marts(connection)
        content: dict[str, bytes] = {}
        for name in names:
            progress.update(task, description=name)
            try:
                entry, files = render(REGISTRY[name], marts)
            except duckdb.Error as error:
                raise incomplete(database, error) from error
            content |= files
            entries.append(entry | {"publish": publish_hash(connection)})
            progress.advance(task)
    save(output, entries, content)  # nothing is written unless all could be drawn
    return entries


def main(argv: Sequence[str]) -> int:
    """Draw the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="name the figures and stop")
    parser.add_argument("--only", metavar="NAME", action="append", help="draw this figure only")
    parser.add_argument("--database", type=Path, help="a published database other than the usual")
    parser.add_argument("--output", type=Path, help="another folder to write to")
    arguments = parser.parse_args(argv)
    if arguments.list:
        for name, registered in sorted(REGISTRY.items(), key=lambda pair: pair[1].figure_id):
            print(f"{registered.figure_id}  {name}  ({', '.join(registered.marts)})")
        return 0
    for name in arguments.only or ():
        if name not in REGISTRY:
            raise UserError(
                f"no figure has this name, {name}; "
                "see the names with `python scripts/plot_figures.py --list`"
            )
    database = arguments.database or settings.published_database()
    output = arguments.output or settings.figures_dir()
    try:
        entries = draw(database, output, sorted(set(arguments.only or REGISTRY)))
    except OSError as error:
        raise UserError(
            f"the figures cannot be written ({error.strerror or error}), {output}; "
            "make the folder writable or choose another one with --output"
        ) from error
    count = len(entries)
    print(f"{count} {'figure' if count == 1 else 'figures'} as PNG and SVG in {output}")
    return 0


if __name__ == "__main__":
    settings.run_main(main)
