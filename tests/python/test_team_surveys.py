"""Team surveys: hand-made cases and trusted tools' numbers through the models' own SQL."""

from __future__ import annotations

import json
from datetime import date

import pytest
from scipy import stats

from conftest import ROOT, run_model, vector_rows
from vector_report import apart, report

WAVE = "2024-03-04"
ITEMS = range(1, 8)


def away(actual: float, wanted: float | str) -> float:
    return apart(actual, wanted, abs(actual - float(wanted)))


def summary() -> dict:
    path = ROOT / "tests" / "data" / "vectors" / "cases_expected_summary.json"
    return json.loads(path.read_text())["psych_safety"]


def measured(build, answers: list[dict]) -> tuple[list[dict], list[dict], list[dict]]:
    """Teams, waves and the mart of answers."""
    teams = run_model(build, "int_survey_teams_measured", {"int_survey_answers": answers})
    waves = run_model(
        build,
        "int_survey_waves_measured",
        {"int_survey_teams_measured": teams, "int_survey_answers": answers},
    )
    mart = run_model(
        build,
        "kpi_team_psychological_safety",
        {"int_survey_teams_measured": teams, "int_survey_waves_measured": waves},
    )
    return teams, waves, mart


@pytest.fixture(scope="module")
def cases(demo_build):
    """The cases as staged answers, through every model after staging."""
    staged = [
        {
            "row_status": "accepted",
            "row_number": number,
            "facility_id": "north",
            "department_id": r["team"],
            "survey_date": WAVE,
            **{f"item_{i}": float(r[f"q{i}"]) if r[f"q{i}"] else None for i in ITEMS},
        }
        for number, r in enumerate(vector_rows("cases_psych_safety"))
    ]
    answers = run_model(demo_build, "int_survey_answers", {"stg_team_surveys__responses": staged})
    return answers, *measured(demo_build, answers)


def test_scores_of_respondents(cases, record_property):
    answers = {r["row_number"]: r for r in cases[0]}
    differences = []
    for number, wanted in enumerate(vector_rows("cases_psych_safety")):
        row = answers[number]
        assert row["items_answered"] == int(wanted["n_answered"])
        if int(wanted["n_answered"]) < 5:
            assert row["score"] is None
        else:
            differences.append(away(row["score"], wanted["score"]))
    assert len(differences) == summary()["n"]
    assert report(record_property, "cases_psych_safety", differences) < 1e-12


def test_teams(cases, record_property):
    teams = {r["department_id"]: r for r in cases[1]}
    shown = {r["department_id"]: r for r in cases[3]}
    differences = []
    for wanted in vector_rows("cases_psych_safety_team"):
        team, row = teams[wanted["team"]], shown[wanted["team"]]
        assert team["respondents"] == row["respondents"] == int(wanted["n"])
        for ours, theirs in {
            "mean_score": "mean",
            "sd_score": "sd",
            "mean_item_variance": "mean_item_variance",
            "rwg": "rwg_j",
        }.items():
            differences.append(away(team[ours], wanted[theirs]))
        assert row["is_reportable"] == (wanted["reportable_min5"] == "1")
        if row["is_reportable"]:
            assert (row["mean_score"], row["rwg"]) == (team["mean_score"], team["rwg"])
            interval = stats.t.interval(
                0.95,
                row["respondents"] - 1,
                row["mean_score"],
                row["sd_score"] / row["respondents"] ** 0.5,
            )
            assert (row["mean_score_low"], row["mean_score_high"]) == pytest.approx(interval)
            assert row["is_agreed"]
        else:
            hidden = ("mean_score", "mean_score_low", "mean_score_high", "sd_score", "rwg")
            assert all(row[name] is None for name in (*hidden, "is_agreed", "without_score"))
    assert report(record_property, "cases_psych_safety_team", differences) < 1e-12


def test_agreement_of_the_wave(cases, record_property):
    wanted = summary()
    (wave,) = cases[2]
    assert wave["teams_compared"] == wanted["teams"]
    assert wave["respondents_compared"] == wanted["n"]
    differences = [
        abs(wave["icc1"] - wanted["icc1_n0"]),
        abs(wave["icc2"] - wanted["icc2"]),
        abs(wave["f_statistic"] - wanted["F"]),
        abs(wave["f_p_value"] - stats.f.sf(wanted["F"], 2, 11)),
    ]
    assert report(record_property, "psych_safety summary", differences) < 1e-12
    # the same on every row of the wave, also on that of a team that is not shown
    assert {(r["icc1"], r["icc2"]) for r in cases[3]} == {(wave["icc1"], wave["icc2"])}


