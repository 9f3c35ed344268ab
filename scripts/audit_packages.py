"""Check the installed packages against the lock files, their own records and the licences.

Usage: python scripts/audit_packages.py [--advisories DIR_OR_FILE]

Works without a network: what is installed is what is locked and nothing else; no installed file
was changed since (RECORD of each package); requirements fit together (`pip check`); every licence
is allowed (scripts/licences.yml). It knows no vulnerabilities by itself. With --advisories it
reads a local copy of advisories in OSV's JSON form, one advisory a file, and names pinned versions
that they affect; how recent that copy is, is up to whoever brings it.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

import settings
from licences import is_allowed, licence_of
from lock_files import TEST_LOCK, Pin, locked
from settings import UserError

# What makes an environment, and is not pinned by it.
TOOLS = {"pip", "setuptools", "wheel", "uv"}


def installed() -> dict[str, metadata.Distribution]:
    """The packages of this environment."""
    return {canonicalize_name(d.metadata["Name"]): d for d in metadata.distributions()}


def differences(pins: list[Pin], found: dict[str, metadata.Distribution]) -> Iterator[str]:
    """Where the environment is not what the lock file says."""
    wanted = {pin.name: pin.version for pin in pins if pin.is_for_this_machine}
    for name, version in sorted(wanted.items()):
        if name not in found:
            yield f"{name} {version} is locked and not installed"
        elif found[name].version != version:
            yield f"{name} is installed as {found[name].version}, locked as {version}"
    for name in sorted(found.keys() - wanted.keys() - TOOLS):
        yield f"{name} {found[name].version} is installed and not locked"


def changed_files(found: Iterable[metadata.Distribution]) -> Iterator[str]:
    """The files that are gone or are not what any package installed there."""
    accepted: dict[Path, tuple[str, set[tuple[str, str]]]] = {}
    for distribution in found:
        name = distribution.metadata["Name"]
        if distribution.files is None:
            yield f"{name} has no record of its files"
        for file in distribution.files or ():
            if file.hash is None:
                continue  # the record itself, and compiled files
            # packages that share a folder (dbt's) install the same file, the last one stays
            path = Path(str(distribution.locate_file(file)))
            accepted.setdefault(path, (name, set()))[1].add((file.hash.mode, file.hash.value))
    for path, (name, hashes) in accepted.items():
        try:
            content = path.read_bytes()
        except OSError:
            yield f"{path} of {name} is gone"
            continue
        now = {
            (mode, base64.urlsafe_b64encode(hashlib.new(mode, content).digest()).decode())
            for mode, _ in hashes
        }
        if not {(mode, value.rstrip("=")) for mode, value in now} & hashes:
            yield f"{path} of {name} was changed after it was installed"


def bad_licences(pins: list[Pin]) -> Iterator[str]:
    """Packages whose licence is unknown or not on the list."""
    for name in sorted({pin.name for pin in pins}):
        licence = licence_of(name)
        if not is_allowed(licence):
            yield f"{name} has the licence {licence or 'nobody knows'}, which is not allowed"


def inconsistencies() -> Iterator[str]:
    """What `pip check` says."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "check"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        yield from (done.stdout + done.stderr).strip().splitlines()


def advisories(path: Path) -> list[dict]:
    """Advisories in OSV's form from a file or all JSON files of a folder."""
    files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    if not files:
        raise UserError(f"no advisories, {path}; name a folder of OSV JSON files")
    read = []
    for file in files:
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            content = content if isinstance(content, list) else [content]
            read += [(advisory["id"], advisory["affected"]) and advisory for advisory in content]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"not an advisory in OSV's form, {file}; remove it") from error
    return read


def affected(pins: list[Pin], known: list[dict]) -> Iterator[str]:
    """Pinned versions that an advisory names; withdrawn advisories count no more."""
    for advisory in known:
        if advisory.get("withdrawn"):
            continue
        for entry in advisory["affected"]:
            package = entry.get("package", {})
            if package.get("ecosystem") != "PyPI":
                continue
            for pin in pins:
                if pin.name == canonicalize_name(package.get("name", "")) and _hits(pin, entry):
                    summary = str(advisory.get("summary", "no summary")).splitlines()[0]
                    yield f"{pin.name} {pin.version}: {advisory['id']}, {summary}"


def _hits(pin: Pin, entry: dict) -> bool:
    if pin.version in entry.get("versions", []):
        return True
    version = Version(pin.version)
    for bounds in entry.get("ranges", []):
        if bounds.get("type") != "ECOSYSTEM":
            continue
        inside = False
        try:
            for event in bounds.get("events", []):
                if "introduced" in event and (
                    event["introduced"] == "0" or version >= Version(event["introduced"])
                ):
                    inside = True
                if "fixed" in event and version >= Version(event["fixed"]):
                    inside = False
                if "last_affected" in event and version > Version(event["last_affected"]):
                    inside = False
        except InvalidVersion:
            inside = True  # better one too many to look at
        if inside:
            return True
    return False


def main(argv: list[str]) -> int:
    """Check everything and say what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--advisories", type=Path, help="OSV advisories: a folder or a JSON file")
    arguments = parser.parse_args(argv)
    pins, found = locked(TEST_LOCK), installed()
    problems = [*differences(pins, found), *inconsistencies(), *bad_licences(pins)]
    problems += changed_files(found[name] for name in sorted(found.keys() - TOOLS))
    looked_at = "no advisories were given, so vulnerabilities were not looked for"
    if arguments.advisories:
        known = advisories(arguments.advisories)
        problems += affected(pins, known)
        looked_at = f"{len(known):,} advisories looked at"
    for problem in problems:
        print(problem)
    if problems:
        raise UserError(
            f"{len(problems)} {'problem' if len(problems) == 1 else 'problems'} with the installed "
            f"packages, {sys.prefix}; run `make clean setup-dev`, or correct what is named above"
        )
    print(
        f"{len(found.keys() - TOOLS)} packages are what the lock file says, unchanged, and their "
        f"licences allowed; {looked_at}"
    )
    return 0


if __name__ == "__main__":
    settings.run_main(main)
