"""Every dependency is pinned with hashes, named in the bill of materials, and checked offline."""

from __future__ import annotations

import base64
import hashlib
import json
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import audit_packages
from conftest import ROOT
from licences import is_allowed, licence_of
from lock_files import RUN_LOCK, TEST_LOCK, Pin, locked, read_lock
from settings import UserError

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DEV = PROJECT["optional-dependencies"]["dev"]
HASH = "a" * 64


def pinned(name: str) -> dict[str, set[str]]:
    pins: dict[str, set[str]] = {}
    for pin in locked(name):
        pins.setdefault(pin.name, set()).add(pin.version)
    return pins


@pytest.mark.parametrize("name", [RUN_LOCK, TEST_LOCK])
def test_every_line_of_a_lock_file_is_a_pin_with_hashes(name):
    pins = locked(name)  # stops at any other line
    assert len(pins) > 60
    lines = [line for line in (ROOT / name).read_text().splitlines() if line[:1].isalnum()]
    assert len(lines) == len(pins)
    assert "http" not in (ROOT / name).read_text()


@pytest.mark.parametrize(
    "line",
    [
        "rich>=15",
        "rich==15.*",
        "rich==15.0.0",
        "rich @ file:///x --hash=sha256:" + HASH,
        "rich==15.0.0 --hash=md5:abc",
        "-r other.txt",
        "rich>=15 --hash=sha256:" + HASH,
    ],
)
def test_a_loose_line_is_refused(tmp_path, line):
    path = tmp_path / "requirements.lock"
    path.write_text(line + "\n")
    with pytest.raises(UserError, match="run make lock"):
        read_lock(path)


def test_the_lock_files_agree_with_each_other_and_with_the_project():
    run, test = pinned(RUN_LOCK), pinned(TEST_LOCK)
    assert run.items() <= test.items()
    hashes = {(pin.name, pin.version): pin.hashes for pin in locked(TEST_LOCK)}
    assert all(hashes[pin.name, pin.version] == pin.hashes for pin in locked(RUN_LOCK))
    for wanted, pins in ((PROJECT["dependencies"], run), (DEV, test)):
        for text in wanted:
            requirement = Requirement(text)
            (only,) = requirement.specifier
            assert only.operator == "==" and "*" not in only.version, text
            assert pins[canonicalize_name(requirement.name)] == {only.version}, text


def test_the_bill_of_materials_names_exactly_what_is_locked():
    document = json.loads((ROOT / "docs" / "sbom.cdx.json").read_text())
    assert document["bomFormat"] == "CycloneDX" and document["specVersion"] == "1.6"
    runs = {(pin.name, pin.version) for pin in locked(RUN_LOCK)}
    expected = {
        (
            pin.name,
            pin.version,
            "required" if (pin.name, pin.version) in runs else "excluded",
            frozenset(pin.hashes),
            licence_of(pin.name),
        )
        for pin in locked(TEST_LOCK)
    }
    found = {
        (
            item["name"],
            item["version"],
            item["scope"],
            frozenset(h["content"] for h in item["externalReferences"][0]["hashes"]),
            item["licenses"][0].get("expression") or item["licenses"][0]["license"]["id"],
        )
        for item in document["components"]
    }
    assert found == expected, "run make sbom"
    assert document["metadata"]["component"]["version"] == PROJECT["version"]


def test_the_bill_of_materials_is_what_its_script_writes():
    bill_of_materials = pytest.importorskip("bill_of_materials", reason="make setup-dev first")
    assert bill_of_materials.bill() == bill_of_materials.OUTPUT.read_text(), "run make sbom"


def test_every_licence_is_allowed():
    assert list(audit_packages.bad_licences(locked(TEST_LOCK))) == []
    assert not is_allowed("AGPL-3.0-only") and not is_allowed(None)
    assert not is_allowed("MIT AND AGPL-3.0-only")
    assert is_allowed("GPL-2.0-or-later OR MIT")


def pin(name: str, version: str) -> Pin:
    return Pin(name, version, None, (HASH,))


def test_the_audit_compares_what_is_installed_with_what_is_locked():
    found = {"rich": metadata.distribution("rich"), "pip": metadata.distribution("pip")}
    version = found["rich"].version
    assert list(audit_packages.differences([pin("rich", version)], found)) == []
    assert list(audit_packages.differences([pin("rich", "1.0")], found)) == [
        f"rich is installed as {version}, locked as 1.0"
    ]
    assert len(list(audit_packages.differences([pin("left-pad", "1")], found))) == 2


def test_the_audit_sees_a_changed_file(tmp_path):
    info = tmp_path / "thing-1.0.dist-info"
    info.mkdir()
    (tmp_path / "thing.py").write_text("x = 1\n")
    digest = "sha256=" + base64.urlsafe_b64encode(
        hashlib.sha256(b"x = 1\n").digest()
    ).decode().rstrip("=")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    (info / "RECORD").write_text(f"thing.py,{digest},6\nthing-1.0.dist-info/RECORD,,\n")
    thing = metadata.Distribution.at(info)
    assert list(audit_packages.changed_files([thing])) == []
    (tmp_path / "thing.py").write_text("x = 2\n")
    assert "was changed after" in next(audit_packages.changed_files([thing]))
    (tmp_path / "thing.py").unlink()
    assert "is gone" in next(audit_packages.changed_files([thing]))


@pytest.mark.parametrize(
    ("affected", "hit"),
    [
        ({"versions": ["1.2.0"]}, True),
        ({"versions": ["1.2"]}, False),
        ({"events": [{"introduced": "0"}, {"fixed": "1.3"}]}, True),
        ({"events": [{"introduced": "0"}, {"fixed": "1.2.0"}]}, False),
        ({"events": [{"introduced": "1.0"}, {"last_affected": "1.2"}]}, True),
        ({"events": [{"introduced": "1.3"}]}, False),
        ({"events": [{"introduced": "0"}, {"fixed": "1.0"}, {"introduced": "1.2"}]}, True),
    ],
)
def test_advisories_are_matched_by_version(tmp_path, affected, hit):
    entry = {"package": {"ecosystem": "PyPI", "name": "Left_Pad"}}
    entry |= {"versions": affected.get("versions", [])}
    if "events" in affected:
        entry["ranges"] = [{"type": "ECOSYSTEM", "events": affected["events"]}]
    path = tmp_path / "A-1.json"
    path.write_text(json.dumps({"id": "A-1", "summary": "bad", "affected": [entry]}))
    known = audit_packages.advisories(tmp_path)
    lines = list(audit_packages.affected([pin("left-pad", "1.2.0")], known))
    assert lines == (["left-pad 1.2.0: A-1, bad"] if hit else [])
    assert not list(audit_packages.affected([pin("other", "1.2.0")], known))


def test_a_file_that_is_no_advisory_is_named(tmp_path):
    Path(tmp_path / "x.json").write_text("{}")
    with pytest.raises(UserError, match="not an advisory in OSV's form, .*x.json"):
        audit_packages.advisories(tmp_path)