def test_intraclass_correlation(demo_build, record_property):
    """Shrout and Fleiss 1979: a judge is a respondent, a subject a team."""
    answers = [
        {
            "facility_id": "north",
            "department_id": r["subject"],
            "survey_wave": WAVE,
            "is_future": False,
            "score_units": 210 * int(r[judge]),
        }
        for r in vector_rows("icc_shrout_fleiss_input")
        for judge in ("J1", "J2", "J3", "J4")
    ]
    _, (wave,), _ = measured(demo_build, answers)
    wanted = {r["type"]: r for r in vector_rows("icc_shrout_fleiss_results")}
    differences = [
        away(wave["icc1"], wanted["ICC1"]["ICC"]),
        away(wave["icc2"], wanted["ICC1k"]["ICC"]),
        away(wave["f_statistic"], wanted["ICC1"]["F"]),
        away(wave["f_p_value"], wanted["ICC1"]["p"]),
    ]
    assert report(record_property, "icc_shrout_fleiss", differences) < 1e-10


def test_consistency_of_the_scale(demo_build, record_property):
    answers = [
        {
            "facility_id": "north",
            "department_id": "a",
            "survey_wave": WAVE,
            "is_future": False,
            "items_answered": 7,
            **{f"value_{i}": int(value) for i, value in enumerate(r.values(), start=1)},
        }
        for r in vector_rows("cronbach_attitude_input")
    ]
    _, (wave,), _ = measured(demo_build, answers)
    (wanted,) = vector_rows("cronbach_attitude_results")
    assert wave["complete_responses"] == int(wanted["n"])
    difference = away(wave["cronbach_alpha"], wanted["raw_alpha"])
    assert report(record_property, "cronbach_attitude", [difference]) < 1e-10


def test_planted_teams(demo_build):
    """Three waves; one department low everywhere, one of two opinions; the small teams hidden."""
    truths = json.loads((ROOT / "tests" / "data" / "demo_truths.json").read_text())["team_surveys"]
    planted = truths["psychological_safety"]
    rows = demo_build.records(
        "select * from kpi_team_psychological_safety"
        " where facility_id != 'unknown' and department_id != 'unknown'"
    )
    waves = {date.fromisoformat(day) for day in truths["waves"]}
    assert {r["survey_wave"] for r in rows} == waves
    for wave in waves:
        teams = [r for r in rows if r["survey_wave"] == wave]
        assert len(teams) == truths["teams"]
        hidden = [r for r in teams if not r["is_reportable"]]
        assert len(hidden) == truths["teams_below_five_respondents"]
        shown = [r for r in teams if r["is_reportable"]]
        low = [r for r in shown if r["department_id"] == planted["low_department"].lower()]
        split = [r for r in shown if r["department_id"] == planted["split_department"].lower()]
        rest = [r for r in shown if r not in low and r not in split]
        assert max(r["mean_score"] for r in low) < min(r["mean_score"] for r in rest)
        assert all(r["is_agreed"] for r in low + rest)
        assert low and split and not any(r["is_agreed"] for r in split)
        spread = planted["spread_of_teams"]
        mean = sum(r["mean_score"] for r in low) / len(low)
        assert mean == pytest.approx(planted["low_level"], abs=3 * spread)
        assert shown[0]["icc1"] > 0.1 and shown[0]["f_p_value"] < 0.001
        assert shown[0]["cronbach_alpha"] > 0.8
        print(f"{wave}: low {mean:.2f}, icc1 {shown[0]['icc1']:.3f}, icc2 {shown[0]['icc2']:.3f}")


def test_answers_are_not_published(demo_warehouse):
    """No column of the published database holds the answer to an item."""
    import duckdb

    with duckdb.connect(str(demo_warehouse), read_only=True) as connection:
        columns = connection.execute(
            "select table_name, column_name from information_schema.columns"
        ).fetchall()
    assert ("fct_team_survey_responses", "score") in columns
    leaks = [c for c in columns if c[1].startswith(("item_", "value_")) and c[1][-1].isdigit()]
    assert leaks == []
