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
    "A-01", "A-02", "A-03", "B-01", "B-02", "C-01", "C-02", "M-01", "M-03", "M-04", "P-01", "P-02",
    "P-03", "V-01", "V-02", "V-03", "X-01", "X-02",
}  # fmt: skip
SVG_SIZE = re.compile(rb'viewBox="0 0 ([0-9.]+) ([0-9.]+)"')
NOT_DRAWN = "Drawn from another publish, or not at all: run `make figures report`."
NO_DATA = "These data hold nothing to draw."
INTERNAL_ONLY = "Drawn with exact counts: the internal edition has them."


def of_section(
    connection: duckdb.DuckDBPyConnection, name: str, folder: Path | None, is_shareable: bool
) -> tuple[list[dict], list[dict]]:
    """The figures of a section in one or two groups; and what is not shown, with why."""
    entries = [
        entry
        for entry in manifest(folder)
        if SECTION_OF.get(entry["figure_id"][0]) == name and not is_shareable
    ]
    current = [entry for entry in entries if is_whole(folder, entry, publish_hash(connection))]
    empty = [entry for entry in current if not entry["n"]]
    stale = [entry for entry in entries if entry not in current]
    current = [entry for entry in current if entry["n"]]
    first = [e for e in current if e["figure_id"] not in ALSO_INTERACTIVE]
    second = [e for e in current if e["figure_id"] in ALSO_INTERACTIVE]
    groups = []
    if first:
        groups.append({"summary": "", "figures": [unfolded(folder, entry) for entry in first]})
    if second:
        plural = "figures" if len(second) > 1 else "figure"
        summary = f"{len(second)} more drawn {plural} of this section, for papers and slides"
        groups.append({"summary": summary, "figures": [unfolded(folder, e) for e in second]})
    missing = [
        {"title": f"Drawn figures {', '.join(e['figure_id'] for e in gone)}", "reason": reason}
        for gone, reason in ((empty, NO_DATA), (stale, NOT_DRAWN))
        if gone
    ]
    if name == "quality" and is_shareable:
        missing.append({"title": "Drawn figures", "reason": INTERNAL_ONLY})
    elif name == "quality" and not manifest(folder):
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


def is_whole(folder: Path, entry: dict, publish: str | None) -> bool:
    """Whether a figure is of this publish and its file is there and is a drawing."""
    if entry.get("publish") != publish or "n" not in entry:
        return False
    try:
        return bool(SVG_SIZE.search((folder / f"{entry['name']}.svg").read_bytes()))
    except (OSError, KeyError):
        return False


def unfolded(folder: Path, entry: dict) -> dict:
    """What the template needs of a figure: its words, its size, its bytes."""
    svg = (folder / f"{entry['name']}.svg").read_bytes()
    width, height = (float(size) for size in SVG_SIZE.search(svg).groups())
    return {
        "name": entry["name"],
        "figure_id": entry["figure_id"],
        "alt": entry["alt"],
        "width": round(width),
        "height": round(height),
        "packed": packed(svg),
    }
