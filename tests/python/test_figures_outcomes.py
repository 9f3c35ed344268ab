"""Figures of outcomes, experience and cancer: findings only where the numbers hold them.

Usage: pytest tests/python/test_figures_outcomes.py
"""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

import figure_headlines_outcomes as headlines
from figure_headlines import Estimate
from figure_headlines_outcomes import Comparison, Group, Spread, Team
from figure_registry import REGISTRY
from test_figures import HOSTILE, assert_fits, changed, pages, text_boxes

NAMES = tuple(
    name
    for name, registered in REGISTRY.items()
    if registered.draw.__module__
    in (
        "figures_outcomes",
        "figures_funnels",
        "figures_experience",
        "figures_cancer",
        "figures_survival",
    )
)


def drawn(database: Path, name: str):
    return pages(database, name)[name][0]


def words_of(page) -> str:
    return "\n".join(words for words, _ in text_boxes(page))


def after(demo_warehouse: Path, folder: Path, name: str, *statements: str):
    """The page of one figure after some statements on a copy of the demo warehouse."""
    return drawn(changed(demo_warehouse, folder, *statements), name)


def rows(database: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(sql).fetchall()


# The planted effects of the demo data, and how they vanish


def test_ten_figures():
    assert len(NAMES) == 10


@pytest.mark.parametrize("name", NAMES)
def test_demo_figures_fit_and_read_what_they_name(demo_warehouse, name):
    page, read = pages(demo_warehouse, name)[name]
    assert not page.is_empty and page.n > 0
    assert_fits(page)
    assert read == {f"marts.{mart}" for mart in REGISTRY[name].marts}
    assert page.mart == REGISTRY[name].marts[0]
    assert page.figure_id == REGISTRY[name].figure_id


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("readmission_funnel", "One of 10 facilities readmits more patients than chance alone"),
        (
            "insurance_outcomes",
            "Treatment succeeds more often with private than with public insurance, but not "
            "clearly so among alike cases",
        ),
        # nothing is planted among the doctors, and insurance only goes with the stage
        ("no_show_funnel", "No-show rates of 40 doctors compared lie within the"),
        (
            "survival_by_insurance",
            "Survival after a diagnosis of cancer is highest with private insurance, but not "
            "clearly so among cases of the same stage and cancer type",
        ),
        ("satisfaction_spread", "Satisfaction varies least in Oncology: its SD is 0.5"),
        (
            "team_psychological_safety",
            "Surgery teams find it least safe to speak up; members disagree in three of",
        ),
        ("cancer_distributions", "Cancer cases by type"),  # nothing is planted here
    ],
)
def test_demo_headlines_find_the_planted_effects(demo_warehouse, name, start):
    assert drawn(demo_warehouse, name).headline.startswith(start)


def test_survival_is_lower_where_the_hazard_is_higher(demo_warehouse):
    """Chance decides whether one of the other regions comes close."""
    headline = drawn(demo_warehouse, "survival_by_region").headline
    assert re.match(r"Survival after a diagnosis of cancer is (lower|lowest) in WA\b", headline)


def test_emergency_is_rated_lowest(demo_warehouse, tmp_path):
    """Other spellings of a department, which the demo data hold, are departments of their own."""
    page = after(
        demo_warehouse,
        tmp_path,
        "satisfaction_heat_map",
        "delete from marts.kpi_satisfaction_overall where department_id like 'care_episodes.%'",
    )
    assert page.headline.startswith("Emergency is rated lowest: 7.")


# Readmission


def funnel_with(demo_warehouse: Path, folder: Path, position: str, unadjusted: str, phi: float):
    """The funnel when every facility has this position, but for the one with most stays."""
    return after(
        demo_warehouse,
        folder,
        "readmission_funnel",
        "create or replace table marts.kpi_funnels as select * replace ("
        f"{phi} as phi, {phi} > 1 as is_overdispersed,"
        " case when not is_reportable then null"
        f" when unit = 'grevillea_gorge_hospital' then '{position}' else 'inside' end as position,"
        " case when not is_reportable then null"
        f" when unit = 'grevillea_gorge_hospital' then '{unadjusted}' else 'inside' end"
        " as position_unadjusted) from marts.kpi_funnels",
    )


