"""Two builds to publish and a small project, made once a session.

Usage: named in conftest.py
"""

from __future__ import annotations

from pathlib import Path

import pytest

from crash_tools import fingerprint
from house import EMPTY, PLACES, RULES, House
from small_project import SmallBuilds


@pytest.fixture(scope="session")
def two_builds(tmp_path_factory) -> dict[str, Path]:
    """The private databases of two builds whose every table is another."""
    databases = {}
    for version, name in enumerate("AB", start=1):
        house = House(tmp_path_factory.mktemp(name))
        house.build(version, rows=20_000)
        house.change(
            f"update marts.{RULES} set rationale = 'of {name}';"
            f"insert into marts.{EMPTY} values ({version});"
            f"comment on table marts.{PLACES} is 'of {name}'"
        )
        databases[name] = house.private
    prints = [fingerprint(path) for path in databases.values()]
    assert all(prints[0][table] != prints[1][table] for table in prints[0])
    return databases


@pytest.fixture(scope="session")
def small_builds(tmp_path_factory) -> SmallBuilds:
    return SmallBuilds(tmp_path_factory.mktemp("small"))


@pytest.fixture
def small(small_builds, monkeypatch) -> SmallBuilds:
    """The small project, with its paths in the environment of this process too."""
    for name, value in small_builds.project.environment.items():
        monkeypatch.setenv(name, value)
    return small_builds
