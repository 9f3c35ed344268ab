"""Read the lock files: what is pinned, for which machines, with which hashes.

Usage: imported by the bill of materials and the audit; nothing to run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from settings import PROJECT_ROOT, UserError

RUN_LOCK, TEST_LOCK = "requirements.lock", "requirements-dev.lock"
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})(?=\s|$)")


@dataclass(frozen=True)
class Pin:
    """One line of a lock file."""

    name: str
    version: str
    marker: Marker | None
    hashes: tuple[str, ...]

    @property
    def is_for_this_machine(self) -> bool:
        """Whether pip installs it here."""
        return self.marker is None or self.marker.evaluate()


def read_lock(path: Path) -> list[Pin]:
    """The pins of a lock file; stops at a line that is no exact pin with a hash."""
    pins = []
    for line in path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        hashes = tuple(sorted(_HASH.findall(line)))
        text = line.split("--hash=", 1)[0].strip()
        try:
            wanted = Requirement(text)
        except InvalidRequirement as error:
            raise UserError(f"not a pin ({text[:80]}), {path.name}; run make lock") from error
        exact = re.fullmatch(r"==([^*,]+)", str(wanted.specifier))
        if exact is None or not hashes or line.count("--hash=") != len(hashes) or wanted.url:
            raise UserError(f"not pinned with hashes ({text[:80]}), {path.name}; run make lock")
        pins.append(Pin(canonicalize_name(wanted.name), exact.group(1), wanted.marker, hashes))
    return pins


def locked(name: str = TEST_LOCK) -> list[Pin]:
    """The pins of a lock file of the project."""
    return read_lock(PROJECT_ROOT / name)