@pytest.mark.parametrize(
    ("position", "unadjusted", "phi", "headline", "is_named"),
    [
        ("above_998", "above_998", 0.9, "One of 10 facilities readmits more patients", True),
        ("above_95", "above_998", 2.0, "One of 10 facilities readmits more patients", True),
        ("inside", "above_998", 4.0, "Readmission varies more than chance explains, though", False),
        ("inside", "above_95", 1.5, "Readmission at all 10 facilities lies within", False),
        ("above_95", "above_95", 0.9, "Readmission at all 10 facilities lies within", False),
        ("below_998", "below_998", 0.9, "One of 10 facilities readmits fewer patients", True),
    ],
)
def test_only_outliers_are_named(
    demo_warehouse, tmp_path, position, unadjusted, phi, headline, is_named
):
    page = funnel_with(demo_warehouse, tmp_path, position, unadjusted, phi)
    assert page.headline.startswith(headline)
    words = words_of(page)
    assert ("Grevillea Gorge Hospital" in words) == is_named
    assert "Banksia Bay" not in words
    assert ("99.8%, chance alone" in words) == (phi > 1)
    assert_fits(page)


def test_the_flag_stands_in_where_the_rule_has_no_stays(demo_warehouse, tmp_path):
    page = after(
        demo_warehouse,
        tmp_path,
        "readmission_funnel",
        "delete from marts.kpi_funnels where kpi_id = 'PF07'",
        "delete from marts.kpi_funnel_limits where kpi_id = 'PF07'",
    )
    words = " ".join(words_of(page).split())
    assert "as the source flagged it" in words and "no exclusion, no check" in words
    assert "index stays" not in words
    assert_fits(page)
    neither = after(demo_warehouse, tmp_path, "readmission_funnel", "delete from marts.kpi_funnels")
    assert neither.is_empty and neither.n == 0
    assert neither.headline == "Readmission by facility"


def test_a_tight_funnel_says_that_its_axis_does_not_start_at_zero(demo_warehouse, tmp_path):
    limits = [
        f"{prefix}limit_{size}_{side}"
        for prefix in ("", "adjusted_")
        for size in ("95", "998")
        for side in ("low", "high")
    ]
    replaced = ", ".join(f"target + ({name} - target) / 20 as {name}" for name in limits)
    page = after(
        demo_warehouse,
        tmp_path,
        "readmission_funnel",
        "create or replace table marts.kpi_funnels as select * replace "
        "(target as value, 'inside' as position, 'inside' as position_unadjusted) "
        "from marts.kpi_funnels where is_reportable",
        f"create or replace table marts.kpi_funnel_limits as select * replace ({replaced}) "
        "from marts.kpi_funnel_limits",
    )
    assert "does not start at 0" in words_of(page)
    assert page.headline.startswith("Readmission at all 10 facilities lies within")
    assert_fits(page)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((10, 129, 1, 0, 0.02), "One of 10 facilities readmits more patients than chance alone"),
        ((46, 900, 2, 1, 1e-4), "Two of 46 facilities readmit more patients than chance alone "),
        ((46, 900, 0, 1, 0.04), "One of 46 facilities readmits fewer patients than chance"),
        # one of 100 lies outside 99.8 % by chance in one year out of six
        ((100, 900, 1, 0, 0.18), "Readmission by facility"),
        ((10, 129, 0, 0, 1.0), "Readmission at all 10 facilities lies within the range"),
        # one lies within the widened limits only: neither a finding nor within chance
        ((100, 900, 0, 0, 0.18, 1), "Readmission by facility"),
        # some lie outside by chance alone, none beyond what facilities commonly differ by
        ((10, 129, 0, 0, 0.01), "Readmission varies more than chance explains, though no"),
        ((10, 9, 1, 0, 0.02), "Readmission by facility"),  # too few to speak of
        ((1, 129, 0, 0, 1.0), "Readmission by facility"),  # nothing to compare
        ((0, 0, 0, 0, None), "Readmission by facility"),
    ],
)
def test_headline_readmission_funnel(arguments, expected):
    assert headlines.readmission_funnel(*arguments).startswith(expected)
    assert not re.search(r"cause|due to|effect", headlines.readmission_funnel(*arguments))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((40, 600, 1, 0, 0.02), "One of 40 doctors has a higher no-show rate than chance alone"),
        ((90, 900, 2, 1, 1e-4), "Two of 90 doctors have a higher no-show rate than chance alone"),
        ((40, 600, 0, 1, 0.04), "One of 40 doctors has a lower no-show rate than chance alone"),
        # one of 100 lies outside 99.8 % by chance in one year out of six
        ((100, 900, 1, 0, 0.18), "No-show rate by doctor"),
        ((40, 600, 0, 0, 1.0), "No-show rates of 40 doctors compared lie within the"),
        ((40, 600, 0, 0, 0.01), "No-show rates vary more than chance explains, though no single"),
        ((40, 600, 0, 0, 0.08, 1), "No-show rate by doctor"),  # only the widened limits hold one
        ((40, 9, 1, 0, 0.02), "No-show rate by doctor"),  # too few to speak of
        ((1, 600, 0, 0, 1.0), "No-show rate by doctor"),  # nobody to compare
        ((0, 0, 0, 0, None), "No-show rate by doctor"),
    ],
)
def test_headline_no_show_funnel(arguments, expected):
    line = headlines.no_show_funnel(*arguments)
    assert line.startswith(expected)
    assert not re.search(r"best|worst|cause|due to|effect", line)
    both = headlines.no_show_funnel(90, 900, 1, 2, 1e-4)
    assert both.endswith("than chance alone explains, and two a lower one")


