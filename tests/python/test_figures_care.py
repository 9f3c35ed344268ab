"""Figures of care episodes: what they say of data that hold a finding and of data that do not."""

from __future__ import annotations

import re

import pytest

import figure_headlines_care as headlines
from figure_headlines_care import Ratio
from figure_registry import REGISTRY
from test_figures import (
    FEW,
    HOSTILE,
    NEAR_A,
    A,
    B,
    C,
    assert_fits,
    changed,
    estimate,
    pages,
    text_boxes,
)

NAMES = (
    "patient_volume_monthly",
    "department_activity",
    "emergency_by_hour",
    "icu_costs_monthly",
    "episode_costs_by_treatment",
    "insurance_types",
    "care_patients_gender_age",
)


def drawn(database, name):
    """One figure that fits, and all its words."""
    page, _ = pages(database, name)[name]
    assert_fits(page)
    return page, " ".join(words for words, _ in text_boxes(page))


def test_demo_headlines_find_the_planted_effects(demo_warehouse):
    found = {name: page.headline for name, (page, _) in pages(demo_warehouse, *NAMES).items()}
    assert found["icu_costs_monthly"].startswith("Intensive care episodes in winter typically cost")
    assert "ICU has the highest median cost" in found["department_activity"]
    assert found["emergency_by_hour"].endswith(
        "of emergency patients arrive between 8:00 and 20:00"
    )
    assert found["episode_costs_by_treatment"].startswith("Intensive Care has the highest median")
    assert "without clear change" in found["patient_volume_monthly"]


def test_hostile_and_long_names_fit(demo_warehouse, tmp_path):
    database = changed(
        demo_warehouse,
        tmp_path,
        "update marts.dim_departments set name = ? where department_id = 'emergency'",
        "update marts.dim_departments set name = ? where department_id = 'icu'",
        "update marts.dim_departments set name = ? where department_id = 'surgery'",
        "update marts.kpi_insurance_mix set insurance_type = ? where insurance_type = 'Public'",
        "update marts.kpi_insurance_mix set insurance_type = ? where insurance_type = 'Private'",
        *[
            f"update marts.{table} set treatment_type = ? where treatment_type = 'Surgery'"
            for table in ("kpi_treatment_costs", "kpi_cost_histogram")
        ],
        values=tuple((HOSTILE[i],) for i in (0, 1, 2, 1, 0, 1, 1)),
    )
    for name in ("department_activity", "insurance_types", "episode_costs_by_treatment"):
        page, _ = drawn(database, name)
        assert len(page.headline) < 200


# Volume


def test_a_lone_date_before_the_data_does_not_stretch_the_volume(demo_warehouse, tmp_path):
    database = changed(
        demo_warehouse,
        tmp_path,
        "create or replace table marts.kpi_patient_volume_monthly as"
        " select * from marts.kpi_patient_volume_monthly union all by name"
        " select 'all' as facility_id, 'all' as department_id, date '1990-03-01' as month,"
        " 1 as episodes, 1 as distinct_patients",
    )
    page, words = drawn(database, "patient_volume_monthly")
    before, _ = drawn(demo_warehouse, "patient_volume_monthly")
    assert "1990" not in words and page.n == before.n and page.headline == before.headline


def test_a_month_without_data_is_a_gap(demo_warehouse, tmp_path):
    column = "episodes_per_observation_day"
    database = changed(
        demo_warehouse,
        tmp_path,
        "create or replace table marts.kpi_patient_volume_monthly as select * replace ("
        "case when month <> date '2025-01-01' then observation_days else 0 end as observation_days,"
        + ",".join(
            f"case when month <> date '2025-01-01' then {c} end as {c}"
            for c in (column, f"{column}_low", f"{column}_high")
        )
        + ") from marts.kpi_patient_volume_monthly",
    )
    page, words = drawn(database, "patient_volume_monthly")
    assert not page.is_empty and "(0 to 31 a month)" in words
    assert "Last 12 months" not in words  # eleven pairs are no year against a year


