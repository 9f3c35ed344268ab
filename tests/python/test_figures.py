"""Figures: same marts same bytes, supported headlines, names that fit, errors in one line."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from datetime import date
from itertools import combinations
from pathlib import Path

import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

import figure_headlines as headlines
import figure_style as style
import plot_figures
from conftest import ROOT
from figure_headlines import Estimate
from figure_registry import REGISTRY, Marts
from settings import UserError

EXPOSURES = ROOT / "models" / "marts" / "exposures.yml"
SCRIPT = [sys.executable, str(ROOT / "scripts" / "plot_figures.py")]
HOSTILE = (
    "<script>alert(1)</script> $x^2$ 100% \\frac{1}{2} \n\x07\u202e second line",
    "The Very Reverend Saint Bartholomew-on-the-Hill Memorial University Teaching Hospital " * 3,
    "W" * 200,
    "医院 🏥 $5",
    "   ",
)


def exposures(kind: str = "analysis") -> dict[str, set[str]]:
    """What depends on which marts; `analysis` are the figures, `dashboard` the report."""
    content = yaml.safe_load(EXPOSURES.read_text())["exposures"]
    content = [exposure for exposure in content if exposure["type"] == kind]
    for exposure in content:
        assert exposure["owner"]["email"] == "maintainers@example.org"
        assert len(exposure["description"]) > 40
    return {
        exposure["name"]: {
            re.fullmatch(r"ref\('(\w+)'\)", ref).group(1) for ref in exposure["depends_on"]
        }
        for exposure in content
    }


def pages(database: Path, *names: str) -> dict[str, tuple[style.Page, set[str]]]:
    """Draw figures without saving them: the page and the marts it read."""
    drawn = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        for name in names or REGISTRY:
            style.reset(name)
            marts = Marts(connection)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Glyph .* missing from font")
                drawn[name] = (REGISTRY[name].draw(marts), marts.read)
    return drawn


def changed(database: Path, folder: Path, *statements: str, values: tuple = ()) -> Path:
    """A copy of a database after some statements."""
    copy = folder / "changed.duckdb"
    shutil.copy(database, copy)
    copy.chmod(0o644)
    with duckdb.connect(str(copy)) as connection:
        for statement, value in zip(statements, values or [None] * len(statements), strict=True):
            connection.execute(statement, value)
    return copy


def text_boxes(page: style.Page):
    """Every visible text of a page with its box in pixels."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        canvas = FigureCanvasAgg(page.figure)
        canvas.draw()
        for ax in page.figure.axes:
            # an axis that is switched off keeps its labels but does not draw them
            ticks = [*ax.get_xticklabels(), *ax.get_yticklabels()] if ax.axison else []
            for text in [*ax.texts, *ticks]:
                if text.get_text().strip() and text.get_visible():
                    yield text.get_text(), text.get_window_extent(canvas.get_renderer())