def doctors_with(demo_warehouse: Path, folder: Path, position: str, unadjusted: str, phi: float):
    """The funnel of doctors when all are inside but for the one with most appointments."""
    of_one = "case when unit_kind = 'doctor' and unit = 'D017' then '{}' else 'inside' end"
    return after(
        demo_warehouse,
        folder,
        "no_show_funnel",
        "create or replace table marts.kpi_funnels as select * replace ("
        f"{phi} as phi, {phi} > 1 as is_overdispersed, {of_one.format(position)} as position, "
        f"{of_one.format(unadjusted)} as position_unadjusted) from marts.kpi_funnels "
        "where is_reportable",
    )


@pytest.mark.parametrize(
    ("position", "unadjusted", "phi", "headline", "is_named"),
    [
        # with 40 doctors one outside 99.8 % has a chance of 8 %: named, but no finding
        ("above_998", "above_998", 0.9, "No-show rate by doctor", True),
        ("inside", "above_998", 2.0, "No-show rate by doctor", False),
        ("above_95", "above_95", 0.9, "No-show rates of 40 doctors compared lie within", False),
    ],
)
def test_only_doctors_outside_are_named(
    demo_warehouse, tmp_path, position, unadjusted, phi, headline, is_named
):
    page = doctors_with(demo_warehouse, tmp_path, position, unadjusted, phi)
    words = " ".join(words_of(page).split())
    ((name, other),) = rows(
        demo_warehouse,
        "select max(case when doctor_id = 'D017' then name end), "
        "max(case when doctor_id = 'D001' then name end) from marts.dim_doctors",
    )
    assert page.headline.startswith(headline)
    assert (name in words) == is_named
    assert other not in words and other not in page.alt
    assert "No ranking" in words and "case mix" in words
    assert f"Dispersion {phi:.2f}" in words
    assert ("99.8%, chance alone" in words) == (phi > 1)
    assert_fits(page)


def test_the_funnel_of_doctors_is_of_doctors_alone(demo_warehouse, tmp_path):
    with_outliers = after(
        demo_warehouse,
        tmp_path,
        "no_show_funnel",
        "update marts.kpi_funnels set position = 'above_998', position_unadjusted = 'above_998' "
        "where unit_kind = 'facility' and is_reportable",
    )
    assert with_outliers.alt == drawn(demo_warehouse, "no_show_funnel").alt
    lines = [line for ax in with_outliers.figure.axes for line in ax.lines]
    assert [len(line.get_xdata()) for line in lines if line.get_linestyle() == "--"] == [60, 60]
    doctors_away = after(
        demo_warehouse,
        tmp_path,
        "no_show_funnel",
        "delete from marts.kpi_funnels where unit_kind = 'doctor'",
    )
    assert doctors_away.is_empty and doctors_away.n == 0
    assert "no two doctors are known with 10 appointments" in doctors_away.alt


def test_many_doctors_and_hostile_names_fit(demo_warehouse, tmp_path):
    database = changed(
        demo_warehouse,
        tmp_path,
        "update marts.dim_doctors set name = ?",
        "create or replace table marts.kpi_funnels as select * replace "
        "('above_998' as position, 'above_998' as position_unadjusted) from marts.kpi_funnels "
        "where is_reportable",
        values=((HOSTILE[0] + HOSTILE[1],), None),
    )
    page = drawn(database, "no_show_funnel")
    assert page.headline.startswith("40 of 40 doctors have a higher no-show rate")
    assert page.alt.endswith("; and 20 more")
    assert_fits(page)


def test_headline_readmission_with_both_sides():
    assert headlines.readmission_funnel(46, 900, 1, 2, 1e-4).endswith(
        "more patients than chance alone explains, and two fewer"
    )


# Insurance


def comparison(crude, adjusted, n=500, share=0.9, p=0.5, pair=("private", "public")):
    return Comparison(*pair, n, crude, adjusted, share, p)


APART, BELOW, NEITHER = (3.0, 8.0), (-8.0, -3.0), (-2.0, 3.0)
NEUTRAL = "Treatment success by insurance, as it stands and among alike cases"


