"""Branches and doctors, patients and money in the report: numbers as the marts have them, and no
finding or comparison that the numbers do not support."""

from __future__ import annotations

import random

import duckdb
import pytest

import report_content
from conftest import ROOT

SEED = 20260701
SCRIPTS = ("format", "statistics", "cubes", "compute", "headlines")
# doctors of the test's own in a cube of its own, worked out by the page's scripts
WORK_OUT = """
    for (const [facility, doctor] of rows) {
        data.doctors[doctor] = {facilities: [facility], departments: []};
    }
    const columns = {due: {kind: 'measure', data: Float64Array.from(rows.map(row => row[3]))}};
    ['facility_id', 'doctor_id', 'period'].forEach((column, i) => {
        const values = [...new Set(rows.map(row => row[i]))].sort();
        const codes = Uint16Array.from(rows.map(row => values.indexOf(row[i])));
        columns[column] = {kind: 'dimension', has_total: false, values, data: codes};
    });
    cubes.loaded.own = {rows: rows.length, additive: true, without: {}, columns};
    const chart = {...data.charts.find(each => each.id === 'doctor-caseload'), cube: 'own'};
    compute.start(data);
    const made = compute.rows(chart, {}, null).rows;
    return [made, headlines[chart.headline](made, chart)];
"""
ROWS = "id => window.wardhouse.rows(id)"


@pytest.fixture
def marts(demo_warehouse):
    with duckdb.connect(str(demo_warehouse), read_only=True) as connection:
        yield lambda sql: connection.execute(sql).fetchall()


def keyed(rows: list[dict]) -> dict:
    return {row["key"]: row for row in rows}


# --- caseload ------------------------------------------------------------------------------------


def test_caseloads_are_judged_as_the_mart_judges_them(report, marts):
    rows = keyed(report.page.evaluate(ROWS, "doctor-caseload"))
    wanted = marts("select doctor_id, due, chance_low, chance_high, position from "
                   "marts.kpi_doctor_caseload where due > 0")  # fmt: skip
    assert set(rows) == {doctor for doctor, *_ in wanted}
    for doctor, due, low, high, position in wanted:
        row = rows[doctor]
        assert row["value"] == due
        assert position.startswith(row["against"].split(":")[0]), doctor
        if position != "not compared":
            assert (row["low"], row["high"]) == (pytest.approx(low), pytest.approx(high))
    assert {row["side"] for row in rows.values()} > {"within", "above"}


def caseloads(page, rows: list[tuple], **settings: float) -> tuple[dict, str | None]:
    """What the page makes of doctors of the test's own: rows and headline."""
    sources = "\n".join((ROOT / f"scripts/report/{name}.js").read_text() for name in SCRIPTS)
    page_data = page.evaluate("JSON.parse(document.getElementById('page-data').textContent)")
    page_data |= settings
    found, headline = page.evaluate(
        f"([data, rows]) => {{ {sources} {WORK_OUT} }}", [page_data, rows]
    )
    return keyed(found), headline


MONTHS = [f"2025-{month:02}" for month in range(1, 13)]


def doctors(**loads: tuple[str, list[int]]) -> list[tuple]:
    """Rows of doctors: facility and appointments by month, from January on; 0: no row."""
    return [
        (facility, doctor, month, due)
        for doctor, (facility, counts) in loads.items()
        for month, due in zip(MONTHS, counts, strict=False)
        if due
    ]


def test_equal_caseloads_are_no_finding(report):
    """Counts that chance scatters so, and two branches of which one is busier altogether."""
    rows, headline = caseloads(
        report.page,
        doctors(a=("north", [10] * 12), b=("north", [11] * 12), c=("north", [9] * 12),
                d=("south", [40] * 12), e=("south", [41] * 12)),
    )  # fmt: skip
    assert {row["side"] for row in rows.values()} == {"within"}
    assert headline == "All 5 doctors compared have caseloads within the range that chance allows"


def test_a_caseload_that_chance_does_not_give_is_counted(report):
    rows, headline = caseloads(
        report.page,
        doctors(a=("north", [10] * 12), b=("north", [11] * 12), c=("north", [30] * 12)),
    )
    assert {name: row["side"] for name, row in rows.items()} == {
        "a": "within", "b": "within", "c": "above",
    }  # fmt: skip
    assert headline == (
        "Caseload outside the range that chance allows: C (360, above); 1 of 3 doctors compared"
    )