def assert_fits(page: style.Page) -> None:
    """Nothing leaves the figure, and no two texts lie on each other."""
    width, height = page.figure.canvas.get_width_height()
    boxes = list(text_boxes(page))
    for words, box in boxes:
        assert box.x0 >= 0 and box.x1 <= width, (page.figure_id, words, box)
        assert box.y0 >= 0 and box.y1 <= height, (page.figure_id, words, box)
    for (one, a), (other, b) in combinations(boxes, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        down = min(a.y1, b.y1) - max(a.y0, b.y0)
        # the box of a line holds its ascenders and descenders: a third may overlap unseen
        overlap = across > 2 and down > min(a.height, b.height) / 3
        assert not overlap, (page.figure_id, one, other)


@pytest.fixture(scope="module")
def drawn(demo_figures) -> Path:
    """The folder of a run as a user would start it, in a process of its own."""
    assert len(list(demo_figures.glob("*.png"))) == len(REGISTRY)
    return demo_figures


@pytest.fixture(scope="module")
def demo_pages(demo_warehouse):
    return pages(demo_warehouse)


def test_every_figure_is_an_exposure_and_every_exposure_a_figure():
    assert exposures() == {f"figure_{name}": set(f.marts) for name, f in REGISTRY.items()}


def test_pictures_of_the_readme_are_current(drawn):
    pictures = sorted((ROOT / "docs" / "images").glob("*.png"))
    pictures = [picture for picture in pictures if picture.name != "report.png"]  # a screenshot
    assert len(pictures) == 4
    for picture in pictures:
        # where they differ: make, then copy the file from figures/ to docs/images/
        assert picture.read_bytes() == (drawn / picture.name).read_bytes(), picture.name


def test_figures_read_the_marts_that_they_name(demo_pages):
    for name, (page, read) in demo_pages.items():
        assert read == {f"marts.{mart}" for mart in REGISTRY[name].marts}
        assert page.mart == REGISTRY[name].marts[0]
        assert page.figure_id == REGISTRY[name].figure_id


def test_the_same_marts_give_the_same_bytes(drawn, demo_warehouse, tmp_path):
    """Whatever the hash seed and whatever matplotlib settings the user has."""
    (tmp_path / "matplotlibrc").write_text(
        "lines.antialiased: False\nfont.size: 30\nsvg.hashsalt: x\naxes.axisbelow: line\n"
    )
    again = tmp_path / "again"
    done = subprocess.run(
        [*SCRIPT, "--database", demo_warehouse, "--output", again],
        check=False,
        env=os.environ | {"PYTHONHASHSEED": "2", "MATPLOTLIBRC": str(tmp_path)},
    )
    assert done.returncode == 0
    names = sorted(path.name for path in drawn.iterdir())
    assert names == sorted(path.name for path in again.iterdir())
    assert len(names) == 2 * len(REGISTRY) + 2  # and the manifest, and the lock
    for name in names:
        assert (drawn / name).read_bytes() == (again / name).read_bytes(), name


def test_manifest(drawn, demo_warehouse):
    text = (drawn / "manifest.json").read_text()
    figures = json.loads(text)["figures"]
    assert [figure["name"] for figure in figures] == sorted(REGISTRY)
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    with duckdb.connect(str(demo_warehouse), read_only=True) as connection:
        last = {
            fact: connection.execute(query).fetchone()[0]
            for fact, query in {
                "fct_appointments": "select max(appointment_date) from marts.fct_appointments"
                " where outcome <> 'future'",
                "fct_episodes": "select max(episode_date) from marts.fct_episodes"
                " where not is_future",
                "fct_cancer_cases": "select max(diagnosis_date) from marts.fct_cancer_cases"
                " where not is_future",
                "fct_team_survey_responses": "select max(survey_date)"
                " from marts.fct_team_survey_responses where not is_future",
            }.items()
        }
    for figure in figures:
        registered = REGISTRY[figure["name"]]
        assert figure["figure_id"] == registered.figure_id
        assert figure["marts"] == sorted(registered.marts)
        assert figure["source_mart"] == registered.marts[0]
        facts = last.keys() & set(registered.marts)
        assert figure["data_to"] == max(last[fact] for fact in facts).isoformat()
        assert figure["n"] > 0 and figure["headline"]
        assert figure["alt"].startswith(figure["headline"]) and len(figure["alt"]) > 60
        assert [file["file"] for file in figure["files"]] == [
            f"{figure['name']}.{suffix}" for suffix in ("png", "svg")
        ]
        for file in figure["files"]:
            content = (drawn / file["file"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == file["sha256"]


def test_files_hold_no_clock_and_have_the_size_of_the_house(drawn):
    for path in drawn.glob("*.png"):
        content = path.read_bytes()
        assert int.from_bytes(content[16:20], "big") == 1800
        assert b"tIME" not in content and b"Software" not in content
        assert (
            round(int.from_bytes(content[content.index(b"pHYs") + 4 :][:4], "big") / 39.37) == 200
        )
    for path in drawn.glob("*.svg"):
        text = path.read_text()
        assert "<dc:date>" not in text and "Matplotlib v" not in text
        assert "http" not in re.sub(r'"https?://(www\.w3\.org|purl\.org|creativecommons)', "", text)


def test_demo_figures_fit(demo_pages):
    for page, _ in demo_pages.values():
        assert_fits(page)
        assert not page.is_empty


def test_demo_headlines_find_the_planted_effects(demo_pages):
    """The demo data hold these effects (tests/data/demo_truths.json); the figures find them."""
    found = {name: page.headline for name, (page, _) in demo_pages.items()}
    assert found["no_shows_by_lead_time"].startswith("No-shows rise with lead time")
    assert found["doctor_caseload"].startswith("One of 40 doctors has more")
    assert found["demand_by_weekday_hour"].startswith("Monday from 9:00 is the busiest hour")
    assert found["no_shows_monthly"].startswith("No-shows fell")


def test_public_data_are_drawn_without_findings_that_they_do_not_hold(public_build):
    """Two hundred appointments of three branches: nothing here is more than chance."""
    found = pages(public_build.private)
    for page, _ in found.values():
        assert_fits(page)
    assert found["branch_activity"][0].headline == "Appointments due by branch"
    assert found["doctor_caseload"][0].headline.endswith("consistent with chance")
    assert found["treatment_cost_total_mean"][0].headline.startswith("Cost of treatments by type")
    lead_time = found["no_shows_by_lead_time"][0]
    assert lead_time.is_empty and "booked_at is not in the extract" in lead_time.alt


def test_hostile_and_long_names_fit(demo_warehouse, tmp_path):
    facility_ids = [
        row[0]
        for row in duckdb.connect(str(demo_warehouse), read_only=True)
        .execute(
            "select facility_id from marts.kpi_facility_activity"
            " where facility_id not in ('all', 'unknown') order by 1"
        )
        .fetchall()
    ]
    assert len(facility_ids) == len(HOSTILE)
    database = changed(
        demo_warehouse,
        tmp_path,
        *["update marts.dim_facilities set name = ? where facility_id = ?"] * len(HOSTILE),
        "update marts.dim_doctors set name = ?",
        "update marts.kpi_treatment_costs set treatment_type = ? where treatment_type = 'Dialysis'",
        "update marts.kpi_cost_histogram set treatment_type = ? where treatment_type = 'Dialysis'",
        "update marts.kpi_no_shows_by_segment set value = ? where value = '43+ days'",
        values=(
            *zip(HOSTILE, facility_ids, strict=True),
            (HOSTILE[0] + HOSTILE[1],),
            (HOSTILE[0] + HOSTILE[1],),
            (HOSTILE[0] + HOSTILE[1],),
            (HOSTILE[3],),
        ),
    )
    output = tmp_path / "figures"
    names = [
        "branch_activity",
        "doctor_caseload",
        "treatment_cost_total_mean",
        "treatment_cost_distribution",
    ]
    for page, _ in pages(database, *names).values():
        assert_fits(page)
    plot_figures.draw(database, output, ["branch_activity"])
    svg = (output / "branch_activity.svg").read_text()
    assert "<script" not in svg and "alert(1)" in svg  # in title and description, as text


def test_an_empty_database_says_why(demo_warehouse, tmp_path):
    with duckdb.connect(str(demo_warehouse), read_only=True) as connection:
        tables = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts'"
        ).fetchall()
    database = changed(demo_warehouse, tmp_path, *[f"delete from marts.{t}" for (t,) in tables])
    for name, (page, read) in pages(database).items():
        assert page.is_empty and page.n == 0, name
        assert page.data_to is None
        assert any(words.startswith("No data: ") for words, _ in text_boxes(page)), name
        assert not re.search(r"\d", page.headline), name  # neutral: there is nothing to count
        assert read == {f"marts.{mart}" for mart in REGISTRY[name].marts}
        assert_fits(page)
    plot_figures.draw(database, tmp_path / "figures", sorted(REGISTRY))
    entries = json.loads((tmp_path / "figures" / "manifest.json").read_text())["figures"]
    assert {entry["data_to"] for entry in entries} == {None}


def test_counts_below_the_minimum_are_not_shown_as_shares(demo_warehouse, tmp_path):
    database = changed(
        demo_warehouse,
        tmp_path,
        # a new table, because the constraints of the mart forbid such a row
        "create or replace table marts.kpi_facility_activity as "
        "select * replace (9 as due, 5 as attended, 2 as no_shows, 2 as cancelled) "
        "from marts.kpi_facility_activity where facility_id = 'all'",
    )
    for name in ("appointment_outcomes", "branch_activity"):
        page, _ = pages(database, name)[name]
        assert page.is_empty, name


def run(*arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*SCRIPT, *map(str, arguments)], capture_output=True, text=True, check=False
    )


def assert_one_line(done: subprocess.CompletedProcess, *parts: str) -> None:
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("wardhouse: "), done.stderr
    for part in parts:
        assert part in done.stderr, done.stderr


def test_a_missing_file_is_one_line(tmp_path):
    done = run("--database", tmp_path / "none.duckdb", "--output", tmp_path / "figures")
    assert_one_line(done, "none.duckdb", "run `make warehouse`")
    assert not (tmp_path / "figures").exists()


def test_a_half_file_is_one_line(demo_warehouse, tmp_path):
    half = tmp_path / "half.duckdb"
    content = demo_warehouse.read_bytes()
    half.write_bytes(content[: len(content) // 2])
    done = run("--database", half, "--output", tmp_path / "figures")
    assert_one_line(done, "not a complete published database", "half.duckdb", "`make warehouse`")
    assert not (tmp_path / "figures").exists()


def test_a_locked_file_is_one_line(demo_warehouse, tmp_path):
    locked = shutil.copy(demo_warehouse, tmp_path / "busy.duckdb")
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True);"
            "sys.stdin.read()",
            str(locked),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "open\n"
        done = run("--database", locked, "--output", tmp_path / "figures")
    finally:
        holder.communicate("")
    assert_one_line(done, "open for writing", "busy.duckdb", "`make warehouse`")


@pytest.mark.parametrize("content", [b"", b"not a database"])
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / "other.duckdb").write_bytes(content)
    with pytest.raises(UserError, match=r"^not a complete published database .*`make warehouse`$"):
        plot_figures.main(["--database", str(tmp_path / "other.duckdb")])


def test_a_missing_mart_is_refused_and_nothing_is_written(demo_warehouse, tmp_path):
    database = changed(demo_warehouse, tmp_path, "drop table marts.kpi_treatment_costs")
    with pytest.raises(UserError, match="kpi_treatment_costs.*`make warehouse`") as error:
        plot_figures.main(["--database", str(database), "--output", str(tmp_path / "figures")])
    assert "\n" not in str(error.value)
    assert not (tmp_path / "figures").exists()


def test_a_folder_that_cannot_be_written_is_one_line(demo_warehouse, tmp_path):
    (tmp_path / "figures").write_text("a file, not a folder")
    with pytest.raises(UserError, match="cannot be written"):
        plot_figures.main(
            ["--only", "appointment_outcomes", "--database", str(demo_warehouse)]
            + ["--output", str(tmp_path / "figures")]
        )


def test_list_names_every_figure(capsys):
    assert plot_figures.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(REGISTRY)
    assert [line.split()[0] for line in lines] == sorted(f.figure_id for f in REGISTRY.values())


def test_only_replaces_one_figure_and_keeps_the_others(drawn, demo_warehouse, tmp_path):
    folder = tmp_path / "figures"
    shutil.copytree(drawn, folder)
    before = (folder / "manifest.json").read_bytes()
    (folder / "doctor_caseload.png").write_bytes(b"damaged")
    arguments = ["--database", str(demo_warehouse), "--output", str(folder)]
    assert plot_figures.main(["--only", "doctor_caseload", *arguments]) == 0
    assert (folder / "manifest.json").read_bytes() == before
    for path in drawn.iterdir():
        assert (folder / path.name).read_bytes() == path.read_bytes()
    with pytest.raises(UserError, match="no figure has this name, none;"):
        plot_figures.main(["--only", "none", *arguments])


def test_files_of_a_figure_that_no_longer_exists_are_removed(demo_warehouse, tmp_path):
    folder = tmp_path / "figures"
    folder.mkdir()
    (tmp_path / "outside.png").write_bytes(b"not ours")
    for name in ("gone.png", "mine.png"):
        (folder / name).write_bytes(b"old")
    old = [{"name": "gone", "files": [{"file": "gone.png"}, {"file": "../outside.png"}]}]
    (folder / "manifest.json").write_text(json.dumps({"figures": old}))
    plot_figures.draw(demo_warehouse, folder, ["appointment_outcomes"])
    names = {path.name for path in folder.iterdir()}
    assert names == {"appointment_outcomes.png", "appointment_outcomes.svg"} | {
        "manifest.json",
        "mine.png",
        plot_figures.LOCK_NAME,
    }
    assert (tmp_path / "outside.png").exists()


def test_figures_are_drawn_without_the_font_of_the_house(monkeypatch, demo_warehouse):
    monkeypatch.setattr(style, "_font_files", list)
    style.font_family.cache_clear()
    style._font.cache_clear()
    try:
        with pytest.warns(UserWarning, match="font-source-sans-pro"):
            page, _ = pages(demo_warehouse, "appointment_outcomes")["appointment_outcomes"]
        assert_fits(page)
    finally:
        style.font_family.cache_clear()
        style._font.cache_clear()


# Headlines: a finding with data that hold it, and with data that do not


def estimate(low: float, high: float, n: int = 500, name: str = "A", text: str = "") -> Estimate:
    return Estimate(name, low, high, n, text or f"{(low + high) / 2:.0f}%")


A, B, C = estimate(28, 32, name="A"), estimate(20, 24, name="B"), estimate(10, 14, name="C")
NEAR_A = estimate(26, 30, name="B")
FEW = estimate(80, 99, n=9, name="few")


@pytest.mark.parametrize(
    ("estimates", "highest", "lowest"),
    [
        ([A, B, C], "A", "C"),
        ([A, NEAR_A, C], None, "C"),
        ([A, B, estimate(22, 25)], "A", None),
        ([A], None, None),  # the only one is not the highest of several
        ([], None, None),
        ([A, B, FEW], "A", "B"),  # too few to count, however high
        ([A, Estimate("B", None, None, 500)], None, None),
        ([estimate(20, 24), estimate(24, 28)], None, None),  # touching intervals overlap
    ],
)
def test_clearly_highest_and_lowest(estimates, highest, lowest):
    found = headlines.clearly_highest(estimates), headlines.clearly_lowest(estimates)
    assert tuple(one and one.name for one in found) == (highest, lowest)


def test_headline_appointment_outcomes():
    attended = estimate(78, 80)
    missed, cancelled = estimate(6, 8), estimate(10, 12)
    make = headlines.appointment_outcomes
    assert make(attended, missed, cancelled) == (
        "79% of appointments due were attended; more were cancelled (11%) than missed (7%)"
    )
    assert "more were missed (11%) than cancelled (7%)" in make(attended, cancelled, missed)
    near = estimate(7, 11)
    assert make(attended, missed, near) == "79% of appointments due were attended"
    assert make(estimate(78, 80, n=9), missed, cancelled) == "Outcomes of the appointments due"


def test_headline_no_shows_monthly():
    earlier, later = estimate(8, 10, text="9.0%"), estimate(5, 7, text="6.0%")
    make = headlines.no_shows_monthly
    assert make("8.0%", earlier, later, (-4, -2)) == (
        "No-shows fell from 9.0% to 6.0% of appointments, year on year"
    )
    assert "rose from 6.0% to 9.0%" in make("8.0%", later, earlier, (2, 4))
    plain = "No-shows were 8.0% of appointments attended or missed"
    assert make("8.0%", earlier, later, (-4, 0.5)).startswith(plain + ", without clear change")
    assert make("8.0%", earlier, later, None) == plain  # less than two years
    assert make("8.0%", estimate(8, 10, n=9), later, (-4, -2)) == plain
    assert make(None, earlier, later, (-4, -2)) == "No-show rate by month"


def test_headline_no_shows_by_lead_time():
    make = headlines.no_shows_by_lead_time
    low, middle, high = (
        estimate(4, 6, name="the same day"),
        estimate(5, 7, name="1–7 days ahead"),
        estimate(18, 22, name="43+ days ahead"),
    )
    neutral = "No-show rate by how long ahead the appointment was booked"
    assert make([low, middle, high]) == (
        "No-shows rise with lead time: 5% booked the same day, 20% booked 43+ days ahead"
    )
    assert make([high, middle, low]).startswith("No-shows fall with lead time")
    assert make([low, estimate(30, 34), high]) == neutral  # highest in the middle: not a rise
    assert make([low, middle]) == neutral
    assert make([low, FEW]) == neutral
    assert make([high]) == make([]) == neutral


def test_headline_demand():
    make = headlines.demand_by_weekday_hour
    busiest = estimate(3.7, 4.3, name="Monday from 9:00", text="4.0")
    other = estimate(2.5, 3.3, name="Monday from 10:00")
    monday = estimate(17, 18.4, name="Monday", text="17.7")
    tuesday = estimate(15.8, 16.9, name="Tuesday")
    assert make([busiest, other], [monday, tuesday]).startswith("Monday from 9:00 is the busiest")
    near = estimate(3.6, 4.2, name="Tuesday from 9:00")
    assert make([busiest, near], [monday, tuesday]).startswith("Monday is the busiest day")
    assert make([busiest, near], [monday, estimate(16.5, 18)]) == "Appointments by weekday and hour"


def test_headline_branch_activity():
    make = headlines.branch_activity
    assert make([A, B], [A, B]) == "A has the most appointments, in all and per doctor"
    assert make([A, B], [B, A, estimate(50, 60, name="C")]) == (
        "A has the most appointments (30%); C has the most per doctor"
    )
    assert make([A, B], [A, NEAR_A]) == "A has the most appointments: 30% of those due"
    assert make([A, NEAR_A], [A, B]) == "A has the most appointments per doctor"
    assert make([A, NEAR_A], [A, NEAR_A]) == "Appointments due by branch"
    assert make([A], [A]) == "Appointments due by branch"
    long = make([estimate(28, 32, name="x" * 500), B], [A, NEAR_A])
    assert len(long) < 110 and "…" in long


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((40, 1, 0, 235, 1e-9), "One of 40 doctors has more appointments than chance alone"),
        ((40, 2, 0, 235, 1e-9), "Two of 40 doctors have more appointments than chance alone"),
        ((40, 0, 1, 235, 1e-9), "One of 40 doctors has fewer appointments than chance alone"),
        ((40, 1, 2, 235, 1e-9), "One of 40 doctors has more appointments than chance alone "),
        ((400, 12, 0, 235, 1e-9), "12 of 400 doctors have more"),
        ((40, 0, 0, 235, 0.4), "Doctors’ caseloads within each branch are consistent with chance"),
        ((40, 0, 0, 235, 0.01), "Caseloads vary more than chance explains, though no single"),
        # one of 500 lies outside 99.8 % by chance: the test of equal caseloads has to agree
        ((500, 1, 0, 235, 0.4), "Appointments per doctor, by branch"),
        ((40, 1, 0, 6, 1e-9), "Appointments per doctor, by branch"),  # too few appointments
        ((0, 0, 0, None, None), "Appointments per doctor, by branch"),
        ((40, 0, 0, 235, None), "Appointments per doctor, by branch"),
    ],
)
def test_headline_doctor_caseload(arguments, expected):
    assert headlines.doctor_caseload(*arguments).startswith(expected)