@pytest.mark.parametrize(
    ("comparisons", "expected"),
    [
        (
            [comparison(APART, NEITHER)],
            "Treatment succeeds more often with private than with public insurance, "
            "but not clearly so among alike cases",
        ),
        (
            [comparison(BELOW, BELOW), comparison(BELOW, BELOW)],
            "Treatment succeeds more often with public than with private insurance, "
            "also among alike cases",
        ),
        (
            [comparison(NEITHER, NEITHER)],
            "No clear difference in treatment success between private and public insurance",
        ),
        ([comparison(APART, NEITHER), comparison(NEITHER, NEITHER)], NEUTRAL),  # systems differ
        ([comparison(APART, BELOW)], NEUTRAL),  # the other way round among alike cases
        ([comparison(NEITHER, APART)], NEUTRAL),  # among alike cases only
        ([comparison(APART, NEITHER, n=9)], NEUTRAL),
        ([comparison(APART, (None, None))], NEUTRAL),  # not estimable
        ([comparison(APART, NEITHER, share=0.4)], NEUTRAL),  # most cases have no counterpart
        ([comparison(APART, APART, p=0.01)], NEUTRAL),  # not one figure for all strata
        ([comparison(APART, NEITHER), comparison(APART, NEITHER, pair=("A", "B"))], NEUTRAL),
        ([], NEUTRAL),
    ],
)
def test_headline_insurance_outcomes(comparisons, expected):
    line = headlines.insurance_outcomes(comparisons)
    assert line == expected
    assert not re.search(r"boost|cause|due to|effect|because|leads", line)


def test_insurance_without_an_adjusted_figure_says_so(demo_warehouse, tmp_path):
    page = after(
        demo_warehouse,
        tmp_path,
        "insurance_outcomes",
        "create or replace table marts.kpi_insurance_outcomes as select * replace "
        "(null as mh_risk_difference, null as mh_risk_difference_low, "
        "null as mh_risk_difference_high) from marts.kpi_insurance_outcomes",
    )
    assert page.headline == NEUTRAL and "not estimable" in words_of(page)
    assert_fits(page)


# Satisfaction


def department(low, high, name="A", n=500, text="7.0"):
    return Estimate(name, low, high, n, text)


def test_headline_satisfaction_heat_map():
    make = headlines.satisfaction_heat_map
    low, middle, high = (
        department(6.8, 7.2, "E"),
        department(7.5, 7.9, "M"),
        department(8.2, 8.4, "O"),
    )
    neutral = "Patients’ satisfaction by department and facility"
    assert make([low, middle, high]) == "O is rated highest (7.0), E lowest (7.0)"
    assert make([low, middle, department(7.8, 8.0)]) == "E is rated lowest: 7.0 on average"
    assert make([high, middle, department(7.6, 8.0)]) == "O is rated highest: 7.0 on average"
    assert make([middle, department(7.7, 8.1)]) == neutral
    assert make([low, department(8.2, 8.4, n=9)]) == make([low]) == make([]) == neutral


def spread(low, high, relative=0.05, ratio=(0.9, 1.1), name="A", n=500):
    return Spread(Estimate(name, low, high, n), *ratio, "0.53", relative)


USUAL = (spread(0.9, 1.0, name="U"), spread(0.95, 1.05, name="V"))


@pytest.mark.parametrize(
    ("departments", "expected"),
    [
        (
            [spread(0.5, 0.6, 0.02, (0.5, 0.56), "Oncology"), *USUAL],
            "Satisfaction varies least in Oncology: its SD is 0.53 times that of all other "
            "departments",
        ),
        (
            [spread(1.5, 1.6, 0.09, (1.4, 1.7), "ICU"), *USUAL],
            "Satisfaction varies most in ICU: its SD is 0.53 times that of all other departments",
        ),
        ([spread(0.8, 0.92, 0.02, (0.8, 0.95)), *USUAL], None),  # its interval meets another
        ([spread(0.5, 0.6, 0.02, (0.5, 1.01)), *USUAL], None),  # the ratio's interval holds 1
        # a mean near the end of the scale: the spread has shrunk by itself
        ([spread(0.5, 0.6, 0.06, (0.5, 0.56)), *USUAL], None),
        ([spread(0.5, 0.6, None, (0.5, 0.56)), *USUAL], None),
        ([spread(0.5, 0.6, 0.02, (None, None)), *USUAL], None),
        ([spread(0.5, 0.6, 0.02, (0.5, 0.56), n=9), *USUAL], None),
        ([USUAL[0]], None),
        ([], None),
    ],
)
def test_headline_satisfaction_spread(departments, expected):
    neutral = "How much satisfaction varies within departments"
    assert headlines.satisfaction_spread(departments) == (expected or neutral)


