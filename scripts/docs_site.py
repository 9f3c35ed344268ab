"""dbt's documentation of the project as one file: every model, column, definition and line of SQL.

Usage: python scripts/docs_site.py

Writes dbt_docs/index.html (beside the published file when that is elsewhere). It is made from the
code of the project alone: dbt compiles it against an empty database in a temporary folder, with
the settings of dbt_project.yml, so the page holds no row, count, name or setting of anybody's data,
needs no build before it and disturbs none that is running. Machine paths, times and ids of runs are
taken out, so that the same code gives the same bytes, and a Content-Security-Policy allows the page
no network.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import settings
from settings import PROJECT_ROOT, UserError

DBT = Path(sys.executable).parent / "dbt"
SYSTEMS = ("cancer_registry", "care_episodes", "hospital_ops", "team_surveys")
# What tells of the machine and of the run, not of the project.
OF_THE_RUN = {
    "build_path",
    "compiled_path",
    "created_at",
    "generated_at",
    "invocation_id",
    "invocation_started_at",
    "root_path",
    "run_started_at",
    "user_id",
}
MARKS = {"manifest": '"MANIFEST.JSON INLINE DATA"', "catalog": '"CATALOG.JSON INLINE DATA"'}
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
)
# What the page of dbt-core 1.11 gets wrong when it is opened from a disk: a link to an icon that is
# not there, and icons that the browser asks for by the name of a template before it is filled in.
MENDED = (
    (r"<title>dbt Docs</title>", "<title>Wardhouse: models and columns</title>"),
    (r'<link rel="canonical"[^>]*>', ""),
    (r'<link rel="shortcut icon"[^>]*>', ""),
    (r'xlink:href="\{\{', 'ng-attr-href="{{'),
)


def without_run(value: object) -> object:
    """The same without what tells of the machine and of the run."""
    if isinstance(value, dict):
        return {key: without_run(each) for key, each in value.items() if key not in OF_THE_RUN}
    return [without_run(each) for each in value] if isinstance(value, list) else value


def shown_manifest(manifest: dict) -> dict:
    """dbt's manifest for the page, in one order: dbt's own differs a little from run to run.

    The hooks of a run hold its id and time in their SQL, and the page shows no hooks.
    """
    nodes = manifest["nodes"].items()
    manifest = manifest | {"nodes": {i: n for i, n in nodes if n["resource_type"] != "operation"}}
    return {
        key: dict(sorted(value.items())) if isinstance(value, dict) else value
        for key, value in without_run(manifest).items()
    }


def catalog(manifest: dict) -> dict:
    """Types of the columns for the page, as the contracts of the marts have them.

    A contract is enforced, so this is what the database says too.
    """
    nodes = {}
    for unique_id, node in manifest["nodes"].items():
        typed = [c for c in node.get("columns", {}).values() if c.get("data_type")]
        if node["resource_type"] != "model" or not typed:
            continue
        nodes[unique_id] = {
            "unique_id": unique_id,
            "metadata": {
                "type": "BASE TABLE",
                "database": node["database"],
                "schema": node["schema"],
                "name": node["name"],
                "owner": None,
                "comment": None,
            },
            "columns": {
                column["name"]: {
                    "type": column["data_type"],
                    "index": index,
                    "name": column["name"],
                    "comment": None,
                }
                for index, column in enumerate(typed, 1)
            },
            "stats": {},
        }
    return {"metadata": {}, "nodes": nodes, "sources": {}, "errors": None}


def for_script(value: object) -> str:
    """JSON that cannot end the script it stands in."""
    text = json.dumps(value, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def page(template: str, manifest: dict) -> str:
    """dbt's own page with the project in it, mended and closed to the network."""
    for pattern, text in MENDED:
        template, count = re.subn(pattern, lambda _, new=text: new, template)
        if not count:
            raise ValueError(f"dbt's page has no {pattern} any more")
    head = f'<head><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    for mark, text in (
        ("<head>", head),
        (MARKS["manifest"], for_script(shown_manifest(manifest))),
        (MARKS["catalog"], for_script(catalog(shown_manifest(manifest)))),
    ):
        before, found, after = template.partition(mark)
        if not found:
            raise ValueError(f"dbt's page has no {mark} any more")
        template = before + text + after
    return template


def generate(folder: Path) -> None:
    """Have dbt describe the project in a folder, against an empty database of its own."""
    for system in SYSTEMS:
        (folder / "raw" / system).mkdir(parents=True)
    (folder / "build").mkdir(mode=0o700)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("WARDHOUSE_", "DBT_"))}
    done = subprocess.run(
        [str(DBT), "--no-use-colors", "docs", "generate", "--empty-catalog"],
        cwd=PROJECT_ROOT,
        env=kept
        | {
            "WARDHOUSE_RAW_DIR": str(folder / "raw"),
            "WARDHOUSE_BUILD_DIR": str(folder / "build"),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
        },
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise UserError(
            "dbt cannot describe the project, the reason is above; mend it and run make docs"
        )


def write(path: Path, text: str) -> None:
    """Put the page in its place at once, or leave the one that is there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            new.write_text(text, encoding="utf-8")
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(
            f"the documentation cannot be written ({error.strerror}), {path}; make the folder "
            "writable or free some space and run make docs again"
        ) from error


def main(argv: list[str]) -> int:
    """Run the command line."""
    argparse.ArgumentParser(description=__doc__.split("\n", 1)[0]).parse_args(argv)
    path = settings.docs_site()
    with tempfile.TemporaryDirectory(prefix="wardhouse_docs_") as name:
        generate(Path(name))
        target = Path(name) / "target"
        manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
        text = page((target / "index.html").read_text(encoding="utf-8"), manifest)
    write(path, text)
    print(f"documentation of every model and column: {settings.shown(path)}")
    return 0


if __name__ == "__main__":
    settings.run_main(main)
