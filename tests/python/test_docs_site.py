"""The page of `make docs`: complete, of the code alone, without a network, the same each time."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import dbt.task.docs
import duckdb
import pytest

import docs_site
import settings
from conftest import CUT_OFF, ROOT

TEMPLATE = Path(dbt.task.docs.DOCS_INDEX_FILE_PATH).read_text(encoding="utf-8")
HOSTILE = "</script><script>alert(1)</script><!--"


@pytest.fixture(scope="module")
def manifest(demo_build) -> dict:
    """dbt's manifest of the demo build, full of the paths of this machine."""
    return json.loads((demo_build.folder / "target" / "manifest.json").read_text())


@pytest.fixture(scope="module")
def page(manifest) -> str:
    """The page of it."""
    return docs_site.page(TEMPLATE, manifest)


def embedded(page: str, name: str) -> dict:
    """A JSON that the page holds."""
    return json.JSONDecoder().raw_decode(page, page.index(f"{name}:{{") + len(name) + 1)[0]


def test_the_page_tells_nothing_of_the_machine_or_the_run(manifest, page, demo_build):
    text = json.dumps(manifest)
    for told in (str(ROOT), str(demo_build.folder), manifest["metadata"]["invocation_id"]):
        assert told in text  # dbt puts it there
        assert told not in page
    assert not docs_site.OF_THE_RUN & set(re.findall(r'"(\w+)":', page))


def test_the_page_holds_every_model_and_the_types_of_the_marts(page, demo_warehouse):
    nodes = embedded(page, "manifest")["nodes"]
    assert {f"model.wardhouse.{path.stem}" for path in (ROOT / "models").rglob("*.sql")} <= set(
        nodes
    )
    columns = embedded(page, "catalog")["nodes"]
    with duckdb.connect(str(demo_warehouse), read_only=True) as warehouse:
        published = warehouse.execute("""
            select table_name, list(column_name order by column_index) from duckdb_columns()
            where schema_name = 'marts' group by table_name
        """).fetchall()
    for table, names in published:
        typed = columns[f"model.wardhouse.{table}"]["columns"]
        assert list(typed) == names, table
        assert all(column["type"] for column in typed.values())
        assert nodes[f"model.wardhouse.{table}"]["compiled_code"]


def test_the_overview_leads_to_models(manifest):
    overview = manifest["docs"]["doc.wardhouse.__overview__"]["block_contents"]
    links = re.findall(r"\(#!/model/([\w.]+)\)", overview)
    assert len(links) > 15 and set(links) <= set(manifest["nodes"])


def test_another_order_gives_the_same_page(manifest, page):
    shuffled = {}
    for key, value in manifest.items():
        names = list(value) if isinstance(value, dict) else []
        random.Random(1).shuffle(names)
        shuffled[key] = {name: value[name] for name in names} if names else value
    assert docs_site.page(TEMPLATE, shuffled) == page


def test_a_dbt_page_of_another_make_is_not_passed_off(manifest):
    for mark in (*docs_site.MARKS.values(), "<title>dbt Docs</title>"):
        with pytest.raises(ValueError, match="has no"):
            docs_site.page(TEMPLATE.replace(mark, ""), manifest)


def test_the_page_in_a_browser(manifest, open_report, tmp_path):
    """Opened from the disk: all there, nothing asked for, hostile text inert."""
    name = "model.wardhouse.kpi_survival_summary"
    changed = json.loads(json.dumps(manifest))
    changed["nodes"][name]["description"] += f"\n\nA hostile text: {HOSTILE}"
    changed["nodes"][name]["compiled_code"] += HOSTILE
    path = tmp_path / "index.html"
    path.write_text(docs_site.page(TEMPLATE, changed), encoding="utf-8")
    opened = open_report(path, "#!/overview", wait_for_ready=False)
    heading = opened.page.get_by_role("heading", name="Wardhouse: every table")
    heading.wait_for()
    assert opened.page.title().startswith("Wardhouse")
    opened.page.get_by_role("link", name="kpi_survival_summary").click()
    column = opened.page.get_by_text("median_months_low", exact=True).first
    column.wait_for()
    assert "double" in column.locator("xpath=ancestor::tr[1]").inner_text()
    icons = opened.page.locator("svg.menu-icon-on use").evaluate_all(
        "all => all.map(icon => icon.href.baseVal)"
    )
    assert "#icn-doc-on" in icons and not any("{" in icon for icon in icons)
    assert opened.problems() == []


def test_a_page_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(settings.UserError, match="cannot be written") as said:
        docs_site.write(tmp_path / "file" / "index.html", "")
    assert "\n" not in str(said.value)


@pytest.mark.soak
def test_make_docs_needs_no_build_and_gives_the_same_bytes_twice(tmp_path):
    """On a fresh folder, without a network, while another program holds the private database."""
    private = tmp_path / "build" / "wardhouse_private.duckdb"
    private.parent.mkdir()
    environment = os.environ | {
        "WARDHOUSE_BUILD_DIR": str(private.parent),
        "WARDHOUSE_WAREHOUSE": str(tmp_path / "published" / "wardhouse.duckdb"),
        "WARDHOUSE_RAW_DIR": str(tmp_path / "no_such_folder"),
    }
    pages = []
    with duckdb.connect(str(private)):
        before = sorted(private.parent.iterdir())
        for _ in range(2):
            done = subprocess.run(
                [*CUT_OFF, sys.executable, "scripts/docs_site.py"],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert done.stderr == ""
            path = tmp_path / "published" / "dbt_docs" / "index.html"
            assert done.stdout.splitlines() == [f"documentation of every model and column: {path}"]
            pages.append(path.read_bytes())
        assert sorted(private.parent.iterdir()) == before
    assert pages[0] == pages[1]
    assert str(tmp_path).encode() not in pages[0]
    assert [each.name for each in path.parent.iterdir()] == ["index.html"]