def test_small_cells_are_hatched_and_few_scores_are_no_mean(demo_warehouse, tmp_path):
    smaller = (
        "create or replace table marts.kpi_satisfaction_overall as select * replace "
        "(case when department_id = 'oncology' and facility_id = 'banksia_bay_hospital' then 9 "
        "else responses end as responses, case when department_id = 'oncology' and facility_id = "
        "'banksia_bay_hospital' then 1.25 else mean_score end as mean_score) "
        "from marts.kpi_satisfaction_overall"
    )
    page = after(demo_warehouse, tmp_path, "satisfaction_heat_map", smaller)
    words = words_of(page).split("\n")
    assert "n = 9" in words and "1.2" not in words
    assert_fits(page)
    few = (
        "create or replace table marts.kpi_satisfaction_overall as select * replace "
        "(9 as responses) from marts.kpi_satisfaction_overall"
    )
    for name in ("satisfaction_heat_map", "satisfaction_spread"):
        assert after(demo_warehouse, tmp_path, name, few).is_empty


def test_one_facility_is_a_narrow_heat_map(demo_warehouse, tmp_path):
    page = after(
        demo_warehouse,
        tmp_path,
        "satisfaction_heat_map",
        "delete from marts.kpi_satisfaction_overall "
        "where facility_id not in ('all', 'banksia_bay_hospital')",
    )
    assert not page.is_empty
    assert_fits(page)


# Teams


LOW_TEAMS = [Team("Surgery", 2.6, 3.2, True), Team("Surgery", 3.0, 3.4, True)]
OTHERS = [Team("ICU", 5.4, 6.2, True), Team("Oncology", 4.4, 5.3, True)]
SPLIT = Team("Radiology", 2.0, 6.0, False)


@pytest.mark.parametrize(
    ("teams", "p_value", "without_agreement", "expected"),
    [
        ([*LOW_TEAMS, *OTHERS], 1e-6, 0, "Surgery teams find it least safe to speak up"),
        (
            [*LOW_TEAMS, *OTHERS, SPLIT],
            1e-6,
            1,
            "Surgery teams find it least safe to speak up; members disagree in one of 5 teams",
        ),
        # one team of the department is not below all others
        (
            [*LOW_TEAMS, Team("Surgery", 4.0, 4.8, True), *OTHERS],
            1e-6,
            0,
            "How safe teams find it to speak up",
        ),
        # one low team is not a department
        ([LOW_TEAMS[0], *OTHERS], 1e-6, 0, "How safe teams find it to speak up"),
        # members disagree: the low mean describes nobody
        (
            [Team("Surgery", 2.6, 3.2, False), Team("Surgery", 3.0, 3.4, False), *OTHERS],
            1e-6,
            2,
            "Members disagree in two of 4 teams on how safe it is to speak up",
        ),
        (
            [*LOW_TEAMS, *OTHERS],
            0.2,
            0,
            "No clear difference between teams in how safe it is to speak up",
        ),
        ([*LOW_TEAMS, *OTHERS], None, 0, "How safe teams find it to speak up"),
        ([], None, 0, "How safe teams find it to speak up"),
    ],
)
def test_headline_team_psychological_safety(teams, p_value, without_agreement, expected):
    assert headlines.team_psychological_safety(teams, p_value, without_agreement) == expected


def test_small_teams_are_counted_but_never_shown(demo_warehouse):
    page = drawn(demo_warehouse, "team_psychological_safety")
    words = " ".join(words_of(page).split())
    latest = (
        "survey_wave = (select max(survey_wave) from marts.kpi_team_psychological_safety)"
        " and facility_id != 'unknown' and department_id != 'unknown'"
    )
    ((small, respondents),) = rows(
        demo_warehouse,
        "select count(*) filter (where not is_reportable), sum(respondents) filter (where "
        f"is_reportable) from marts.kpi_team_psychological_safety where {latest}",
    )
    assert small > 0 and f"Not shown: {small} teams with fewer than five" in words
    assert page.n == respondents
    assert "ICC(1) 0." in words


# Cancer


def test_headline_cancer_distributions():
    make = headlines.cancer_distributions
    lung, breast = department(23, 27, "Lung", text="25%"), department(18, 22, "Breast")
    assert make([lung, breast]) == "Lung is the most frequent cancer in the registry: 25%"
    neutral = "Cancer cases by type, treatment, outcome and patient"
    assert make([lung, department(22, 26)]) == neutral
    assert make([lung]) == make([]) == neutral


