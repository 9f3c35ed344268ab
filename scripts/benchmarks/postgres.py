"""The same work in PostgreSQL: a server of its own, started for this run, without a network.

Usage: python scripts/benchmarks/postgres.py prepare|run DATA OUTPUT [--threads 2] [--secret TEXT]

prepare writes the Parquet files as CSV (PostgreSQL reads no Parquet) and makes an empty cluster:
that is not part of what is measured. run starts the server, copies the files in, makes the facts
and the cubes, writes OUTPUT/summary.json and stops it. The server's settings favour speed over
safety: no fsync, no write-ahead log for these tables, 1 GB of buffers, 512 MB for a sort.
As root it runs as the user postgres, which it refuses to run as root without.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import pwd
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import check, stages  # noqa: E402
from benchmarks.floor import SEEDS  # noqa: E402

TABLES = {
    "appointments": ("hospital_ops", "appointment_id", "appointment_date"),
    "treatments": ("hospital_ops", "treatment_id", "treatment_date"),
    "billing": ("hospital_ops", "bill_id", "bill_date"),
    "patients": ("hospital_ops", "patient_id", None),
    "doctors": ("hospital_ops", "doctor_id", None),
    "episodes": ("care_episodes", "episode_id", "date"),
    "cases": ("cancer_registry", "patient_id", "diagnosis_date"),
}
SEED_TABLES = {
    "words": "select source_system as system, column_name as field, lower(raw_value) as word, code"
    " from read_csv('{}/reference/code_map.csv', all_varchar = true)",
    "facility_names": "select source_system as system, source_name, facility_id"
    " from read_csv('{}/reference/facility_aliases.csv', all_varchar = true)",
    "department_names": "select source_system as system, source_name, department_id"
    " from read_csv('{}/reference/department_aliases.csv', all_varchar = true)",
}
SETTINGS = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
    "wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "16GB",
    "shared_buffers": "1GB", "work_mem": "512MB", "maintenance_work_mem": "512MB",
    "hash_mem_multiplier": "1", "enable_nestloop": "off", "jit": "off", "autovacuum": "off",
    "listen_addresses": "",
}  # fmt: skip
TOTALS = "('total', 'totals', 'grand total', 'subtotal', 'sub-total', 'all')"
EPISODE_WORDS = {
    "dep": "department", "fac": "facility", "reg": "region", "gen": "patient_gender",
    "unit": "length_of_stay_unit", "adm": "admission_type", "dis": "disposition",
    "sta": "cancer_stage", "vis": "visit_end_status", "wrd": "patient_satisfaction",
}  # fmt: skip
CASE_WORDS = {
    "reg": "region", "hos": "hospital", "sta": "stage", "ou": "outcome", "vit": "vital_status",
    "gen": "gender",
}  # fmt: skip


def programs() -> Path | None:
    """The folder of the server's programs, the newest version's; None where there is none."""
    found = shutil.which("postgres")
    if found:
        return Path(found).parent
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3])
    )
    return versions[-1].parent if versions else None


def server_user() -> str | None:
    """Who runs the server: this user, or as root an unprivileged one."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def prepare(data: Path, output: Path) -> None:
    """Write the CSV files and make an empty cluster."""
    folder = output / "csv"
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        for table, (system, _, _) in TABLES.items():
            connection.execute(
                f"copy (select array_to_string(string_split(filename, '/')[-3:], '/')"
                f" as source_file, file_row_number + 1 as row_number, * exclude (filename)"
                f" from read_parquet('{data}/{system}/{table}/*.parquet', filename = true))"
                f" to '{folder}/{table}.csv' (header true)"
            )
        for table, query in SEED_TABLES.items():
            connection.execute(
                f"copy ({query.format(SEEDS)}) to '{folder}/{table}.csv' (header true)"
            )
    cluster = output / "cluster"
    cluster.mkdir()
    user = server_user()
    if user:
        shutil.chown(cluster, user)
    subprocess.run(
        [programs() / "initdb", "--pgdata", cluster, "--auth=trust", "--encoding=UTF8",
         "--locale=C", "--username=bench", "--no-sync"],
        check=True, stdout=subprocess.DEVNULL, user=user, cwd=cluster,
    )  # fmt: skip


def script() -> list[tuple[str, str]]:
    """The stages of postgres.sql and cubes.sql."""
    filled = {
        "{rejected_and_superseded}": "\n".join(_rejects(table) for table in TABLES),
        "{episode_words}": _words("care_episodes", EPISODE_WORDS),
        "{case_words}": _words("cancer_registry", CASE_WORDS),
    }
    found = []
    for name, statements in stages.scripts("postgres.sql") + stages.scripts("cubes.sql"):
        text = ";\n".join(statements) + ";"
        for mark, replacement in filled.items():
            text = text.replace(mark, replacement)
        found.append((name, text.replace("create table cube_", "create unlogged table cube_")))
    return found


def _words(system: str, columns: dict[str, str]) -> str:
    return "\n".join(
        f"left join words as {alias} on {alias}.system = '{system}'"
        f" and {alias}.field = '{column}' and {alias}.word = lower(r.{column})"
        for alias, column in columns.items()
    )