def test_volume_finds_a_real_change(demo_warehouse, tmp_path):
    column = "episodes_per_observation_day"
    database = changed(
        demo_warehouse,
        tmp_path,
        "create or replace table marts.kpi_patient_volume_monthly as select * replace ("
        + ",".join(
            f"case when month >= date '2025-07-01' then 2 * {c} else {c} end as {c}"
            for c in (column, f"{column}_low", f"{column}_high")
        )
        + ") from marts.kpi_patient_volume_monthly",
    )
    page, _ = drawn(database, "patient_volume_monthly")
    assert re.fullmatch(r"Care episodes per day rose \d+% year on year", page.headline)


def test_headline_patient_volume():
    make = headlines.patient_volume_monthly
    assert make("5.2", Ratio(1.02, 1.09, 500, "5%")) == "Care episodes per day rose 5% year on year"
    assert "fell 5%" in make("5.2", Ratio(0.92, 0.98, 500, "5%"))
    unclear = "Care episodes averaged 5.2 per day with data, without clear change year on year"
    assert make("5.2", Ratio(0.99, 1.09, 500, "5%")) == unclear
    assert make("5.2", Ratio(1, 1.09, 500, "5%")) == unclear  # touching no change is no change
    plain = "Care episodes averaged 5.2 per day with data"
    assert make("5.2", None) == make("5.2", Ratio(1.1, 1.3, 9, "20%")) == plain
    assert make("5.2", Ratio(None, None, 500, "5%")) == plain
    assert make(None, Ratio(1.1, 1.3, 500, "20%")) == "Care episodes per day with data, by month"


# Departments


def test_departments_below_the_minimum_are_counted_and_not_drawn(demo_warehouse, tmp_path):
    database = changed(
        demo_warehouse,
        tmp_path,
        "create or replace table marts.kpi_department_activity as select * replace ("
        "case department_id when 'icu' then 9 else episodes end as episodes,"
        "case when department_id in ('icu', 'oncology') then 9 else costs_known end as costs_known)"
        " from marts.kpi_department_activity where department_id in ('all', 'icu', 'oncology',"
        " 'emergency', 'surgery')",
    )
    page, words = drawn(database, "department_activity")
    assert "ICU" not in words and "Not shown, with fewer than 10 episodes: 1 department." in words
    assert words.count("n below 10") == 1  # the median cost of oncology
    assert "Surgery has the highest median cost" in page.headline


def test_headline_department_activity():
    make = headlines.department_activity
    assert make([A, B], [B, A, estimate(50, 60, name="C", text="$55")]) == (
        "A has the most episodes (30%); C has the highest median cost ($55)"
    )
    assert make([A, B], [A, B]) == "A has the most episodes and the highest median cost"
    assert make([A, B], [A, NEAR_A]) == "A has the most episodes: 30% of all"
    assert make([A, NEAR_A], [A, C]) == "A has the highest median cost of an episode: 30%"
    assert make([A, NEAR_A], [A, NEAR_A]) == make([], []) == "Care episodes by department"
    assert make([FEW, A], [FEW]) == make([A], [A]) == "Care episodes by department"


# Emergency


def test_emergency_says_why_it_is_empty(demo_warehouse, tmp_path):
    database = changed(demo_warehouse, tmp_path, "delete from marts.kpi_emergency_demand")
    page, words = drawn(database, "emergency_by_hour")
    assert page.is_empty and page.n == 0 and "have a time of arrival" in words
    database = changed(
        demo_warehouse,
        tmp_path,
        "delete from marts.kpi_emergency_demand",
        "create or replace table marts.dq_kpi_requirements as"
        " select * from marts.dq_kpi_requirements union all by name"
        " select 'care_episodes' as source_system, 'arrived_at' as column_name,"
        " false as is_present, 'episodes.arrived_at is not in the extract' as why_not",
    )
    page, words = drawn(database, "emergency_by_hour")
    assert page.is_empty and "episodes.arrived_at is not in the extract, so no hour" in words