def test_headline_cancer_outcomes_by_treatment():
    make = headlines.cancer_outcomes_by_treatment
    high, middle, low = (
        department(70, 80, "Surgery", text="75%"),
        department(60, 68, "Radiation"),
        department(50, 58, "Other", text="54%"),
    )
    assert make([high, middle, low], "62%") == (
        "Response is most frequent after Surgery (75%), least after Other (54%)"
    )
    assert make([high, middle], "62%").endswith(
        "most frequent after Surgery (75%), least after Radiation (7.0)"
    )
    assert make([high, department(60, 68), department(61, 69)], "62%") == (
        "Response is most frequent after Surgery: 75% of cases"
    )
    assert make([low, department(60, 68), department(61, 69)], "62%") == (
        "Response is least frequent after Other: 54% of cases"
    )
    apart = "62% of cases responded; no treatment stands apart from all others"
    assert make([middle, department(61, 69)], "62%") == apart
    assert make([high], "62%") == make([], None) == "Response by treatment"
    assert make([high, department(50, 58, n=9)], "62%") == "Response by treatment"


def region(lower=0, higher=0, name="WA", five="27%", compared=5):
    return Group(name, compared, lower, higher, five)


OTHER_REGIONS = [region(name="VIC", higher=1), region(name="NSW")]


@pytest.mark.parametrize(
    ("p_value", "regions", "expected"),
    [
        (
            0.001,
            [region(5), *OTHER_REGIONS],
            "Survival after a diagnosis of cancer is lowest in WA: 27% after five years",
        ),
        (
            0.001,
            [region(5, five=""), *OTHER_REGIONS],
            "Survival after a diagnosis of cancer is lowest in WA",
        ),
        (
            0.001,
            [region(4), *OTHER_REGIONS],
            "Survival after a diagnosis of cancer is lower in WA than in four of five other "
            "regions",
        ),
        (
            0.001,
            [region(0, 5, "TAS", "60%"), *OTHER_REGIONS],
            "Survival after a diagnosis of cancer is highest in TAS: 60% after five years",
        ),
        (
            0.001,
            [region(1, compared=1), region(0, 1, "VIC", compared=1)],
            "Survival after a diagnosis of cancer is lower in WA: 27% after five years",
        ),
        # not most of the others, or not on one side
        (0.001, [region(2), *OTHER_REGIONS], "Survival differs between regions, though none"),
        (0.001, [region(3, 1), *OTHER_REGIONS], "Survival differs between regions, though none"),
        (0.2, [region(5), *OTHER_REGIONS], "No clear difference in survival between regions"),
        (None, [region(5), *OTHER_REGIONS], "Survival after a diagnosis of cancer, by region"),
        (0.001, [region(5)], "Survival after a diagnosis of cancer, by region"),
        (None, [], "Survival after a diagnosis of cancer, by region"),
    ],
)
def test_headline_survival_by_region(p_value, regions, expected):
    line = headlines.survival_by_region(p_value, regions).line
    assert line == expected or (expected.endswith("none") and line.startswith(expected))


INSURED = [region(0, 2, "Private", "51%", 2), region(1, name="Public", compared=2)]
NO_SURVIVAL_LINE = "Survival after a diagnosis of cancer, by insurance type"


@pytest.mark.parametrize(
    ("p_value", "types", "stratified_p", "alike", "expected", "apart"),
    [
        (
            1e-9,
            INSURED,
            0.78,
            [region(name="Private", compared=2)],
            "Survival after a diagnosis of cancer is highest with private insurance, but not "
            "clearly so among cases of the same stage and cancer type",
            set(),
        ),
        (
            1e-9,
            INSURED,
            0.001,
            [region(0, 2, "Private", compared=2)],
            "Survival after a diagnosis of cancer is highest with private insurance, also among "
            "cases of the same stage and cancer type",
            {"Private"},
        ),
        (
            1e-9,
            [region(2, name="Self-Pay", compared=3), region(name="Private", compared=3)],
            0.2,
            [],
            "Survival after a diagnosis of cancer is lower for insurance type Self-Pay than for "
            "two of three other insurance types, but not clearly so among cases of the same stage "
            "and cancer type",
            set(),
        ),
        # the other way round among alike cases, or another type, or it cannot be tested there
        (1e-9, INSURED, 0.001, [region(2, 0, "Private", compared=2)], NO_SURVIVAL_LINE, set()),
        (1e-9, INSURED, 0.001, [region(2, 0, "Public", compared=2)], NO_SURVIVAL_LINE, set()),
        (1e-9, INSURED, 0.001, [region(0, 1, "Private", compared=2)], NO_SURVIVAL_LINE, set()),
        (1e-9, INSURED, None, [], NO_SURVIVAL_LINE, set()),
        # no difference, none that stands apart, nothing to compare
        (0.2, INSURED, 0.001, INSURED, "No clear difference in survival between insurance", set()),
        (
            1e-9,
            [INSURED[1]] * 2,
            0.2,
            [],
            "Survival differs between insurance types, though",
            set(),
        ),
        (1e-9, INSURED[:1], 0.001, INSURED, NO_SURVIVAL_LINE, set()),
        (None, INSURED, None, [], NO_SURVIVAL_LINE, set()),
    ],
)
def test_headline_survival_by_insurance(p_value, types, stratified_p, alike, expected, apart):
    finding = headlines.survival_by_insurance(p_value, types, stratified_p, alike)
    assert finding.line == expected or (len(expected) < 60 and finding.line.startswith(expected))
    assert finding.apart == apart
    assert not re.search(r"boost|cause|due to|effect|because|leads", finding.line)