def test_headlines_treatment_costs():
    total = headlines.treatment_cost_total_mean
    assert total([A, B], [B, A]) == "A costs most, in all and per treatment"
    assert total([A, B], [estimate(50, 60, name="C"), A]) == (
        "A costs most in all; C costs most per treatment"
    )
    assert total([A, B], [A, NEAR_A]) == "A costs most in all: 30% of the cost of treatments"
    assert total([A, NEAR_A], [A, B]) == "A costs most per treatment: 30% on average"
    neutral = "Cost of treatments by type, in all and per treatment"
    assert total([A, NEAR_A], [A, NEAR_A]) == total([], []) == neutral
    median = headlines.treatment_cost_distribution
    assert median([A, B, C]) == "A has the highest median cost (30%), C the lowest (12%)"
    assert median([A, B, estimate(21, 23)]) == "A has the highest median cost: 30%"
    assert median([A, NEAR_A, C]) == "C has the lowest median cost: 12%"
    assert median([A, NEAR_A]) == "How the cost of a treatment is distributed, by type"


def test_headlines_payments_and_collections():
    make = headlines.payment_methods
    assert make([A, B, C], "85%") == (
        "A is the most used payment method (30%); 85% of bills are paid"
    )
    assert make([A, NEAR_A], "85%") == "No payment method clearly leads; 85% of bills are paid"
    assert make([A, NEAR_A], None) == "No payment method clearly leads"
    assert make([A], "85%") == "How bills are paid, and what became of them"
    collected = headlines.collections_monthly
    assert (
        collected(9371, "84%", "$532,036") == "84% of the amount billed is paid; $532,036 is open"
    )
    assert collected(9, "84%", "$5") == "Billed, paid and open amounts by month"
    assert collected(20, None, None) == "Billed, paid and open amounts by month"


