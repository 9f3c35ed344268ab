"""Stays, emergency visits and beds: hand-made cases as a raw folder, and marts against the rows.

The cases have known answers. The demo marts are compared with what the engine's own functions say
of the same rows, without buckets, tallies and running sums.
"""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from conftest import VECTORS, WITHOUT_TESTS, Build, run_dbt, vector_rows

COLUMNS = [
    "patient_id",
    "date",
    "year",
    "month",
    "quarter",
    "facility",
    "department",
    "treatment_type",
    "patient_age",
    "patient_gender",
    "length_of_stay",
    "treatment_cost",
    "treatment_success",
    "patient_satisfaction",
    "readmission_30d",
    "insurance_type",
    "episode_id",
    "admitted_at",
    "discharged_at",
    "leave_days",
    "triage_category",
    "arrived_at",
    "seen_at",
    "departed_at",
    "visit_end_status",
]
MODELS = [
    "+kpi_length_of_stay",
    "+kpi_emergency_monthly",
    "+kpi_emergency_demand",
    "+kpi_bed_occupancy_daily",
    "+kpi_patient_volume_monthly",
]


def cases(name: str) -> list[dict[str, str]]:
    return vector_rows(f"cases_{name}")


def summary(name: str) -> dict:
    return json.loads((VECTORS / "cases_expected_summary.json").read_text())[name]


