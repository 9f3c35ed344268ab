"""An analyst's start: what the page and the notebook show is what the published demo file says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import nbformat
import pytest

import run_notebook
from conftest import CUT_OFF, ROOT

PAGE = (ROOT / "docs" / "analysts_start.md").read_text()
BLOCK = re.compile(r"```(sh|sql|python)\n(.*?)```(?:\n\n```text\n(.*?)```)?", flags=re.DOTALL)
BLOCKS = BLOCK.findall(PAGE)
CLI = shutil.which("duckdb", path=os.pathsep.join([str(Path(sys.executable).parent), os.defpath]))
ERRORS = {
    "database does not exist": ("nowhere.duckdb", "select 1"),
    "attached in read-only mode": ("warehouse/wardhouse.duckdb", "create table a as select 1"),
}


def blocks(language: str) -> list[tuple[str, str]]:
    """The page's code in a language, each with the output that it shows."""
    return [(code, output) for name, code, output in BLOCKS if name == language]


def first_line(text: str) -> str:
    """The name of a case; outputs have none."""
    return "" if not text or text.startswith("┌") else text.split("\n")[0]


@pytest.fixture
def project(demo_warehouse, tmp_path, monkeypatch) -> Path:
    """A folder in which the published file lies where the page says."""
    (tmp_path / "warehouse").symlink_to(demo_warehouse.parent)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_has_no_other_code():
    assert PAGE.count("\n```") == 2 * (len(BLOCKS) + PAGE.count("```text"))
    assert {name for name, _, _ in BLOCKS} == {"sh", "sql", "python"}
    assert PAGE.count("```text") == sum(bool(output) for _, _, output in BLOCKS)


@pytest.mark.parametrize("code, output", blocks("sql"), ids=first_line)
def test_queries_show_what_the_page_shows(code, output, project):
    with duckdb.connect("warehouse/wardhouse.duckdb", read_only=True) as warehouse:
        *before, last = warehouse.extract_statements(code)
        for statement in before:
            warehouse.execute(statement)
        shown = warehouse.sql(last.query)
        # the command line prints the same box
        assert (str(shown).strip() if shown else "") == output.strip()


@pytest.mark.skipif(not CLI, reason="no DuckDB command line is installed")
@pytest.mark.parametrize("code, output", blocks("sql"), ids=first_line)
def test_the_command_line_shows_it_too(code, output, project):
    done = subprocess.run(
        [CLI, "-readonly", "warehouse/wardhouse.duckdb", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == output.strip()


def test_python_shows_what_the_page_shows(project):
    assert blocks("python")
    for code, output in blocks("python"):
        done = subprocess.run(
            [*CUT_OFF, sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout == output


def test_commands(project):
    makefile = (ROOT / "Makefile").read_text()
    lines = [(line, output) for code, output in blocks("sh") for line in code.splitlines()]
    kinds = set()
    for line, output in lines:
        if found := re.fullmatch(r"make (\w+)", line):
            kinds.add("make")
            assert re.search(rf"^{found[1]}:", makefile, re.MULTILINE)
        elif found := re.fullmatch(r"python3 -m venv (~/\S+)", line):
            own = found[1]  # not the project's environment, which is locked
        elif found := re.fullmatch(r"(\S+)/bin/pip install duckdb-cli==(\S+)", line):
            kinds.add("pip")
            assert found.groups() == (own, duckdb.__version__)
        elif " -readonly " in line:
            kinds.add("duckdb")
            assert line.startswith(f"{own}/bin/duckdb ")
            query = re.search(r'-c "(.*)"', line)
            if query:
                assert csv_of(query[1]) == output
                if CLI:
                    command = line.replace(f"{own}/bin/duckdb", CLI)
                    done = subprocess.run(
                        command, shell=True, capture_output=True, text=True, check=True
                    )
                    assert done.stdout == output
        elif found := re.fullmatch(r"\.venv/bin/jupyter lab (\S+)", line):
            kinds.add("jupyter")
            assert ROOT / found[1] == run_notebook.NOTEBOOK
        else:
            assert line == ".venv/bin/pip install jupyterlab"
    assert kinds == {"make", "pip", "duckdb", "jupyter"}


def csv_of(query: str) -> str:
    """The answer as CSV, written by DuckDB."""
    with duckdb.connect("warehouse/wardhouse.duckdb", read_only=True) as warehouse:
        warehouse.execute(f"copy ({query}) to 'answer.csv'")
    return Path("answer.csv").read_text()


@pytest.mark.parametrize("text", ERRORS)
def test_errors_of_the_page(text, project):
    assert f"`{text}`" in PAGE
    path, query = ERRORS[text]
    with (
        pytest.raises(duckdb.Error, match=text),
        duckdb.connect(path, read_only=True) as warehouse,
    ):
        warehouse.execute(query)


def test_the_page_names_what_there_is(demo_warehouse):
    with duckdb.connect(str(demo_warehouse), read_only=True) as warehouse:
        tables = {
            name for (name,) in warehouse.sql("select table_name from duckdb_tables()").fetchall()
        }
    assert set(re.findall(r"`((?:kpi|dq|dim|fct|claims)_\w+)`", PAGE)) <= tables
    for link in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / link).exists(), link


def test_the_notebook_shows_what_a_fresh_run_shows(demo_warehouse, tmp_path, monkeypatch):
    """Were it out of date: python tests/python/run_notebook.py, with the demo data published."""
    committed = nbformat.read(run_notebook.NOTEBOOK, as_version=4)
    monkeypatch.setenv("WARDHOUSE_WAREHOUSE", str(demo_warehouse))
    for variable in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    before = demo_warehouse.stat()
    fresh = run_notebook.run(
        nbformat.read(run_notebook.NOTEBOOK, as_version=4),
        run_notebook.NOTEBOOK.parent,
        dict(os.environ),
    )
    assert run_notebook.shown(fresh) == run_notebook.shown(committed)
    assert demo_warehouse.stat().st_mtime_ns == before.st_mtime_ns
    pictures = [
        o for c in committed.cells for o in c.get("outputs", []) if "image/png" in o.get("data", {})
    ]
    assert len(pictures) == 1


def test_the_committed_notebook_is_clean():
    """Nothing in it tells of a run or a machine, and every cell has run."""
    notebook = nbformat.read(run_notebook.NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    text = run_notebook.NOTEBOOK.read_text()
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert all(not cell.metadata for cell in notebook.cells)
    assert all(cell.execution_count is None for cell in notebook.cells if cell.cell_type == "code")
    assert "Traceback" not in text and "/home/" not in text and str(ROOT) not in text
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert (ROOT / "docs" / link).exists(), link