def test_headline_patients():
    make = headlines.patients_gender_age
    female, male = estimate(54, 57, name="female", text="55%"), estimate(42, 45, name="male")
    assert make([female, male], 3995) == "More patients are female than of any other gender: 55%"
    near = estimate(48, 55, name="male")
    assert make([female, near], 50) == "No gender clearly outnumbers the others among 50 patients"
    assert make([female], 20) == make([], 0) == "Patients by age and gender"


# The style


def test_words_can_be_read_on_every_class_of_the_heat_map():
    for colour in (style.HEAT(i) for i in range(style.HEAT.N)):
        assert style.contrast(style.text_on(colour), colour[:3]) >= 4.5, colour


def test_colours_can_be_told_from_the_page():
    for colour in (style.NAVY, style.TEAL, style.PLUM, style.HIGH, style.LOW, style.COMMON):
        assert style.contrast(colour, "white") >= 3, colour
    for colour in (style.INK, style.GREY, style.TEAL_TEXT, style.HIGH, style.LOW, style.NAVY):
        assert style.contrast(colour, "white") >= 4.5, colour


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.floats(0.3, 3))
def test_text_is_cut_to_its_room(text, room):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        line = style.ellipsis(text, room)
        assert line.isprintable() and style.text_width(line) <= room + 0.02
        for part in style.wrap(text, room, lines=2):
            assert style.text_width(part) <= room + 0.02
        assert len(style.wrap(text, room, lines=2)) <= 2