def write(path: Path, columns: list[str], rows: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def episode(key: str, day: str, facility: str, department: str, **others: str) -> dict:
    """A raw episode; the cost tells it apart downstream, where its number is hashed."""
    return {
        "episode_id": key,
        "patient_id": f"P-{key}",
        "date": day,
        "year": day[:4],
        "month": str(int(day[5:7])),
        "quarter": f"Q{(int(day[5:7]) + 2) // 3}",
        "facility": facility,
        "department": department,
        "treatment_type": "Care",
        **others,
    }


def number(text: str) -> float | None:
    return float(text) if text else None


@pytest.fixture(scope="module")
def care(tmp_path_factory) -> Build:
    """All cases in one raw folder: stays, visits (each at a hospital of its own) and a ward."""
    folder = tmp_path_factory.mktemp("cases_care")
    raw = folder / "raw" / "care_episodes"
    stays = [
        episode(
            case["case_id"],
            case["admission_date"],
            "Stay Hospital",
            "Surgery",
            treatment_cost=str(i),
            admitted_at=f"{case['admission_date']} 10:00",
            discharged_at=case["separation_date"] and f"{case['separation_date']} 14:00",
            leave_days=case["leave_days"],
        )
        for i, case in enumerate(cases("los"))
    ]
    visits = [
        episode(
            case["ed_id"],
            case["presented_at"][:10],
            f"Visit {case['ed_id']}",
            "Emergency",
            triage_category=case["triage"].removesuffix(".0"),
            arrived_at=case["presented_at"],
            seen_at=case["clinical_care_at"],
            departed_at=case["departed_at"],
            visit_end_status=case["end_status"],
        )
        for case in cases("ed")
    ]
    ward = [
        episode(
            case["episode_id"],
            case["admit_at"][:10],
            "Census Hospital",
            "Ward",
            admitted_at=case["admit_at"],
            discharged_at=case["separate_at"],
        )
        for case in cases("census_input")
    ]
    write(raw / "episodes.csv", COLUMNS, stays + visits + ward)
    write(
        raw / "available_beds.csv",
        ["facility", "department", "date", "beds"],
        [
            {
                "facility": "Census Hospital",
                "department": "Ward",
                "date": case["census_date"],
                "beds": case["available_beds"],
            }
            for case in cases("census_expected")
        ],
    )
    (raw.parent / "wardhouse.yml").write_text("as_of_date: 2024-08-02\n")
    build = run_dbt(folder, "build", *WITHOUT_TESTS, "-s", *MODELS, raw_dir=raw.parent)
    assert build.returncode == 0, build.output[-3000:]
    return build


def test_lengths_of_stay(care):
    rows = care.records(
        "select * from fct_episodes where facility_id = 'care_episodes.stay_hospital' order by cost"
    )
    for case, row in zip(cases("los"), rows, strict=True):
        assert row["length_of_stay_aihw_days"] == number(case["los_aihw"]), case
        assert row["length_of_stay_nights"] == number(case["los_nhs_spell"]), case
        assert row["length_of_stay_nights"] == number(case["midnights"]), case
        # CMS: nights, but a same-day stay is 1
        nights = row["length_of_stay_nights"]
        assert (nights or row["is_same_day"] and 1) == number(case["los_cms"]), case
        assert row["is_separation"] == bool(case["los_aihw"]), case


def test_lengths_of_stay_add_up(care):
    wanted = [case for case in cases("los") if case["los_aihw"]]
    for facility in ("care_episodes.stay_hospital", "all"):
        (row,) = care.records(
            "select cast(sum(separations) as bigint) as separations,"
            " cast(sum(stays_measured) as bigint) as measured,"
            " cast(sum(total_days) as bigint) as days,"
            " cast(sum(same_day_separations) as bigint) as same_day"
            f" from kpi_length_of_stay where facility_id = '{facility}'"
            " and department_id = 'surgery'"
        )
        assert row == {
            "separations": len(wanted),
            "measured": len(wanted),
            "days": sum(int(float(case["los_aihw"])) for case in wanted),
            "same_day": sum(case["midnights"] == "0.0" for case in wanted),
        }
    # of 1, 1 and 2 days, the first without a night
    (march,) = care.records(
        "select * from kpi_length_of_stay where facility_id = 'care_episodes.stay_hospital'"
        " and department_id = 'all' and month = '2024-03-01'"
    )
    assert [march["separations"], march["mean_days"], march["median_days"]] == [3, 4 / 3, 1.0]
    assert [march["mean_nights"], march["overnight_mean_days"]] == [1.0, 1.5]


def test_emergency_visits(care):
    """Every visit is judged as expected; its hospital's marts are about this one visit."""
    columns = {
        "in_seen_on_time_denominator": "seen_on_time_denominator",
        "seen_on_time": "seen_on_time",
        "in_4h_denominator": "departures_measured",
        "within_4h": "within_four_hours",
        "did_not_wait": "did_not_wait",
        "ed_over_24h": "over_24_hours",
    }
    for case in cases("ed"):
        where = f"facility_id = 'care_episodes.visit_{case['ed_id']}'"
        (row,) = care.records(f"select * from fct_episodes where {where}")
        wait = number(case["wait_min"])
        assert row["wait_minutes"] == (None if wait is None or wait < 0 else wait), case
        assert row["emergency_stay_minutes"] == number(case["ed_los_min"]), case
        months = care.records(
            f"select * from kpi_emergency_monthly where {where} and triage_category = 'all'"
        )
        for theirs, ours in columns.items():
            assert sum(month[ours] for month in months) == int(case[theirs]), (case, ours)
        july = [month for month in months if month["month"] == date(2024, 7, 1)]
        departed_in_july = sum(month["departures_measured"] for month in july)
        assert departed_in_july == int(case["in_july_4h_by_departure"]), case


def test_emergency_rates(care):
    wanted = summary("ed")
    months = {
        row["month"]: row
        for row in care.records(
            "select * from kpi_emergency_monthly"
            " where facility_id = 'all' and triage_category = 'all'"
        )
    }
    july = months[date(2024, 7, 1)]
    assert july["departures_measured"] == wanted["july_4h_denominator"]
    assert july["within_four_hours"] == wanted["july_4h_numerator"]
    assert july["within_four_hours_rate"] == 8 / 11
    assert [months[date(2024, m, 1)]["visits"] for m in (6, 7, 8)] == [1, 11, 0]

    def total(column: str) -> int:
        return sum(row[column] for row in months.values())

    assert total("seen_on_time_denominator") == wanted["seen_on_time_denominator"]
    assert total("seen_on_time") == wanted["seen_on_time_numerator"]
    assert total("did_not_wait") / total("did_not_wait_denominator") == pytest.approx(
        wanted["did_not_wait_rate"], abs=1e-12
    )
    by_triage = care.query(
        "select triage_category, cast(sum(visits) as bigint) from kpi_emergency_monthly"
        " where facility_id = 'all' group by triage_category"
    )
    assert dict(by_triage) == {"1": 2, "2": 1, "3": 3, "4": 3, "5": 2, "unknown": 1, "all": 12}


def test_emergency_demand(care):
    hours = dict(
        care.query(
            "select hour, arrivals from kpi_emergency_demand"
            " where facility_id = 'all' and weekday = 'all'"
        )
    )
    assert len(hours) == 24 and {h: n for h, n in hours.items() if n} == {10: 10, 22: 2}
    (monday,) = care.query(
        "select arrivals from kpi_emergency_demand"
        " where facility_id = 'all' and weekday = 'Monday' and hour = 10"
    )
    assert monday == (9,)  # the tenth came on Friday 5 July


def test_midnight_census(care):
    wanted = summary("census")
    rows = {
        str(row["census_date"]): row
        for row in care.records(
            "select * from kpi_bed_occupancy_daily"
            " where facility_id = 'care_episodes.census_hospital' and department_id = 'all'"
        )
    }
    expected = cases("census_expected")
    for case in expected:
        row = rows[case["census_date"]]
        assert row["occupied_at_midnight"] == int(case["occupied_at_midnight"]), case
        assert row["available_beds"] == int(case["available_beds"]), case
        assert row["occupancy_rate"] == float(case["occupancy"]), case
        assert row["same_day_only"] == int(case["same_day_only"]), case
    days = [rows[case["census_date"]] for case in expected]
    assert sum(row["occupied_at_midnight"] for row in days) == wanted["occupied_bed_days"]
    assert sum(row["available_beds"] for row in days) == wanted["available_bed_days"]
    # nobody before the first admission; the open stay is long from its 21st day, 24 July, on
    assert all(row["occupied_at_midnight"] == 0 for day, row in rows.items() if day < "2024-06-28")
    assert [rows[f"2024-07-{d}"]["long_stays"] for d in (23, 24, 31)] == [0, 1, 1]
    assert rows["2024-07-05"]["occupancy_rate"] is None  # its beds are not in the extract
    assert max(rows) == "2024-08-01"


def test_summaries_agree_with_the_rows(demo_build):
    """Means, spreads, medians and their bounds by department, straight from the rows."""
    rows = demo_build.records(
        """
        with ranked as (
            select *,
                row_number() over (partition by department_id order by cost, episode_key) as rank,
                count(cost) over (partition by department_id) as n
            from fct_episodes where not is_future
        )
        select ours.*, wanted.*
        from kpi_department_activity as ours
        join (
            select department_id as id, count(*) as w_episodes, sum(cost) as w_total_cost,
                avg(cast(cost as double)) as w_mean_cost,
                stddev_samp(cast(cost as double)) / sqrt(count(cost)) as standard_error,
                quantile_cont(cast(cost as double), 0.5) as w_median_cost,
                max(case when rank = greatest(round(n / 2.0 - 0.979982 * sqrt(n)), 1)
                    then cost end) as w_median_cost_low,
                max(case when rank = least(round(1 + n / 2.0 + 0.979982 * sqrt(n)), n)
                    then cost end) as w_median_cost_high,
                avg(cast(satisfaction_score as double)) as w_mean_satisfaction,
                stddev_samp(cast(satisfaction_score as double)) as w_sd_satisfaction,
                avg(case when is_readmitted_30d then 1.0 when not is_readmitted_30d then 0 end)
                    as w_readmission_rate,
                avg(case when is_success then 1.0 when not is_success then 0 end)
                    as w_success_rate,
                avg(length_of_stay_recorded) as w_mean_length_of_stay_recorded,
                avg(length_of_stay_days) as w_mean_length_of_stay_days,
                avg(case when is_separation then length_of_stay_aihw_days end)
                    as w_mean_length_of_stay_aihw_days
            from ranked group by department_id
        ) as wanted on wanted.id = ours.department_id
        """
    )
    assert len(rows) > 8
    for row in rows:
        for name, value in row.items():
            if name.startswith("w_"):
                ours = row[name.removeprefix("w_")]
                assert (ours is None) == (value is None), (row["id"], name)
                if value is not None:
                    assert float(ours) == pytest.approx(float(value), abs=2e-9), (row["id"], name)
        if row["costs_known"] > 200:  # from there Student's t is within 1 % of 1.96
            half = (row["mean_cost_high"] - row["mean_cost_low"]) / 2
            assert half == pytest.approx(1.96 * row["standard_error"], rel=0.01), row["id"]


def test_beds_agree_with_exploded_stays(demo_build):
    """The running sums give what spreading every stay over its days gives."""
    wrong = demo_build.query(
        """
        with stays as (
            select facility_id, department_id, cast(admitted_at as date) as first_day,
                coalesce(separation_date, date '2100-01-01') as last_day
            from fct_episodes
            where admitted_at is not null and not is_future
                and (discharged_at is not null or disposition = 'unknown')
        ),
        wanted as (
            select ours.facility_id, ours.department_id, ours.census_date,
                count(case when last_day > census_date then 1 end) as occupied,
                count(case when last_day = first_day then first_day end) as same_day,
                count(case when last_day > census_date and census_date - first_day >= 21
                    then 1 end) as long_stays
            from kpi_bed_occupancy_daily as ours
            left join stays
                on (ours.facility_id in (stays.facility_id, 'all'))
                and (ours.department_id in (stays.department_id, 'all'))
                and stays.first_day <= ours.census_date
                and (stays.last_day > ours.census_date or stays.first_day = ours.census_date)
            group by all
        )
        select count(*), sum(occupied), count(case when
            occupied != occupied_at_midnight or same_day != same_day_only
            or wanted.long_stays != ours.long_stays then 1 end)
        from kpi_bed_occupancy_daily as ours
        join wanted using (facility_id, department_id, census_date)
        """
    )
    ((compared, occupied, differing),) = wrong
    assert compared > 10_000 and occupied > 1_000
    assert differing == 0


def test_emergency_minutes_agree_with_the_rows(demo_build):
    rows = demo_build.records(
        """
        select ours.*, wanted.*
        from kpi_emergency_monthly as ours
        join (
            select date_trunc('month', coalesce(arrived_at, episode_date)) as in_month,
                count(*) as w_visits, count(wait) as w_waits_measured,
                quantile_cont(wait, 0.5) as w_median_wait_minutes,
                quantile_cont(wait, 0.9) as w_p90_wait_minutes,
                quantile_cont(wait, 0.95) as w_p95_wait_minutes
            from (
                select *, case when visit_end_status not in ('did_not_wait', 'dead_on_arrival')
                    then wait_minutes end as wait
                from fct_episodes where is_emergency_visit and not is_future
            )
            group by in_month
        ) as wanted on wanted.in_month = ours.month
        where ours.facility_id = 'all' and ours.triage_category = 'all'
        """
    )
    assert len(rows) > 12
    for row in rows:
        for name, value in row.items():
            if name.startswith("w_"):
                assert row[name.removeprefix("w_")] == pytest.approx(value, abs=1e-9), name


def test_network_ratio_is_one(demo_build):
    """The network's expected deaths are its own, in every month's sum and over the period."""
    ((deaths, expected, ratio),) = demo_build.query(
        "select deaths, expected_deaths, observed_to_expected from kpi_mortality_overall"
        " where facility_id = 'all' and department_id = 'all'"
    )
    assert deaths > 20
    assert expected == pytest.approx(deaths, abs=1e-6) and ratio == pytest.approx(1, abs=1e-9)
    assert demo_build.query(
        "select abs(sum(expected_deaths) - max(total)) < 1e-6 from kpi_mortality"
        " cross join (select expected_deaths as total from kpi_mortality_overall"
        " where facility_id = 'all' and department_id = 'all')"
        " where facility_id = 'all' and department_id = 'all'"
    ) == [(True,)]