@pytest.mark.parametrize(
    ("statement", "start", "is_coloured"),
    [
        (
            "update marts.kpi_survival_summary set logrank_p_value = 0.4",
            "No clear difference in survival between insurance types",
            False,
        ),
        (
            # alike cases differ as all do: strata take the crude ratios
            "create or replace table marts.kpi_hazard_ratios as select * replace ("
            "'stage_and_cancer_type' as strata) from marts.kpi_hazard_ratios where strata = 'none'"
            " union all select * from marts.kpi_hazard_ratios where strata = 'none'",
            "Survival after a diagnosis of cancer is highest with private insurance, also among",
            True,
        ),
    ],
)
def test_insurance_is_highlighted_only_where_alike_cases_agree(
    demo_warehouse, tmp_path, statement, start, is_coloured
):
    page = after(
        demo_warehouse,
        tmp_path,
        "survival_by_insurance",
        statement,
        f"update marts.kpi_survival_summary set logrank_stratified_p_value = "
        f"{'0.001' if is_coloured else '0.4'}",
    )
    assert page.headline.startswith(start)
    assert ("In colour" in words_of(page)) == is_coloured
    assert_fits(page)


def test_a_test_within_strata_without_such_ratios_is_no_finding(demo_warehouse, tmp_path):
    """The ratios within strata are asked for, not the crude ones again."""
    page = after(
        demo_warehouse,
        tmp_path,
        "survival_by_insurance",
        "update marts.kpi_survival_summary set logrank_stratified_p_value = 0.001",
    )
    assert page.headline == NO_SURVIVAL_LINE and "In colour" not in words_of(page)


def test_numbers_at_risk_by_insurance_are_those_of_the_mart(demo_warehouse):
    words = words_of(drawn(demo_warehouse, "survival_by_insurance")).split("\n")
    after_two_years = rows(
        demo_warehouse,
        "select at_risk from marts.kpi_survival_curves where time_months = 24 "
        "and group_by = 'insurance_type' and group_value != 'unknown'",
    )
    assert len(after_two_years) == 3
    assert all(f"{at_risk:,}" in words for (at_risk,) in after_two_years)


def test_one_type_that_is_left_out_is_one(demo_warehouse):
    words = words_of(drawn(demo_warehouse, "survival_by_insurance"))
    assert "Not drawn: 1 insurance type that is small" in " ".join(words.split())


@pytest.mark.parametrize("name", ["survival_by_region", "survival_by_insurance"])
def test_without_a_vital_status_there_is_no_curve_but_the_reason(demo_warehouse, tmp_path, name):
    page = after(
        demo_warehouse,
        tmp_path,
        name,
        "delete from marts.kpi_survival_curves",
        "delete from marts.kpi_hazard_ratios",
        "create or replace table marts.kpi_survival_summary as select * replace "
        "(false as is_testable, null as events, null as censored, "
        "null as logrank_p_value, false as is_compared, 'Nobody knows who died.' as why_not) "
        "from marts.kpi_survival_summary",
    )
    assert page.is_empty and page.n == 0
    assert "No data: nobody knows who died." in words_of(page)


@pytest.mark.parametrize("kept", [("WA",), ("WA", "SA"), ("WA", "SA", "TAS"), ("NSW", "VIC")])
def test_few_regions(demo_warehouse, tmp_path, kept):
    names = "', '".join(kept)
    page = after(
        demo_warehouse,
        tmp_path,
        "survival_by_region",
        f"delete from marts.kpi_survival_summary where group_value not in ('{names}')",
        f"delete from marts.kpi_survival_curves where group_value not in ('{names}')",
        f"delete from marts.kpi_hazard_ratios where group_value not in ('{names}') "
        f"or reference_value not in ('{names}')",
    )
    assert not page.is_empty
    assert_fits(page)
    if len(kept) == 1:
        assert page.headline == "Survival after a diagnosis of cancer, by region"


