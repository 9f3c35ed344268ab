"""A project of six models in a folder of its own: a real `dbt build` in seconds.

The scripts, profile, settings and hooks are copies of the real ones; only models, seeds and
macros are few. Two extracts, A and B, give builds that differ in every table, so a mixture shows.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb

import build_lock
from conftest import DBT, ROOT, environment_of
from crash_tools import fingerprint

# Tables of the marts are called after real ones, as in the house of the publish tests.
MODELS = {
    "staging/stg_versions": """
        {{ config(materialized='table') }}
        select cast(item_1 as integer) as version, row_number
        from {{ source('team_surveys', 'responses') }}
    """,
    "marts/fct_appointments": """
        select version, row_number * 1000 + i as row_number, version * i as amount
        from {{ ref('stg_versions') }} cross join range(1000) as numbers (i)
    """,
    "marts/fct_treatments": """
        select version, row_number, md5(cast(version * row_number as string)) as text_of_row
        from {{ ref('fct_appointments') }}
    """,
    # Long enough for two builds that start together to meet.
    "marts/fct_bills": """
        {{ config(pre_hook="select sum(hash(range)) from range(" ~ var('work', 150000000) ~ ")") }}
        select max(version) as version, count(distinct text_of_row) as texts
        from {{ ref('fct_treatments') }}
    """,
    "marts/dim_facilities": """
        select distinct 'place ' || version as facility_id, version
        from {{ ref('stg_versions') }} cross join {{ ref('places') }}
    """,
    "marts/dq_rule_results": """
        select 'a_rule' as rule_id, 'team_surveys' as source_system, 'responses' as source_table,
            'rejected' as kind, 'why' as reason, count(*) as rows_tested, 0 as rows_failing,
            0.0 as failing_share, 0.01 as threshold, 5 as tolerated_rows,
            'within threshold' as status, 'version ' || max(version) as rationale
        from {{ ref('stg_versions') }}
    """,
}
TABLES = [Path(name).name for name in MODELS if name.startswith("marts/")]
SEED = "facility_id\nall\nunknown\n"
TEST = """
version: 2
models:
  - name: dim_facilities
    config: {contract: {enforced: false}}
    columns: [{name: version, data_tests: [not_null, unique]}]