def test_who_came_late_is_not_compared(report):
    """A third of the appointments in a third of the year: no finding, and no part of the median."""
    rows, headline = caseloads(
        report.page,
        doctors(a=("north", [10] * 12), b=("north", [11] * 12), c=("north", [10] * 4),
                d=("north", [12] * 12), e=("south", [50] * 12)),
    )  # fmt: skip
    assert rows["c"]["side"] == "none" and rows["c"]["low"] is None
    assert rows["c"]["against"].startswith("not compared")
    # the only one of a branch has nobody to be compared with
    assert rows["e"]["side"] == "none"
    assert headline.startswith("All 3 doctors compared")
    _, headline = caseloads(report.page, doctors(a=("north", [10] * 12), b=("north", [90] * 12)))
    assert headline is None, "two doctors are no distribution"


def test_who_is_compared_is_as_the_settings_of_the_publish_say(report, marts):
    """`full_period_share` may be set otherwise: the page takes the one that the marts went by."""
    whole, late = ("north", [10] * 12), ("north", [10] * 4)
    found = doctors(a=whole, b=whole, c=late)
    for share, side in ((0.75, "none"), (0.3, "below")):
        rows, _ = caseloads(report.page, found, full_period_share=share)
        assert rows["c"]["side"] == side
    ((share,),) = marts("select distinct full_period_share from marts.kpi_caseload_balance")
    page_data = report.page.evaluate("JSON.parse(document.getElementById('page-data').textContent)")
    assert page_data["full_period_share"] == share
    note = report.page.locator("#chart-doctor-caseload .note").text_content()
    assert f"under {report_content.part_of_period(share)} of the period" in note


def test_a_setting_reaches_the_page():
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.kpi_caseload_balance (full_period_share double)")
        assert connection.execute(report_content.FULL_PERIOD).fetchone() == (None,)
        connection.execute("insert into marts.kpi_caseload_balance values (0.6), (0.6)")
        (share,) = connection.execute(report_content.FULL_PERIOD).fetchone()
    assert report_content.part_of_period(share) == "60%"
    assert report_content.part_of_period(None) == "most"


# --- money ---------------------------------------------------------------------------------------


def test_costs_and_bills_of_any_selection_are_those_of_the_marts(report, marts):
    generator = random.Random(SEED)
    facilities = [name for (name,) in marts(
        "select distinct facility_id from marts.report_bills where facility_id <> 'unknown'"
        " order by 1")]  # fmt: skip
    months = [name for (name,) in marts(
        "select distinct strftime(month, '%Y-%m') from marts.report_bills order by 1")]  # fmt: skip
    for _ in range(4):
        facility = generator.choice(["", *facilities])
        first, last = sorted(generator.sample(months, 2))
        report.set_filters(facility=facility, **{"from": first, "to": last})
        report.page.evaluate("window.wardhouse.settled()")
        where = f"strftime(month, '%Y-%m') between '{first}' and '{last}'" + (
            f" and facility_id = '{facility}'" if facility else "")  # fmt: skip
        costs = marts(f"""select treatment_type, sum(costs_known), sum(total_cost),
            sum(total_cost) / nullif(sum(costs_known), 0)
            from marts.report_treatments where {where} group by 1""")
        means = keyed(report.page.evaluate(ROWS, "treatment-mean-cost"))
        totals = keyed(report.page.evaluate(ROWS, "treatment-total-cost"))
        assert set(means) == set(totals) == {treatment for treatment, *_ in costs}
        for treatment, n, total, mean in costs:
            assert totals[treatment]["value"] == pytest.approx(float(total))
            assert means[treatment]["n"] == totals[treatment]["n"] == n
            if n >= 10:
                assert means[treatment]["value"] == pytest.approx(float(mean))
            else:
                assert means[treatment]["value"] is None
        paid, billed, bills = marts(f"""select sum(paid_amount), sum(billed_amount),
            sum(bills_with_amount) from marts.report_bills where {where}""")[0]
        tile = report.page.evaluate("window.wardhouse.tiles().collection")
        assert tile["value"] == pytest.approx(float(paid / billed)) and tile["n"] == bills
        assert tile["low"] is None, "a share of dollars has no interval of counts"
        monthly = report.page.evaluate(ROWS, "collection-rate-monthly")
        assert sum(row["n"] for row in monthly) == bills


