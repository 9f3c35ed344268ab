"""The public care episodes through the same models give every published figure."""

from __future__ import annotations

import csv

import pytest

from conftest import ROOT, shared_folder

# column of the expected files, ours, tolerance of the file's rounding
FIGURES = [
    ("patients", "episodes", 0),
    ("total_cost", "total_cost", 0.01),
    ("avg_cost", "mean_cost", 1e-4),
    ("median_cost", "median_cost", 0.01),
    ("avg_satisfaction", "mean_satisfaction", 1e-4),
    ("sd_satisfaction", "sd_satisfaction", 1e-4),
    ("readmissions", "readmissions_recorded", 0),
    ("readmission_pct", "readmission_recorded_rate", 1e-4),
    ("success_pct", "success_rate", 1e-4),
    ("avg_los", "mean_length_of_stay_recorded", 1e-4),
]


def expected(name: str) -> list[dict[str, str]]:
    path = shared_folder("data") / "expected" / f"care_episodes_{name}.csv"
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def slug(text: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in text.lower())


def agree(row: dict, line: dict[str, str]) -> None:
    """Every figure of an expected line is in our row, to the file's own rounding."""
    compared = [figure for figure in FIGURES if figure[0] in line]
    assert len(compared) >= len(line) - 2  # all but the name (and the snapshot days)
    for theirs, ours, tolerance in compared:
        value = float(row[ours]) * (100 if theirs.endswith("_pct") else 1)
        assert value == pytest.approx(float(line[theirs]), abs=tolerance, rel=0), (line, ours)


@pytest.fixture(scope="module")
def segments(public_care_build) -> dict[tuple[str, str], dict]:
    rows = public_care_build.records("select * from kpi_episodes_by_segment")
    return {(row["dimension"], row["value"]): row for row in rows}


@pytest.fixture(scope="module")
def ids(public_care_build) -> dict[tuple[str, str], str]:
    """Our ids of the departments and facilities by the names in the files."""
    return {
        (thing, name): key
        for thing, dimension in (("department", "dim_departments"), ("facility", "dim_facilities"))
        for name, key in public_care_build.query(
            f"select source_name, {thing}_id from reference.{thing}_aliases"
            " where source_system = 'care_episodes'"
            f" union all select name, {thing}_id from {dimension}"
        )
    }


def test_totals(segments):
    (line,) = expected("totals")
    agree(segments["all", "all"], line)


@pytest.mark.parametrize("dimension", ["department", "facility"])
def test_places(segments, ids, dimension):
    lines = expected(dimension)
    assert len([key for key in segments if key[0] == dimension]) == len(lines)
    for line in lines:
        agree(segments[dimension, ids[dimension, line[dimension]]], line)


@pytest.mark.parametrize(
    ("name", "dimension"),
    [
        ("gender", "gender"),
        ("insurance", "insurance_type"),
        ("treatment_type", "treatment_type"),
    ],
)
def test_groups(segments, name, dimension):
    ours = {slug(key[1]): row for key, row in segments.items() if key[0] == dimension}
    lines = expected(name)
    assert ours.keys() == {slug(line[name]) for line in lines}
    for line in lines:
        agree(ours[slug(line[name])], line)


def test_months(segments):
    lines = expected("month")
    assert len([key for key in segments if key[0] == "month"]) == len(lines)
    for line in lines:
        agree(segments["month", f"{line['month']}-01"], line)


def test_department_activity(public_care_build, ids):
    rows = {
        row["department_id"]: row | {"readmission_recorded_rate": row["readmission_rate"]}
        for row in public_care_build.records("select * from kpi_department_activity")
    }
    lines = expected("department")
    assert len(rows) == len(lines) + 1  # and `all`
    for line in lines:
        agree(rows[ids["department", line["department"]]], line)
    (total,) = expected("totals")
    agree(rows["all"], total)


def test_satisfaction_heat_map(public_care_build, ids):
    rows = {
        (row["department_id"], row["facility_id"]): row
        for row in public_care_build.records("select * from kpi_satisfaction_overall")
    }
    lines = expected("satisfaction_heatmap")
    for line in lines:
        row = rows[ids["department", line["department"]], ids["facility", line["facility"]]]
        assert row["responses"] == int(line["n"]), line
        assert row["mean_score"] == pytest.approx(float(line["avg_satisfaction"]), abs=1e-4), line
    assert len([key for key in rows if "all" not in key]) == len(lines)