def _rejects(table: str) -> str:
    """The rejected and the superseded rows of a table."""
    _, key, date = TABLES[table]
    known = f"named({key})" if table != "episodes" else f"coalesce(named({key}), named(patient_id))"
    is_total = f"coalesce(lower({key}) in {TOTALS}, false)"
    good = f"{known} is not null and not {is_total}"
    if date:
        good += f" and usable_day({date}) is not null"
    missing = f"when named({date}) is null then 'missing_date'" if date else ""
    # what a row's other columns are called is not known here: its text as a whole says blank
    blank = "to_jsonb(r) - 'source_file' - 'row_number'"
    return f"""
        insert into rejects
        select
            '{table}', source_file, row_number,
            case
                when not jsonb_path_exists({blank}, '$.* ? (@ != null)') then 'blank_row'
                when {is_total} then 'totals_row'
                when {known} is null then 'missing_key'
                {missing}
                else 'unusable_date'
            end
        from {table} as r
        where not ({good});
        insert into superseded
        select '{table}', source_file, row_number
        from (
            select
                source_file, row_number,
                row_number() over (
                    partition by {key}
                    order by stem(source_file) desc, source_file desc, r.row_number desc
                ) as recency
            from {table} as r
            where {good} and {key} in (
                select {key} from {table} group by {key} having count(*) > 1
            )
        ) as ranked
        where recency > 1;
    """


class Server:
    """The server, running while the block lasts."""

    def __init__(self, output: Path, threads: int, secret: str) -> None:
        """Where its cluster is."""
        self.output, self.secret = output, secret
        self.settings = SETTINGS | {"max_parallel_workers_per_gather": str(max(threads - 1, 0))}

    def __enter__(self) -> Server:
        """Start it and wait until it answers."""
        cluster = self.output / "cluster"
        options = [part for item in self.settings.items() for part in ("-c", "=".join(item))]
        self.log = (self.output / "server.log").open("w")
        self.process = subprocess.Popen(
            [programs() / "postgres", "-D", cluster, "-k", cluster, *options],
            user=server_user(), cwd=cluster, stdout=self.log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        for _ in range(300):
            if self.psql("select 1", check_it=False).returncode == 0:
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError("the server did not start: " + (self.output / "server.log").read_text())

    def __exit__(self, *_: object) -> None:
        """Stop it: no data are kept."""
        self.process.send_signal(3 if self.process.poll() is None else 0)  # immediate shutdown
        self.process.wait()
        self.log.close()

    def psql(self, sql: str, check_it: bool = True) -> subprocess.CompletedProcess:
        """Run SQL; the first error ends it."""
        done = subprocess.run(
            ["psql", "-X", "-q", "-h", self.output / "cluster", "-U", "bench", "-d", "postgres",
             "-v", "ON_ERROR_STOP=1", "-v", f"secret={self.secret}", "--csv", "-f", "-"],
            input=sql, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if check_it and done.returncode:
            raise RuntimeError(done.stderr.strip() or "psql failed")
        return done

    def rows(self, query: str) -> list[dict]:
        """The rows of a query."""
        return list(csv.DictReader(io.StringIO(self.psql(query + ";").stdout)))


def run(output: Path, threads: int, secret: str) -> None:
    """Copy in, make facts and cubes, and write what they add up to."""
    with Server(output, threads, secret) as server:
        begun = time.monotonic()

        def stage(name: str, sql: str) -> None:
            at = time.monotonic()
            server.psql(sql)
            entry = {"stage": name, "seconds": round(time.monotonic() - at, 3)}
            print(stages.MARK + json.dumps(entry), flush=True)

        stage("copy", "".join(_copy(path) for path in sorted((output / "csv").glob("*.csv"))))
        for name, sql in script():
            stage(name, sql)
        entry = {"stage": "all", "seconds": round(time.monotonic() - begun, 3)}
        print(stages.MARK + json.dumps(entry), flush=True)
        summary = {
            cube: {
                name: float(value or 0)
                for name, value in server.rows(check.summary_query(cube))[0].items()
            }
            for cube in check.CUBES
        }
        summary["rejects"] = {
            row["what"]: int(row["number"]) for row in server.rows(check.REJECTS_QUERY)
        }
        (output / "summary.json").write_text(json.dumps(summary))


def _copy(path: Path) -> str:
    """Make a raw table as the file's header says, and fill it."""
    with path.open() as file:
        names = next(csv.reader(file))
    columns = ", ".join(
        f'"{name}" {"bigint" if name == "row_number" else "text"}' for name in names
    )
    return (
        f"create unlogged table {path.stem} ({columns});\n"
        f"\\copy {path.stem} from '{path}' with (format csv, header)\n"
        f"analyze {path.stem};\n"
    )


def main(argv: list[str]) -> int:
    """Prepare or run."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("command", choices=("prepare", "run"))
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--secret", default="the secret of the benchmark")
    options = parser.parse_args(argv)
    if options.command == "prepare":
        prepare(options.data, options.output)
    else:
        run(options.output, options.threads, options.secret)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
