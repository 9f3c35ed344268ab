"""The floor: one hand-written DuckDB script, run in one connection.

Usage: python scripts/benchmarks/floor.py DATA OUTPUT [--threads 2] [--memory 6GB] [--secret TEXT]

Writes OUTPUT/floor.duckdb with the facts, the rejected rows and the cubes; says each stage.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import stages  # noqa: E402

SEEDS = Path(__file__).resolve().parents[2] / "seeds"


def main(argv: list[str]) -> int:
    """Run the script."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", default="6GB", help="of DuckDB, before it spills")
    parser.add_argument("--secret", default="the secret of the benchmark")
    options = parser.parse_args(argv)
    settings = {
        "threads": options.threads,
        "memory_limit": options.memory,
        "temp_directory": str(options.output / "spilled"),
        # the newest way to store texts is a quarter cheaper to write than the compatible one
        "storage_compatibility_version": "latest",
    }
    with duckdb.connect(str(options.output / "floor.duckdb"), config=settings) as connection:
        for name, value in (
            ("raw", str(options.data)),
            ("seeds", str(SEEDS)),
            ("secret", options.secret),
        ):
            connection.execute(f"set variable {name} = ?", [value])
        for name, statements in stages.scripts("floor.sql") + stages.scripts("cubes.sql"):
            with stages.stage(name):
                for statement in statements:
                    connection.execute(statement)
        with stages.stage("checkpoint"):
            connection.execute("drop table superseded")
            connection.execute("checkpoint")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