def test_emergency_with_many_arrivals_fits(demo_warehouse, tmp_path):
    columns = ["arrivals_per_day", "arrivals_per_day_low", "arrivals_per_day_high"]
    database = changed(
        demo_warehouse,
        tmp_path,
        "create or replace table marts.kpi_emergency_demand as select * replace ("
        "arrivals * 20000 as arrivals,"
        + ",".join(f"{column} * 20000 as {column}" for column in columns)
        + ") from marts.kpi_emergency_demand",
    )
    _, words = drawn(database, "emergency_by_hour")
    assert re.search(r"\d+k\b", words)


def test_headline_emergency():
    make = headlines.emergency_by_hour
    busiest = estimate(3.7, 4.3, name="10:00 to 11:00", text="4.0")
    other = estimate(2.5, 3.3, name="9:00 to 10:00")
    near = estimate(3.6, 4.2, name="9:00 to 10:00")
    most, half, few = estimate(67, 72), estimate(48, 53), estimate(80, 99, n=9)
    assert make([busiest, other], most) == (
        "10:00 to 11:00 is the busiest hour of the day: 4.0 arrivals a day"
    )
    assert make([busiest, near], most).startswith("70% of emergency patients arrive between 8:00")
    assert make([busiest, near], estimate(28, 32)).startswith("Only 30% of emergency patients")
    neutral = "Emergency arrivals by hour of the day"
    assert make([busiest, near], half) == make([], few) == neutral
    assert make([], estimate(50, 53)) == neutral


# Costs


def ratio_of_winter(database, folder, low, high):
    """A copy in which the winter ratio of intensive care has these bounds."""
    return changed(
        database,
        folder,
        "create or replace table marts.kpi_costs_seasonal as select * replace ("
        f"{low} as geometric_mean_ratio_low, {high} as geometric_mean_ratio_high)"
        " from marts.kpi_costs_seasonal",
    )


@pytest.mark.parametrize(
    ("low", "high", "headline"),
    [
        (0.9, 1.4, "Intensive care costs show no clear difference between winter and the rest"),
        (0.5, 0.8, "Intensive care episodes cost less in winter"),
        ("null", "null", "Cost of intensive care episodes by month"),
    ],
)
def test_winter_is_dearer_only_when_the_interval_says_so(
    demo_warehouse, tmp_path, low, high, headline
):
    page, words = drawn(ratio_of_winter(demo_warehouse, tmp_path, low, high), "icu_costs_monthly")
    assert page.headline.startswith(headline)
    assert ("Dashed" in words) == (low != "null")


def test_winter_is_where_the_hemisphere_puts_it(demo_warehouse, tmp_path):
    _, words = drawn(demo_warehouse, "icu_costs_monthly")
    assert "winter (Jun, Jul, Aug)" in words
    swap = (
        "case season when 'winter' then 'summer' when 'summer' then 'winter' else season end"
        " as season"
    )
    database = changed(
        demo_warehouse,
        tmp_path,
        f"create or replace table marts.dim_dates as select * replace ({swap})"
        " from marts.dim_dates",
    )
    _, words = drawn(database, "icu_costs_monthly")
    assert "winter (Dec, Jan, Feb)" in words


def test_costs_of_nothing_have_no_place_on_a_log_axis(demo_warehouse, tmp_path):
    database = changed(
        demo_warehouse,
        tmp_path,
        "create or replace table marts.kpi_department_costs_monthly as select * replace ("
        "0 as median_cost_low, case when month < date '2025-01-01' then 0 else median_cost end"
        " as median_cost) from marts.kpi_department_costs_monthly",
    )
    page, _ = drawn(database, "icu_costs_monthly")
    assert not page.is_empty and "on a log axis" in page.alt


def test_without_a_department_known_as_icu(demo_warehouse, tmp_path):
    database = changed(
        demo_warehouse,
        tmp_path,
        "delete from marts.kpi_department_costs_monthly where department_id = 'icu'",
        "delete from marts.kpi_costs_seasonal where department_id = 'icu'",
    )
    page, words = drawn(database, "icu_costs_monthly")
    assert page.is_empty and page.n == 0 and "aliased to icu" in words
    assert page.headline == "Cost of intensive care episodes by month"