def test_medians_are_those_of_the_mart_and_of_nothing_narrower(report, marts):
    medians = {
        (facility, treatment): median
        for facility, treatment, median in marts(
            "select facility_id, treatment_type, median_cost from marts.report_cost_medians"
            " where source_system = 'hospital_ops' and n >= 10")
    }  # fmt: skip
    facility = next(facility for facility, _ in medians if facility not in ("all", "unknown"))
    for chosen in ("", facility):
        report.set_filters(facility=chosen)
        report.page.evaluate("window.wardhouse.settled()")
        found = {
            row["key"]: row["value"]
            for row in report.page.evaluate(ROWS, "treatment-median-cost")
            if row["value"] is not None
        }
        assert found == {
            treatment: pytest.approx(float(median))
            for (at, treatment), median in medians.items()
            if at == (chosen or "all") and treatment != "all"
        }
    # of a part of the time there is no median: the chart says so, and compares nothing
    report.set_filters(**{"from": "2025-07", "to": "2025-12", "compare": "year"})
    report.page.evaluate("window.wardhouse.settled()")
    rows = report.page.evaluate(ROWS, "treatment-median-cost")
    assert all(row.get("compare") is None for row in rows)
    remarks = report.page.locator("#chart-treatment-median-cost .remarks").inner_text()
    assert "Not filtered by period" in remarks and "diamond" not in remarks
    # where costs do have months, the comparison is there
    assert any(
        row.get("compare") is not None for row in report.page.evaluate(ROWS, "treatment-total-cost")
    )


def test_each_means_of_payment_is_a_whole(report):
    rows = report.page.evaluate(ROWS, "payment-status")
    for method in {row["key"] for row in rows}:
        parts = [row for row in rows if row["key"] == method]
        assert sum(row["num"] for row in parts) == parts[0]["den"]


# --- patients ------------------------------------------------------------------------------------


def test_patients_are_counted_once_and_never_added_up(report, marts):
    wanted = dict(marts("""select source_system, sum(patients) from marts.kpi_patient_demographics
        where dimension = 'gender' group by 1"""))  # fmt: skip
    tiles = report.page.evaluate("window.wardhouse.tiles()")
    for system, patients in wanted.items():
        assert tiles[f"patients-{system.replace('_', '-')}"]["value"] == patients
    for row in report.page.evaluate(ROWS, "patients-by-gender"):
        assert row["den"] == wanted[row["key"]]
    for chart in ("patients-by-insurance", "patients-by-region"):
        rows = report.page.evaluate(ROWS, chart)
        for system in {row["second"] for row in rows}:
            shares = [row["value"] for row in rows if row["second"] == system]
            assert sum(shares) == pytest.approx(1), "of the patients of its own source"
        assert "n =" not in report.page.locator(f"#chart-{chart} .subtitle").inner_text()
    # patients of two facilities would count twice among "the others": there is no such number
    (facility,) = marts("""select min(facility_id) from marts.report_patients
        where source_system = 'hospital_ops' and facility_id not in ('all', 'unknown')""")[0]
    report.set_filters(facility=facility, compare="others")
    report.page.evaluate("window.wardhouse.settled()")
    assert all(
        row.get("compare") is None for row in report.page.evaluate(ROWS, "patients-by-gender")
    )
    said = report.page.locator("#tile-patients-hospital-ops .compared").inner_text()
    assert said.startswith("No comparison")


def test_first_attendances_are_of_known_patients(report, marts):
    first, known = marts("""select sum(first_attendances), sum(attended_by_known)
        from marts.report_appointments""")[0]  # fmt: skip
    tile = report.page.evaluate("window.wardhouse.tiles()['first-attendances']")
    assert (tile["num"], tile["den"]) == (first, known)
    words = report.page.locator("#tile-first-attendances").inner_text()
    assert "in these data" in words and "new patients" not in words.lower()
