"""The drawn figures in the report: compressed, by section, or why they are not in it.

Usage: imported by report_content.py; nothing to run.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb

from plot_figures import MANIFEST, publish_hash
from report_page import packed

SECTION_OF = {
    "O": "overview",
    "A": "appointments",
    "B": "branches",
    "P": "patients",
    "V": "activity",
    "R": "outcomes",
    "S": "outcomes",
    "C": "outcomes",
    "X": "experience",
    "T": "experience",
    "M": "money",
}
# What an interactive chart shows as well; papers and slides still want the drawn one.
ALSO_INTERACTIVE = {
    "A-01", "A-03", "B-02", "C-01", "C-02", "M-01", "M-03", "M-04", "P-01", "P-02", "P-03", "V-01",
    "V-02", "V-03", "X-02",
}  # fmt: skip
SVG_SIZE = re.compile(rb'viewBox="0 0 ([0-9.]+) ([0-9.]+)"')
NOT_DRAWN = "Drawn from another publish, or not at all: run `make figures report`."
NO_DATA = "These data hold nothing to draw."
INTERNAL_ONLY = "Drawn with exact counts: the internal edition has them."


def of_section(
    connection: duckdb.DuckDBPyConnection, name: str, folder: Path | None, is_shareable: bool
) -> tuple[list[dict], list[dict]]:
    """The figures of a section in one or two groups; and what is not shown, with why."""
    every = [] if is_shareable else manifest(folder)
    publish = publish_hash(connection)
    entries = [entry for entry in every if SECTION_OF.get(entry["figure_id"][0]) == name]
    read = [(entry, unfolded(folder, entry, publish)) for entry in entries]
    stale = [entry for entry, figure in read if figure is None]
    empty = [entry for entry, figure in read if figure and not entry["n"]]
    current = [figure for entry, figure in read if figure and entry["n"]]
    first = [figure for figure in current if figure["figure_id"] not in ALSO_INTERACTIVE]
    second = [figure for figure in current if figure["figure_id"] in ALSO_INTERACTIVE]
    groups = []
    if first:
        groups.append({"summary": "", "figures": first})
    if second:
        plural = "figures" if len(second) > 1 else "figure"
        summary = f"{len(second)} more drawn {plural} of this section, for papers and slides"
        groups.append({"summary": summary, "figures": second})
    missing = [
        {"title": f"Drawn figures {', '.join(e['figure_id'] for e in gone)}", "reason": reason}
        for gone, reason in ((empty, NO_DATA), (stale, NOT_DRAWN))
        if gone
    ]
    if name == "quality" and is_shareable:
        missing.append({"title": "Drawn figures", "reason": INTERNAL_ONLY})
    elif name == "quality" and not every:
        missing.append({"title": "Drawn figures", "reason": NOT_DRAWN})
    return groups, missing


def manifest(folder: Path | None) -> list[dict]:
    """The entries of a folder's manifest in the order of their ids; none when there is none."""
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8") if folder else "{}"
        entries = json.loads(text).get("figures", [])
        return sorted(entries, key=lambda entry: entry["figure_id"])
    except (OSError, ValueError, AttributeError, TypeError, KeyError):
        return []


def unfolded(folder: Path, entry: dict, publish: str | None) -> dict | None:
    """What the template needs of a figure: its words, its size, its bytes.

    None when it is of another publish, or its file is gone or no drawing.
    """
    if entry.get("publish") != publish or not {"name", "alt", "n"} <= entry.keys():
        return None
    try:
        svg = (folder / f"{entry['name']}.svg").read_bytes()
    except OSError:
        return None
    size = SVG_SIZE.search(svg)
    if not size:
        return None
    width, height = (round(float(length)) for length in size.groups())
    return {
        "name": entry["name"],
        "figure_id": entry["figure_id"],
        "alt": entry["alt"],
        "width": width,
        "height": height,
        "packed": packed(svg),
    }