def test_without_a_difference_no_region_is_highlighted(demo_warehouse, tmp_path):
    page = after(
        demo_warehouse,
        tmp_path,
        "survival_by_region",
        "update marts.kpi_survival_summary set logrank_p_value = 0.4",
    )
    assert page.headline == "No clear difference in survival between regions"
    assert "In colour" not in words_of(page)
    assert_fits(page)


def test_a_curve_ends_where_few_are_at_risk(demo_warehouse):
    page = drawn(demo_warehouse, "survival_by_region")
    ((longest,),) = rows(
        demo_warehouse,
        "select max(time_months) from marts.kpi_survival_curves "
        "where group_by = 'region' and at_risk >= 10 and group_value = 'WA'",
    )
    lines = [line for ax in page.figure.axes for line in ax.lines if line.get_linewidth() == 2.6]
    assert [max(line.get_xdata()) for line in lines] == [longest]


# What the extract does not hold, and names that are too long


def test_dimensions_that_the_registry_lacks_are_named(demo_warehouse, tmp_path):
    page = after(
        demo_warehouse,
        tmp_path,
        "cancer_distributions",
        "delete from marts.kpi_cancer_distribution "
        "where dimension = 'stage' and value != 'unknown'",
        "delete from marts.kpi_cancer_distribution where dimension = 'insurance_type'",
    )
    assert words_of(page).count("Not in the extract") == 2
    assert_fits(page)


def test_without_outcomes_the_treatments_say_why(demo_warehouse, tmp_path):
    page = after(
        demo_warehouse,
        tmp_path,
        "cancer_outcomes_by_treatment",
        "create or replace table marts.kpi_treatment_outcomes as select * replace "
        "(0 as evaluable, null as success_rate) from marts.kpi_treatment_outcomes",
    )
    assert page.is_empty and "does not say what became of the treatments" in page.alt


def test_hostile_and_long_names_fit(demo_warehouse, tmp_path):
    statements, values = [], []

    def rename(table: str, column: str, old: str, new: str) -> None:
        statements.append(f"update marts.{table} set {column} = ? where {column} = '{old}'")
        values.append((new,))

    facilities = rows(
        demo_warehouse,
        "select facility_id from marts.dim_facilities where facility_id != 'unknown' order by 1",
    )
    for (facility,), name in zip(facilities, HOSTILE * 4, strict=False):
        statements.append("update marts.dim_facilities set name = ? where facility_id = ?")
        values.append((name, facility))
    for department_id, name in zip(
        ("oncology", "emergency", "icu", "surgery", "radiology"), HOSTILE, strict=True
    ):
        statements.append("update marts.dim_departments set name = ? where department_id = ?")
        values.append((name, department_id))
    for old, name in zip(("WA", "NSW", "SA"), HOSTILE, strict=False):
        for table in ("kpi_survival_summary", "kpi_survival_curves"):
            rename(table, "group_value", old, name)
    for old, name in zip(("Public", "Private"), HOSTILE, strict=False):
        for table in ("kpi_survival_summary", "kpi_survival_curves"):
            rename(table, "group_value", old, name)
    rename("kpi_cancer_distribution", "value", "Lung", HOSTILE[0])
    rename("kpi_cancer_distribution", "value", "Breast", HOSTILE[2])
    rename("kpi_treatment_outcomes", "treatment", "Surgery", HOSTILE[1])
    database = changed(demo_warehouse, tmp_path, *statements, values=tuple(values))
    for name in NAMES:
        assert_fits(drawn(database, name))


def test_an_unknown_pair_of_insurances_is_compared_by_size(demo_warehouse, tmp_path):
    database = changed(
        demo_warehouse,
        tmp_path,
        "create or replace table marts.kpi_insurance_outcomes as select * replace "
        "(? as exposed, ? as unexposed) from marts.kpi_insurance_outcomes",
        values=((HOSTILE[1], HOSTILE[2]),),
    )
    page = drawn(database, "insurance_outcomes")
    assert_fits(page)
    ((largest,),) = rows(
        demo_warehouse,
        "select sum(n) from (select max(exposed_cases + unexposed_cases) as n "
        "from marts.kpi_insurance_outcomes group by source_system)",
    )
    assert page.n == largest


def test_an_empty_database_says_why(demo_warehouse, tmp_path):
    tables = rows(
        demo_warehouse,
        "select table_name from information_schema.tables where table_schema = 'marts'",
    )
    database = changed(demo_warehouse, tmp_path, *[f"delete from marts.{t}" for (t,) in tables])
    for name in NAMES:
        page, read = pages(database, name)[name]
        assert page.is_empty and page.n == 0 and page.data_to is None, name
        assert not re.search(r"\d{2,}%|\d of", page.headline), name
        assert read == {f"marts.{mart}" for mart in REGISTRY[name].marts}
        assert_fits(page)