def test_volumes_stay_whole(public_care_build, ids):
    """Months have their snapshots; departments and facilities add up to the same totals."""
    rows = public_care_build.records("select * from kpi_patient_volume_monthly")
    months = {
        f"{r['month']:%Y-%m}": r
        for r in rows
        if r["facility_id"] == "all" and r["department_id"] == "all"
    }
    lines = expected("month")
    assert months.keys() == {line["month"] for line in lines}
    for line in lines:
        row = months[line["month"]]
        assert row["episodes"] == int(line["patients"])
        assert row["observation_days"] == int(line["snapshot_days"])
        assert row["episodes_per_observation_day"] == pytest.approx(
            int(line["patients"]) / int(line["snapshot_days"]), abs=1e-9
        )
    for dimension in ("department", "facility"):
        other = "facility" if dimension == "department" else "department"
        for line in expected(dimension):
            key = ids[dimension, line[dimension]]
            own = [r for r in rows if r[f"{dimension}_id"] == key and r[f"{other}_id"] == "all"]
            assert len(own) == len(lines)  # no month is missing
            assert sum(r["episodes"] for r in own) == int(line["patients"])


def test_what_the_files_do_not_say_is_empty(public_care_build):
    """Without times, dispositions and triage there is no figure, and no error either."""
    (stays,) = public_care_build.records(
        "select sum(separations) as separations, sum(stays_measured) as measured,"
        " count(mean_days) as means, count(same_day_share) as shares,"
        " sum(stays_recorded) as recorded, count(mean_recorded_days) as recorded_means"
        " from kpi_length_of_stay where facility_id = 'all' and department_id = 'all'"
    )
    assert [stays[c] for c in ("separations", "measured", "means", "shares")] == [110762, 0, 0, 0]
    assert [stays["recorded"], stays["recorded_means"]] == [110762, len(expected("month"))]
    assert public_care_build.query(
        "select separations, separations_with_disposition, mortality_rate, observed_to_expected"
        " from kpi_mortality_overall where facility_id = 'all' and department_id = 'all'"
    ) == [(110762, 0, None, None)]
    assert public_care_build.query(
        "select sum(visits), sum(departures), count(seen_on_time_rate), count(admitted_share)"
        " from kpi_emergency_monthly where facility_id = 'all' and triage_category = 'all'"
    ) == [(47125, 0, 0, 0)]
    assert public_care_build.query("select count(*) from kpi_emergency_demand") == [(0,)]
    assert public_care_build.query("select count(*) from kpi_bed_occupancy_daily") == [(0,)]


def test_impossible_ages_are_repairs(public_care_build):
    """7,119 ages over 110 become unknown: their episodes stay in every volume."""
    assert public_care_build.query(
        "select count(*) from dq_repairs where source_table = 'episodes'"
        " and column_name = 'patient_age' and reason = 'out_of_range'"
    ) == [(7119,)]


def test_readmissions_as_recorded(public_care_build, ids):
    rows = {
        (row["department_id"], row["facility_id"]): row
        for row in public_care_build.records(
            "select * from kpi_readmissions_overall where definition = 'as_recorded'"
        )
    }
    (total,) = expected("totals")
    assert rows["all", "all"]["readmissions"] == int(total["readmissions"])
    for dimension in ("department", "facility"):
        for line in expected(dimension):
            key = ids[dimension, line[dimension]]
            row = rows[(key, "all") if dimension == "department" else ("all", key)]
            assert 100 * row["readmission_rate"] == pytest.approx(
                float(line["readmission_pct"]), abs=5.1e-5
            )
    # without admission times there are no stays to follow
    assert (
        public_care_build.query(
            "select definition, sum(index_stays) from kpi_readmissions_overall"
            " where definition <> 'as_recorded' group by definition"
        )
        == []
    )


def test_every_row_is_accepted_and_only_ages_are_repaired(public_care_build):
    assert public_care_build.query(
        "select raw_rows, accepted_rows, rejected_rows, superseded_rows, difference"
        " from dq_reconciliation where source_system = 'care_episodes' and raw_rows > 0"
    ) == [(110762, 110762, 0, 0, 0)]
    assert public_care_build.query(
        "select source_system, column_name, reason, count(*) from dq_repairs group by all"
    ) == [("care_episodes", "patient_age", "out_of_range", 7119)]


def test_systems_that_are_missing_leave_empty_marts(public_care_build):
    marts = [
        path.stem
        for folder in ("appointments", "workforce", "teams")
        for path in sorted((ROOT / "models" / "marts" / folder).glob("*.sql"))
    ]
    finance = ["fct_treatments", "fct_bills", "kpi_payment_mix", "kpi_collections_monthly"]
    for mart in [*marts, *finance, "kpi_accounts_receivable"]:
        assert public_care_build.query(f"select count(*) from {mart}") == [(0,)], mart
