"""Write the demo data: wholly fictional raw files, what is wrong with them, and what is true.

Usage: python scripts/generate_demo_data.py [--output seeds] [--check]

Every run writes the same bytes, on every platform. Beside the raw files it writes the manifest of
the planted dirt (demo_dirt.csv) and the true parameters of the planted effects
(demo_truths.json). A further source system is one more module with a `build` function.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from demo_data import cancer_registry, care_episodes, hospital_ops, team_surveys
from demo_data.draws import SEED
from demo_data.tables import MANIFEST_COLUMNS, csv_text

PROJECT_ROOT = Path(__file__).resolve().parent.parent
SYSTEMS = {
    "hospital_ops": hospital_ops.build,
    "care_episodes": care_episodes.build,
    "cancer_registry": cancer_registry.build,
    "team_surveys": team_surveys.build,
}
# dbt hashes the content of smaller seeds only; of larger ones it sees just the path.
MAXIMUM_BYTES = 999_999


def demo_files(output: Path, test_data: Path) -> dict[Path, bytes]:
    """Make the content of every file."""
    files: dict[Path, bytes] = {}
    dirt: list[tuple[object, ...]] = []
    truths: dict[str, object] = {"seed": SEED}
    for system, build in SYSTEMS.items():
        tables, truths[system] = build()
        for table in tables:
            content = table.text().encode()
            if len(content) > MAXIMUM_BYTES:
                raise ValueError(f"{table.file_name} has {len(content)} bytes")
            files[output / system / table.file_name] = content
            dirt += table.manifest()
    files[test_data / "demo_dirt.csv"] = csv_text(MANIFEST_COLUMNS, dirt).encode()
    text = json.dumps(truths, indent=2, ensure_ascii=False) + "\n"
    files[test_data / "demo_truths.json"] = text.encode()
    return files


def check(files: dict[Path, bytes]) -> int:
    """Say which files on disk differ from what would be written."""
    differing = [
        path
        for path, content in files.items()
        if not path.is_file() or path.read_bytes() != content
    ]
    for path in differing:
        print(
            f"wardhouse: other demo data than generated, {path}; "
            "run python scripts/generate_demo_data.py",
            file=sys.stderr,
        )
    return 1 if differing else 0


def main(argv: list[str] | None = None) -> int:
    """Write or check the demo data."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, default=PROJECT_ROOT / "seeds")
    parser.add_argument("--test-data", type=Path, default=PROJECT_ROOT / "tests" / "data")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    options = parser.parse_args(argv)
    files = demo_files(options.output, options.test_data)
    if options.check:
        return check(files)
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        print(
            f"wardhouse: cannot write the demo data, {error.filename}: {error.strerror}; "
            "choose another folder with --output",
            file=sys.stderr,
        )
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