"""
HEADER = (
    "response_id,survey_date,facility,department,item_1,item_2,item_3,item_4,item_5,item_6,item_7"
)


class SmallProject:
    """The project, its extract, and where its builds go."""

    def __init__(self, folder: Path) -> None:
        """Write the project; nothing is built yet."""
        self.folder = folder
        self.root = folder / "project"
        for name in ("scripts", "macros/operations", "macros/increments", "macros/dialect"):
            ignored = shutil.ignore_patterns("__pycache__", "*.yml", "figure*", "demo_data")
            shutil.copytree(ROOT / name, self.root / name, ignore=ignored)
        for path in (ROOT / "models" / "staging").rglob("*__sources.yml"):
            target = self.root / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        shutil.copytree(ROOT / "seeds" / "reference", self.root / "seeds" / "reference")
        settings = (ROOT / "dbt_project.yml").read_text()
        settings = settings.replace("seed-paths: [seeds]", "seed-paths: [few_seeds]")
        settings = settings.replace("+contract: {enforced: true}", "+contract: {enforced: false}")
        (self.root / "dbt_project.yml").write_text(settings)
        shutil.copyfile(ROOT / "pyproject.toml", self.root / "pyproject.toml")
        shutil.copyfile(ROOT / "profiles.yml", self.root / "profiles.yml")
        few = self.root / "few_seeds" / "reference"
        few.mkdir(parents=True)
        limits = "publish_limits.csv"  # the publish reads them from the private database
        shutil.copyfile(ROOT / "seeds" / "reference" / limits, few / limits)
        (self.root / "few_seeds" / "places.csv").write_text(SEED)
        for name, sql in MODELS.items():
            path = self.root / "models" / f"{name}.sql"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(sql)
        (self.root / "models" / "marts" / "tests.yml").write_text(TEST)
        self.use("A")

    def use(self, data: str) -> None:
        """Put the extract A or B into the raw folder: every table of the next build is another."""
        version = "AB".index(data) + 1
        rows = [f"r{i},2025-01-01,x,y,{version},1,1,1,1,1,1" for i in range(50)]
        self.raw.parent.mkdir(parents=True, exist_ok=True)
        self.raw.write_text("\n".join([HEADER, *rows]) + "\n")

    @property
    def raw(self) -> Path:
        """The one raw file."""
        return self.folder / "raw" / "team_surveys" / "responses.csv"

    @property
    def private(self) -> Path:
        """The private database."""
        return self.folder / "build" / "wardhouse_private.duckdb"

    @property
    def target(self) -> Path:
        """The published database."""
        return self.folder / "warehouse" / "wardhouse.duckdb"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every command."""
        return environment_of(self.folder, self.folder / "raw")

    def start(self, *command: str | Path, **options: object) -> subprocess.Popen:
        """Begin a command as the leader of a process group of its own."""
        return subprocess.Popen(
            [str(word) for word in command],
            cwd=self.root,
            **{"env": self.environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            | options,
            text=True,
            start_new_session=True,
        )

    def start_dbt(self, *arguments: str, **options: object) -> subprocess.Popen:
        """Begin a dbt command."""
        return self.start(DBT, "--no-use-colors", *arguments, **options)

    def start_script(self, name: str, *arguments: str, **options: object) -> subprocess.Popen:
        """Begin one of the scripts."""
        path = self.root / "scripts" / name
        return self.start(sys.executable, path, *arguments, **options)


IN_ONE_PROCESS = """
import sys
from dbt.cli.main import dbtRunner
sys.path.insert(0, "scripts")
import publish
for command in (["list", "--quiet"], ["build"], ["test"]):
    result = dbtRunner().invoke(command)
    assert result.success, result.exception
try:
    publish.main([])
except publish.UserError as error:
    print("refused:", error)
"""


class SmallBuilds:
    """The small project after two builds, A published and B not, and what they hold."""

    def __init__(self, folder: Path) -> None:
        """Build A with several dbt commands in one process, as a scheduler would; then B."""
        self.project = SmallProject(folder)
        process = self.project.start(sys.executable, "-c", IN_ONE_PROCESS, stderr=subprocess.STDOUT)
        self.output, _ = process.communicate(timeout=300)
        assert process.returncode == 0, self.output
        self.whole = {"A": fingerprint(self.project.private)}
        with self.project.start_script("publish.py") as process:
            output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        self.project.use("B")
        begun = time.monotonic()
        with self.project.start_dbt("build") as process:
            at_work = self.wait_for_lock(process)
            assert process.wait(300) == 0, process.communicate()
        # how long a build takes, and how much of it after it has the lock
        self.seconds, self.seconds_of_work = time.monotonic() - begun, time.monotonic() - at_work
        self.whole["B"] = fingerprint(self.project.private)
        assert all(self.whole["A"][table] != self.whole["B"][table] for table in TABLES)

    def wait_for_lock(self, process: subprocess.Popen) -> float:
        """Wait until a command of dbt holds the build folder; the time."""
        lock = self.project.private.parent / build_lock.LOCK_NAME
        while f"\n{process.pid}\n" not in lock.read_text():
            assert process.poll() is None, process.communicate()
            time.sleep(0.005)
        return time.monotonic()

    def build(self) -> str:
        """A build to its end; what it printed."""
        with self.project.start_dbt("build") as process:
            output, errors = process.communicate(timeout=300)
        assert process.returncode == 0, output + errors
        return output

    def last_build(self) -> str:
        """What the private database says of its last build; it opens, whatever was killed."""
        with duckdb.connect(str(self.project.private)) as db:
            return db.execute("select status from private.last_build").fetchone()[0]

    def leftovers(self) -> set[str]:
        """What lies in the build folder besides what a build needs."""
        known = {self.project.private.name, build_lock.LOCK_NAME, ".wardhouse_key"}
        return {path.name for path in self.project.private.parent.iterdir()} - known