def test_clean_leaves_one_visible_line():
    assert style.clean("a\n b\t\x00\u202ec") == "a b c"
    assert style.clean(None) == style.clean(" \u200b ") == "(no name)"
    assert style.clean("50% of $5 é 医") == "50% of $5 é 医"


def test_labels_are_moved_apart_but_stay_in_order():
    assert style.spread([1.0, 5.0], 1) == [1.0, 5.0]
    assert style.spread([2.0, 2.0], 1) == [1.5, 2.5]
    placed = style.spread([3.0, 1.0, 1.1, 1.2], 0.5)
    ordered = sorted(placed)
    assert all(b - a >= 0.5 - 1e-9 for a, b in zip(ordered, ordered[1:], strict=False))
    assert placed[1] < placed[2] < placed[3] <= placed[0]


@pytest.mark.parametrize("count", [1, 2, 5, 12, 24, 36, 60, 120, 400])
def test_month_labels_have_room(count):
    months = [date(2000 + (6 + i) // 12, (6 + i) % 12 + 1, 1) for i in range(count)]
    places, labels = style.month_ticks(months)
    assert 1 <= len(places) == len(labels) <= 17 and places == sorted(set(places))
    assert "2000" in labels[0] or count > 36
    assert min((b - a for a, b in zip(places, places[1:], strict=False)), default=9) >= count / 25


def test_periods_in_words():
    assert style.period_text(date(2023, 7, 1), date(2026, 6, 30)) == "Jul 2023 to Jun 2026"
    assert style.period_text(date(2023, 7, 1), date(2023, 7, 9)) == "Jul 2023"
    assert style.period_text(None, None) == ""
    assert style.day_text(date(2026, 6, 3)) == "3 Jun 2026"
