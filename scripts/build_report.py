"""Write the report: one interactive HTML file, drawn from the published marts.

Usage: python scripts/build_report.py [--database PATH] [--figures FOLDER] [--output FILE]

The database is opened read-only. The file needs no server and no network, and the same marts give
the same bytes. Beside index.html goes shareable.html, made of the shareable edition alone, where
that edition was published; with --database, one file is made of that database.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb

import plot_figures
import report_content
import report_page
import settings
import shareable
from settings import UserError

TOPICS = (
    "appointments",
    "money",
    "overview",
    "workforce",
    "patients",
    "activity",
    "outcomes",
    "experience",
    "quality",
)

SHAREABLE_NAME = "shareable.html"
LARGEST = 5_000_000

for topic in TOPICS:
    importlib.import_module(f"report_charts_{topic}")


def build(database: Path, figures: Path | None) -> bytes:
    """The report's file."""
    with plot_figures.open_database(database) as connection:
        try:
            content, page, cube_bytes = report_content.collect(connection, figures)
        except duckdb.Error as error:
            raise plot_figures.incomplete(database, error) from error
    return report_page.render(content, page, cube_bytes).encode()


def write(output: Path, content: bytes) -> None:
    """Put the file in its place whole, or not at all."""
    part = output.with_name(f".{output.name}.part")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(output)
    except OSError as error:
        with contextlib.suppress(OSError):  # the folder may be no folder
            part.unlink()
        raise UserError(
            f"the report cannot be written ({error.strerror or error}), {output}; "
            "make the folder writable or choose another file with --output"
        ) from error


def main(argv: Sequence[str]) -> int:
    """Write the reports of the published file, or the one of another database."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", type=Path, help="a published database other than the usual")
    parser.add_argument("--figures", type=Path, help="a folder of figures other than the usual")
    parser.add_argument("--output", type=Path, help="another file to write")
    arguments = parser.parse_args(argv)
    database = arguments.database or settings.published_database()
    output = arguments.output or settings.report_file()
    wanted = [(database, output)]
    edition = shareable.beside(database)
    beside = output.with_name(SHAREABLE_NAME)
    if not arguments.database:
        if output == beside:
            raise UserError(
                f"{SHAREABLE_NAME} is the name of the shareable report, {output}; "
                "choose another file with --output"
            )
        if edition.is_file():
            wanted.append((edition, beside))
        else:
            beside.unlink(missing_ok=True)  # it would be the report of another publish
    for source, file in wanted:
        content = build(source, arguments.figures or settings.figures_dir())
        write(file, content)
        if len(content) > LARGEST:
            print(
                f"wardhouse: larger than the {LARGEST / 1e6:.0f} MB that a mailbox takes, "
                f"{settings.shown(file)}; it works, but may not be mailed",
                file=sys.stderr,
            )
        print(f"report of {len(content) / 1e6:.1f} MB in {settings.shown(file)}")
    return 0


if __name__ == "__main__":
    settings.run_main(main)
