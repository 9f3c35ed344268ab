"""Shared fixtures: real builds of the warehouse, each made once a session.

Every build runs dbt as a user would, in a process of its own, into a temporary folder.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
import yaml

import hostile_data
import no_network
import trial_report
import vector_report

pytest_plugins = ["browser_fixtures", "crash_fixtures", "network_fixtures"]
ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("WARDHOUSE_SHARED") or ROOT.parent / "shared")
DBT = Path(sys.executable).parent / "dbt"
VECTORS = ROOT / "tests" / "data" / "vectors"
# Whatever the tests build, publish and draw is cut off from every network where that is possible.
CUT_OFF = () if no_network.why_not() else (sys.executable, no_network.__file__)
# unit tests know nothing of the data: the demo build runs them, other builds need not again
WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
WITHOUT_TESTS = ("--exclude-resource-type", "test", *WITHOUT_UNIT_TESTS)


@dataclass(frozen=True)
class Build:
    """A finished build: where its files are and what its commands printed."""

    folder: Path
    environment: dict[str, str]
    output: str
    returncode: int

    @property
    def private(self) -> Path:
        """The private database."""
        return self.folder / "build" / "wardhouse_private.duckdb"

    @property
    def published(self) -> Path:
        """The published database."""
        return self.folder / "warehouse" / "wardhouse.duckdb"

    def query(self, sql: str) -> list[tuple]:
        """Rows of a query on the private database, with schema marts first on the path."""
        with duckdb.connect(str(self.private), read_only=True) as connection:
            connection.execute("set schema = 'marts'")
            return connection.execute(sql).fetchall()

    def records(self, sql: str) -> list[dict]:
        """The same as dictionaries."""
        with duckdb.connect(str(self.private), read_only=True) as connection:
            connection.execute("set schema = 'marts'")
            result = connection.execute(sql)
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def environment_of(folder: Path, raw_dir: Path | None = None) -> dict[str, str]:
    """The environment of a build into `folder`; nothing of the caller's settings leaks in."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("WARDHOUSE_", "DBT_"))}
    return kept | {
        "WARDHOUSE_BUILD_DIR": str(folder / "build"),
        "WARDHOUSE_WAREHOUSE": str(folder / "warehouse" / "wardhouse.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        **({"WARDHOUSE_RAW_DIR": str(raw_dir)} if raw_dir else {}),
    }


def run_dbt(
    folder: Path, *arguments: str, raw_dir: Path | None = None, dbt_vars: dict | None = None
) -> Build:
    """Run one dbt command into `folder`; a raw folder's settings are passed on as `make` does."""
    environment = environment_of(folder, raw_dir)
    settings = raw_dir / "wardhouse.yml" if raw_dir else None
    merged = yaml.safe_load(settings.read_text()) if settings and settings.exists() else {}
    merged |= dbt_vars or {}
    command = [*CUT_OFF, str(DBT), "--no-use-colors", *arguments]
    if merged:
        command += ["--vars", json.dumps(merged, default=str)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    return Build(folder, environment, done.stdout + done.stderr, done.returncode)


def vector_rows(name: str) -> list[dict[str, str]]:
    """Rows of a file of numbers that trusted tools computed (origins: its MANIFEST.csv)."""
    with (VECTORS / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def run_models(
    build: Build, models: list[str], inputs: dict[str, list[dict]], compiled: Build | None = None
) -> dict[str, list[dict]]:
    """Run models' own compiled SQL, one after the other, on given rows instead of their relations.

    A model reads what an earlier one of the list made. Columns that a row leaves out are null;
    relations that are not given are empty, but for seeds. `compiled` is another dbt run whose SQL
    is taken, for other settings than the build's.
    """
    manifest = json.loads(((compiled or build).folder / "target" / "manifest.json").read_text())
    nodes = manifest["nodes"] | manifest["sources"]
    chain = [next(n for n in nodes.values() if n["name"] == model) for model in models]
    parents = {
        nodes[name]["name"]: nodes[name] for node in chain for name in node["depends_on"]["nodes"]
    }
    unknown = inputs.keys() - parents.keys()
    assert not unknown, f"{models} do not read {unknown}"
    made: dict[str, list[dict]] = {}
    with (
        duckdb.connect(str(build.private), read_only=True) as real,
        duckdb.connect() as connection,
    ):
        connection.execute(f"attach ':memory:' as {build.private.stem}")
        connection.execute(f"use {build.private.stem}")
        for schema in {node["schema"] for node in [*parents.values(), *chain]}:
            connection.execute(f"create schema if not exists {schema}")
        for name, parent in parents.items():
            if name in models:
                continue
            relation = relation_of(parent)
            columns = {row[0]: row[1] for row in real.execute(f"describe {relation}").fetchall()}
            types = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
            connection.execute(f"create table {relation} ({types})")
            rows = inputs.get(name)
            if rows is None and parent["resource_type"] == "seed":
                rows = [
                    dict(zip(columns, row, strict=True))
                    for row in real.execute(f"select * from {relation}").fetchall()
                ]
            for row in rows or []:
                names = ", ".join(f'"{column}"' for column in row)
                marks = ", ".join("?" for _ in row)
                values = [None if value == "" else value for value in row.values()]
                connection.execute(f"insert into {relation} ({names}) values ({marks})", values)
        for node in chain:
            connection.execute(f"create table {relation_of(node)} as {node['compiled_code']}")
            result = connection.execute(f"select * from {relation_of(node)}")
            names = [column[0] for column in result.description]
            made[node["name"]] = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return made


def relation_of(node: dict) -> str:
    """Schema and name of a node of the manifest."""
    return f"{node['schema']}.{node.get('alias') or node['identifier']}"


def run_model(build: Build, model: str, inputs: dict[str, list[dict]]) -> list[dict]:
    """Run one model as run_models does; its rows."""
    return run_models(build, [model], inputs)[model]


def publish(build: Build) -> subprocess.CompletedProcess:
    """Run the publish step on a build."""
    return subprocess.run(
        [*CUT_OFF, sys.executable, "scripts/publish.py"],
        cwd=ROOT,
        env=build.environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def demo_build(tmp_path_factory) -> Build:
    """The complete demo build: `dbt build` with every data test and unit test."""
    build = run_dbt(tmp_path_factory.mktemp("demo"), "build")
    assert build.returncode == 0, build.output[-4000:]
    return build


@pytest.fixture(scope="session")
def demo_warehouse(demo_build) -> Path:
    """The published demo database."""
    done = publish(demo_build)
    assert done.returncode == 0, done.stderr
    return demo_build.published


@pytest.fixture(scope="session")
def demo_figures(demo_warehouse, tmp_path_factory) -> Path:
    """The folder of the demo figures, drawn as a user would, in a process of its own."""
    folder = tmp_path_factory.mktemp("figures")
    done = subprocess.run(
        [sys.executable, "scripts/plot_figures.py"]
        + ["--database", str(demo_warehouse), "--output", str(folder)],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def write_report(database: Path, figures: Path, output: Path, seed: str = "1") -> Path:
    """Write the report of a published file as a user would, cut off from every network."""
    done = subprocess.run(
        [*CUT_OFF, sys.executable, "scripts/build_report.py", "--database", str(database)]
        + ["--figures", str(figures), "--output", str(output)],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return output


@pytest.fixture(scope="session")
def demo_report(demo_warehouse, demo_figures, tmp_path_factory) -> Path:
    """The report of the demo data, with every figure in it."""
    output = tmp_path_factory.mktemp("report") / "index.html"
    return write_report(demo_warehouse, demo_figures, output)


@pytest.fixture(scope="session")
def demo_shareable_report(demo_warehouse, tmp_path_factory) -> Path:
    """The report of the shareable edition of the demo data."""
    output = tmp_path_factory.mktemp("shareable") / "shareable.html"
    edition = demo_warehouse.with_name("wardhouse_shareable.duckdb")
    return write_report(edition, output.parent / "no figures", output)


@pytest.fixture(autouse=True)
def _umask_of_the_session():
    """The door narrows the umask of its process; a test that opens it must not narrow ours."""
    before = os.umask(0)
    os.umask(before)
    yield
    os.umask(before)


@dataclass(frozen=True)
class Hostile:
    """A build of data that try to carry identifiers out, published and drawn; what was printed."""

    build: Build
    identifiers: hostile_data.Identifiers
    output: str

    @property
    def folder(self) -> Path:
        """Where everything is."""
        return self.build.folder


@pytest.fixture(scope="session")
def hostile(tmp_path_factory) -> Hostile:
    """The hostile data built, published and drawn under umask 0 into folders open to all.

    The data break many rules, on purpose. The rules are looked at elsewhere: here the build passes
    for a green one, so that the worst comes as far as it can.
    """
    folder = tmp_path_factory.mktemp("hostile")
    found = hostile_data.write(folder / "raw")
    for name in ("build", "target", "logs"):
        (folder / name).mkdir()
        (folder / name).chmod(0o777)
    before = os.umask(0)
    try:
        build = run_dbt(folder, "build", *WITHOUT_TESTS, raw_dir=folder / "raw")
        assert build.returncode == 0, build.output[-4000:]
        with duckdb.connect(str(build.private)) as connection:
            connection.execute("update private.last_build set is_complete = true")
            connection.execute("update marts.dq_rule_results set status = 'within threshold'")
        published = publish(build)
        assert published.returncode == 0, published.stderr
        drawn = subprocess.run(
            [*CUT_OFF, sys.executable, "scripts/plot_figures.py"],
            cwd=ROOT,
            env=build.environment | {"MPLCONFIGDIR": str(folder / "fonts")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert drawn.returncode == 0, drawn.stderr
    finally:
        os.umask(before)
    output = "".join(part.stdout + part.stderr for part in (published, drawn))
    return Hostile(build, found, build.output + output)


def shared_folder(name: str) -> Path:
    """A folder of the shared reference data; the test is skipped where it is absent."""
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"{name}/ of the shared reference data is not here (WARDHOUSE_SHARED)")
    return folder


@pytest.fixture(scope="session")
def public_build(tmp_path_factory) -> Build:
    """The public hospital data, as the files are, as a user's raw folder."""
    source = shared_folder("data") / "hospital_ops"
    folder = tmp_path_factory.mktemp("public")
    raw = folder / "raw"
    shutil.copytree(source, raw / "hospital_ops")
    # its last row is a cancellation, which does not move the default as-of date
    (raw / "wardhouse.yml").write_text("as_of_date: 2024-01-01\n")
    build = run_dbt(folder, "build", *WITHOUT_UNIT_TESTS, raw_dir=raw)
    assert build.returncode == 0, build.output[-4000:]
    return build


@pytest.fixture(scope="session")
def public_care_build(tmp_path_factory) -> Build:
    """The public care episodes and cancer registry, as the files are, as a user's raw folder."""
    source = shared_folder("data")
    folder = tmp_path_factory.mktemp("public_care")
    for system, table in (("care_episodes", "episodes"), ("cancer_registry", "cases")):
        shutil.copytree(source / system, folder / "raw" / system / table)
    build = run_dbt(folder, "build", *WITHOUT_UNIT_TESTS, raw_dir=folder / "raw")
    assert build.returncode == 0, build.output[-4000:]
    return build


@pytest.fixture(scope="session")
def rendered(tmp_path_factory):
    """Render macro calls to SQL: one dbt compile for all that the tests ask for."""
    folder = tmp_path_factory.mktemp("rendered")
    calls = sorted(
        {
            call
            for path in Path(__file__).parent.glob("test_*.py")
            for call in re.findall(r'rendered\(\s*"(.+?)"\s*\)', path.read_text())
        }
    )
    inline = "".join(f"\n--- {i}\n{{{{ {call} }}}}" for i, call in enumerate(calls))
    build = run_dbt(folder, "compile", "--quiet", "--inline", inline + "\n---\n")
    assert build.returncode == 0, build.output[-4000:]
    parts = re.findall(r"--- \d+\n(.*?)(?=\n---)", build.output, flags=re.DOTALL)
    assert len(parts) == len(calls), build.output
    sql = dict(zip(calls, parts, strict=True))
    return lambda call: sql[call]


def pytest_terminal_summary(terminalreporter, config):
    """The differences from the vectors and what the trials found, at the end of the session."""
    vector_report.print_table(terminalreporter, config.rootpath)
    trial_report.print_table(terminalreporter)
