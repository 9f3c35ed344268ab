"""The licence of each pinned package, as an SPDX expression, and whether it is one we allow.

Usage: imported by the bill of materials and the audit; the list is scripts/licences.yml.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import metadata
from pathlib import Path

import yaml


@cache
def _rules() -> dict:
    return yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))


def licence_of(name: str) -> str | None:
    """The SPDX expression of a package, or None where nobody knows it."""
    rules = _rules()
    if name in rules["packages"]:
        return rules["packages"][name]
    try:
        found = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    if found.get("License-Expression"):
        return found["License-Expression"]
    classifiers = [
        text.rsplit(" :: ", 1)[-1]
        for text in found.get_all("Classifier") or []
        if text.startswith("License ::")
    ]
    for words in [found.get("License") or "", *classifiers]:
        if _parts(words) <= set(rules["allowed"]):
            return words
        if words in rules["words"]:
            return rules["words"][words]
    return None


def _parts(expression: str) -> set[str]:
    return set(re.split(r" (?:AND|OR) ", expression.replace("(", "").replace(")", "")))


def is_allowed(expression: str | None) -> bool:
    """Whether all parts that must be kept, or one that may be chosen, are on the list."""
    allowed = set(_rules()["allowed"])
    return expression is not None and all(
        any(_parts(choice) <= allowed for choice in part.split(" OR "))
        for part in expression.split(" AND ")
    )