def test_headline_icu():
    make = headlines.icu_costs_monthly
    assert make(Ratio(1.6, 2.4, 100, "2.0")) == (
        "Intensive care episodes in winter typically cost 2.0 times as much as in the rest of the "
        "year"
    )
    assert "cost less in winter: 0.7 times" in make(Ratio(0.5, 0.9, 100, "0.7"))
    unclear = (
        "Intensive care costs show no clear difference between winter and the rest of the year"
    )
    assert make(Ratio(0.9, 2.4, 100, "1.5")) == make(Ratio(1, 2.4, 100, "1.5")) == unclear
    neutral = "Cost of intensive care episodes by month"
    assert make(Ratio(1.6, 2.4, 9, "2.0")) == make(Ratio(None, None, 99)) == make(None) == neutral


def test_percentiles_of_a_few_episodes_are_not_shown(demo_warehouse, tmp_path):
    database = changed(
        demo_warehouse,
        tmp_path,
        "create or replace table marts.kpi_treatment_costs as select * replace ("
        "case treatment_type when 'Surgery' then 29 when 'Cardiac Care' then 49"
        " else treatments end as treatments) from marts.kpi_treatment_costs",
    )
    page, words = drawn(database, "episode_costs_by_treatment")
    assert words.count("n too small") == 3
    (surgery,) = re.findall(r"Surgery median [^;]*", page.alt)
    (cardiac,) = re.findall(r"Cardiac Care median [^;]*", page.alt)
    assert "90th" not in surgery and "90th" in cardiac and "95th" not in cardiac


# Patients


def test_the_registry_is_shown_only_where_it_says_how_people_are_insured(demo_warehouse, tmp_path):
    page, words = drawn(demo_warehouse, "insurance_types")
    assert "Cancer registry" in words and "in the cancer registry" in page.headline
    database = changed(
        demo_warehouse,
        tmp_path,
        "delete from marts.kpi_insurance_mix"
        " where source_system = 'cancer_registry' and insurance_type <> 'unknown'",
    )
    page, words = drawn(database, "insurance_types")
    assert "registry" not in words + page.headline and "care episodes" in page.headline
    database = changed(
        demo_warehouse,
        tmp_path,
        "delete from marts.kpi_insurance_mix where source_system = 'care_episodes'",
    )
    page, words = drawn(database, "insurance_types")
    assert "Care episodes" not in words and page.headline.endswith("in the cancer registry")


def test_headline_insurance():
    make = headlines.insurance_types
    care, registry = "care episodes", "the cancer registry"
    assert make([(care, [A, B, C]), (registry, [A, C])]) == (
        "A is the most frequent insurance: 30% in care episodes and 30% in the cancer registry"
    )
    assert make([(care, [A, B])]) == "A is the most frequent insurance: 30% in care episodes"
    assert make([(care, [A, B]), (registry, [B, C])]) == (
        "The most frequent insurance is A (30%) in care episodes and B (22%) in the cancer registry"
    )
    assert make([(care, [A, NEAR_A]), (registry, [B, C])]) == (
        "B is the most frequent insurance: 22% in the cancer registry"
    )
    neutral = "Patients by insurance type"
    assert make([(care, [A, NEAR_A])]) == make([(care, [A])]) == make([]) == neutral
    assert make([(care, [A, FEW])]) == neutral


def test_the_pyramids_are_of_their_own_system(demo_warehouse, tmp_path):
    database = changed(
        demo_warehouse,
        tmp_path,
        "delete from marts.kpi_patient_demographics where source_system = 'care_episodes'",
    )
    found = pages(database, "care_patients_gender_age", "patients_gender_age")
    assert found["care_patients_gender_age"][0].is_empty
    assert not found["patients_gender_age"][0].is_empty


def test_the_figures_are_registered():
    assert {REGISTRY[name].figure_id for name in NAMES} == {
        "V-01",
        "V-02",
        "V-03",
        "M-05",
        "M-06",
        "P-02",
        "P-03",
    }
