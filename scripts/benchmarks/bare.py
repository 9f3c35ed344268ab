"""The statements of a finished `dbt build`, run again in one bare DuckDB connection.

Usage: python scripts/benchmarks/bare.py TARGET PRIVATE_DATABASE OUTPUT [--threads 2]

TARGET is the target folder of the build, PRIVATE_DATABASE what it made. The seeds are loaded from
their CSV files, then each model is made and each data test is run, in the order in which dbt ended
them. Unit tests are not run, and what dbt does around a statement is left out.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import stages  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
TEMPORARY = "__dbt_tmp"  # dbt makes a table beside the old one, then gives it the name


def statements(target: Path) -> list[tuple[str, str]]:
    """(stage, SQL) of each node, in the order of the build."""
    nodes = json.loads((target / "manifest.json").read_text())["nodes"]
    results = json.loads((target / "run_results.json").read_text())["results"]
    ran = {path.name: path for path in (target / "run").rglob("*.sql") if path.is_file()}
    found = []
    for result in results:
        node = nodes.get(result["unique_id"])
        if node is None or node["resource_type"] not in ("seed", "model", "test"):
            continue
        if node["resource_type"] == "seed":
            types = ", ".join(
                f"'{name}': '{kind}'" for name, kind in node["config"]["column_types"].items()
            )
            reader = f"'{ROOT / node['original_file_path']}', header = true"
            reader += f", types = {{{types}}}" if types else ""
            name = f'"{node["schema"]}"."{node["alias"]}"'
            found.append(("seeds", f"create table {name} as from read_csv({reader})"))
        else:
            sql = ran[Path(node["path"]).name].read_text().replace(TEMPORARY, "")
            is_model = node["resource_type"] == "model"
            found.append((node["fqn"][1] if is_model else "tests", sql))
    return found


def main(argv: list[str]) -> int:
    """Run them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("target", type=Path)
    parser.add_argument("private", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(argv)
    todo = statements(options.target)
    # of the private database's name, which the statements say
    path = options.output / options.private.name
    with duckdb.connect(str(path), config={"threads": options.threads}) as connection:
        schemas = "('private', 'raw', 'reference', 'seeds', 'staging', 'intermediate', 'marts')"
        connection.execute(f"attach '{options.private}' as build (read_only)")
        for (schema,) in connection.execute(
            "select schema_name from duckdb_schemas() where database_name = 'build'"
            f" and schema_name in {schemas}"
        ).fetchall():
            connection.execute(f"create schema {schema}")
        # what the raw door made: file lists, the secret
        for schema, table in connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'build'"
            " and schema_name in ('private', 'raw')"
        ).fetchall():
            connection.execute(f'create table {schema}."{table}" as from build.{schema}."{table}"')
        connection.execute("detach build")
        seconds: dict[str, list[str]] = {}
        for name, sql in todo:
            seconds.setdefault(name, []).append(sql)
        with stages.stage("all"):
            for _, sql in todo:
                connection.execute(sql)
    print(json.dumps({name: len(sqls) for name, sqls in seconds.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
