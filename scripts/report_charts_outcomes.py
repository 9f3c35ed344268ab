"""Cubes and charts about outcomes: readmission, mortality, success by treatment, cancer cases.

Usage: imported by build_report.py; nothing to run.
"""

from __future__ import annotations

from dataclasses import replace

from report_charts_overview import MORTALITY, READMISSION, RECORDED, SUCCESS, ready
from report_registry import Chart, Cube, Measure, add_charts, add_cubes, given, share

CRUDE = (
    "Crude: facilities differ in whom they admit (age, illness, kind of stay), and that is not"
    " adjusted for. It ranks no facility."
)
CHOSEN = (
    "Who gets which treatment depends on the illness: a difference here is no effect of the"
    " treatment."
)
LEAST_STAYS = 50  # as kpi_readmissions_overall and kpi_mortality_overall have it
REPORTED_FROM = f"Not reported below {LEAST_STAYS} stays."

add_cubes(
    Cube(
        "care_outcomes",
        measures=("cases", "evaluable", "successes"),
        internal="""
            select facility_id, department_id, strftime(month, '%Y-%m') as period, treatment,
                cases, evaluable, successes
            from marts.report_treatment_outcomes
            where source_system = 'care_episodes'
        """,
        shareable="""
            select treatment, cases, success_rate, success_rate_low, success_rate_high
            from marts.kpi_treatment_outcomes
            where source_system = 'care_episodes' and facility_id = 'all' and treatment <> 'all'
        """,
        shareable_measures=("cases", "success_rate", "success_rate_low", "success_rate_high"),
        holds="care episodes",
    ),
    Cube(
        "registry_outcomes",
        measures=("cases", "evaluable", "successes"),
        internal="""
            select facility_id, strftime(month, '%Y-%m') as period, treatment,
                cases, evaluable, successes
            from marts.report_treatment_outcomes
            where source_system = 'cancer_registry'
        """,
        shareable="""
            select treatment, cases, success_rate, success_rate_low, success_rate_high
            from marts.kpi_treatment_outcomes
            where source_system = 'cancer_registry' and facility_id = 'all' and treatment <> 'all'
        """,
        shareable_measures=("cases", "success_rate", "success_rate_low", "success_rate_high"),
        holds="cases of the cancer registry",
    ),
    Cube(
        "cancer_cases",
        measures=("cases",),
        internal="""
            select facility_id, strftime(month, '%Y-%m') as period, dimension, value, cases
            from marts.report_cancer_cases
            where dimension in ('cancer_type', 'treatment', 'outcome')
        """,
        shareable="""
            select dimension, value, cases, share, share_low, share_high
            from marts.kpi_cancer_distribution
            where dimension in ('cancer_type', 'treatment', 'outcome')
        """,
        shareable_measures=("cases", "share", "share_low", "share_high"),
        holds="cases of the cancer registry",
    ),
    Cube(
        "cancer_facilities",
        measures=("cases",),
        internal="""
            select value as facility_id, strftime(month, '%Y-%m') as period, cases
            from marts.report_cancer_cases
            where dimension = 'facility'
        """,
        shareable="""
            select value as facility_id, cases, share, share_low, share_high
            from marts.kpi_cancer_distribution
            where dimension = 'facility'
        """,
        shareable_measures=("cases", "share", "share_low", "share_high"),
        holds="cases of the cancer registry",
    ),
    # what the shareable edition says of all cases: of hospitals and kinds, some are hidden
    Cube(
        "cancer_whole",
        measures=("cases", "success_rate", "success_rate_low", "success_rate_high"),
        internal=None,
        shareable="""
            select cases, success_rate, success_rate_low, success_rate_high
            from marts.kpi_treatment_outcomes
            where source_system = 'cancer_registry' and facility_id = 'all' and treatment = 'all'
        """,
        additive=False,
        holds="cases of the cancer registry",
    ),
    Cube(
        "readmission_places",
        measures=(
            "index_stays", "readmissions", "expected_readmissions",
            "readmission_rate", "readmission_rate_low", "readmission_rate_high",
            "observed_to_expected", "observed_to_expected_low", "observed_to_expected_high",
        ),
        internal="""
            select facility_id, department_id, index_stays, readmissions, expected_readmissions,
                readmission_rate, readmission_rate_low, readmission_rate_high,
                observed_to_expected, observed_to_expected_low, observed_to_expected_high
            from marts.kpi_readmissions_overall
            where definition = 'hwr_like'
        """,
        shareable="""
            select facility_id, department_id, index_stays, readmissions, expected_readmissions,
                readmission_rate, readmission_rate_low, readmission_rate_high,
                observed_to_expected, observed_to_expected_low, observed_to_expected_high
            from marts.kpi_readmissions_overall
            where definition = 'hwr_like'
        """,
        additive=False,
        internal_totals=("facility_id", "department_id"),
        shareable_totals=("facility_id", "department_id"),
        holds="index stays",
    ),
    Cube(
        "mortality_places",
        measures=(
            "separations_with_disposition", "deaths", "expected_deaths",
            "mortality_rate", "mortality_rate_low", "mortality_rate_high",
            "observed_to_expected", "observed_to_expected_low", "observed_to_expected_high",
        ),
        internal="""
            select facility_id, department_id, separations_with_disposition, deaths,
                expected_deaths,
                mortality_rate, mortality_rate_low, mortality_rate_high,
                observed_to_expected, observed_to_expected_low, observed_to_expected_high
            from marts.kpi_mortality_overall
        """,
        shareable="""
            select facility_id, department_id, separations_with_disposition, deaths,
                expected_deaths,
                mortality_rate, mortality_rate_low, mortality_rate_high,
                observed_to_expected, observed_to_expected_low, observed_to_expected_high
            from marts.kpi_mortality_overall
        """,
        additive=False,
        internal_totals=("facility_id", "department_id"),
        shareable_totals=("facility_id", "department_id"),
        holds="separations",
    ),
)  # fmt: skip

SUCCESS_LABELS = {"group": "Treatment", "value": "Success rate", "numerator": "Successes",
                  "n": "With a known outcome"}  # fmt: skip
SUCCESS_SHAREABLE = {
    "unit": "whole_percent",
    # the cases with a known outcome, which the rate is of, are not held here
    "measure": ready("success_rate"),
    "extra": ("cases",),
    "labels": {"group": "Treatment", "value": "Success rate", "cases": "Cases"},
}
RESPONSE_SHAREABLE = SUCCESS_SHAREABLE | {
    "labels": SUCCESS_SHAREABLE["labels"] | {"value": "Response rate"},
}
RATIO = {
    "value": "observed_to_expected", "low": "observed_to_expected_low",
    "high": "observed_to_expected_high",
}  # fmt: skip


def ratio_of(n: str) -> Measure:
    """Observed over expected among n stays; the mart has none of fewer than LEAST_STAYS."""
    return replace(given(n, **RATIO), minimum_n=LEAST_STAYS)


add_charts(
    Chart(
        "readmission-by-facility",
        "outcomes",
        title="30-day unplanned readmission by facility",
        subtitle="Index stays followed by an unplanned admission within 30 days of separation",
        cube="episodes",
        by=("facility_id",),
        measure=READMISSION,
        form="dots",
        unit="percent",
        labels={"group": "Facility", "value": "Readmission rate", "numerator": "Readmissions",
                "n": "Index stays", "cases": "index stays"},
        kpis=("PF07",),
        note=f"{CRUDE} The funnel of readmissions (figure R-01) shows what chance explains.",
        shareable={"cube": "readmission_places", "unit": "whole_percent",
                   "measure": ready("readmission_rate"), "extra": ("readmissions",),
                   "labels": {"group": "Facility", "value": "Readmission rate",
                              "readmissions": "Readmissions", "cases": "index stays"},
                   "note": CRUDE},
    ),
    Chart(
        "readmission-expected",
        "outcomes",
        title="Readmissions for every one expected, by facility",
        subtitle="Observed over expected 30-day readmissions; 1 is as expected from like patients",
        cube="readmission_places",
        by=("facility_id",),
        measure=ratio_of("index_stays"),
        form="dots",
        unit="score",
        labels={"group": "Facility", "value": "Observed to expected", "n": "Index stays",
                "cases": "index stays", "expected_readmissions": "Expected|score",
                "readmissions": "Readmissions"},
        extra=("readmissions", "expected_readmissions"),
        kpis=("PF10",),
        reference=1.0,
        headline="against",
        words={
            "within": "None of {all} facilities compared has more or fewer readmissions than"
                      " expected beyond chance",
            "named": "{names} times the readmissions expected, beyond chance: {outside} of {all}"
                     " facilities compared; chance alone names about one in twenty",
            "outside": "{outside} of {all} facilities compared: readmissions differ from"
                       " what is expected; chance alone names about one in twenty",
        },
        note=f"Adjusted only for what the definition names, which is little. {REPORTED_FROM}",
        shareable={"measure": given("", **RATIO)},
    ),
    Chart(
        "readmission-recorded",
        "outcomes",
        title="Readmission as the source records it, by facility",
        subtitle="Episodes flagged as readmission among episodes with a flag",
        cube="episodes",
        by=("facility_id",),
        measure=RECORDED,
        form="dots",
        unit="percent",
        labels={"group": "Facility", "value": "Readmission rate", "numerator": "Flagged",
                "n": "With a flag", "cases": "episodes with a flag of readmission"},
        kpis=("PF13",),
        note="The source does not say what its flag counts: this is another measure than"
             f" unplanned readmission. {CRUDE}",
    ),
    Chart(
        "mortality-by-facility",
        "outcomes",
        title="In-hospital mortality by facility",
        subtitle="Deaths in hospital among separations whose end is known, by month of separation",
        cube="episodes",
        by=("facility_id",),
        measure=MORTALITY,
        form="dots",
        unit="percent",
        labels={"group": "Facility", "value": "Mortality", "numerator": "Deaths",
                "n": "Separations", "cases": "separations whose end is known"},
        kpis=("PF11",),
        note=CRUDE,
        shareable={"cube": "mortality_places", "unit": "whole_percent",
                   "measure": ready("mortality_rate"), "extra": ("deaths",),
                   "labels": {"group": "Facility", "value": "Mortality", "deaths": "Deaths",
                              "cases": "separations whose end is known"}},
    ),
    Chart(
        "mortality-expected",
        "outcomes",
        title="Deaths for every one expected, by facility",
        subtitle="Observed over expected deaths in hospital; 1 is as expected from like patients",
        cube="mortality_places",
        by=("facility_id",),
        measure=ratio_of("separations_with_disposition"),
        form="dots",
        unit="score",
        labels={"group": "Facility", "value": "Observed to expected",
                "n": "Separations whose end is known", "cases": "separations",
                "expected_deaths": "Expected|score", "deaths": "Deaths"},
        extra=("deaths", "expected_deaths"),
        kpis=("PF12",),
        reference=1.0,
        headline="against",
        words={
            "within": "None of {all} facilities compared has more or fewer deaths than expected"
                      " beyond chance",
            "named": "{names} times the deaths expected, beyond chance: {outside} of {all}"
                     " facilities compared; chance alone names about one in twenty",
            "outside": "{outside} of {all} facilities compared: deaths differ from what is"
                       " expected; chance alone names about one in twenty",
        },
        note=f"Adjusted only for what the definition names, which is little. {REPORTED_FROM}",
        shareable={"measure": given("", **RATIO)},
    ),
    Chart(
        "success-by-treatment",
        "outcomes",
        title="Recorded success by treatment: care episodes",
        subtitle="Episodes recorded as a success among those with a known outcome",
        cube="care_outcomes",
        by=("treatment",),
        measure=SUCCESS,
        form="dots",
        unit="percent",
        labels={**SUCCESS_LABELS, "cases": "care episodes"},
        kpis=("CA05",),
        note=CHOSEN,
        shareable=SUCCESS_SHAREABLE,
    ),
    Chart(
        "response-by-treatment",
        "outcomes",
        title="Response by treatment: cancer registry",
        subtitle="Cases with a complete or partial response among those that can be evaluated",
        cube="registry_outcomes",
        by=("treatment",),
        measure=SUCCESS,
        form="dots",
        unit="percent",
        labels={**SUCCESS_LABELS, "value": "Response rate", "numerator": "Responses",
                "cases": "cases of the cancer registry"},
        kpis=("CA05",),
        note=CHOSEN,
        shareable=RESPONSE_SHAREABLE,
    ),
    *(
        Chart(
            chart_id,
            "outcomes",
            title=title,
            subtitle="Share of cases of the cancer registry, by month of diagnosis",
            cube=cube,
            by=(by,),
            fixed=fixed,
            measure=share("cases"),
            form="bars",
            unit="percent",
            headline="largest",
            words={"largest": largest},
            labels={"group": group, "value": "Share", "numerator": "Cases", "n": "Of",
                    "cases": "cases of the cancer registry"},
            kpis=("CA01",),
            shareable={"measure": ready("share", "cases", n_is_part=True), "unit": "whole_percent",
                       "labels": {"group": group, "value": "Share", "n": "Cases",
                                  "cases": "cases of the cancer registry"}},
        )
        for chart_id, title, group, cube, by, fixed, largest in (
            ("cancer-types", "Cancer cases by type", "Type", "cancer_cases", "value",
             {"dimension": "cancer_type"}, "{label} is the most frequent type of cancer: {value}"),
            ("cancer-hospitals", "Cancer cases by hospital", "Hospital", "cancer_facilities",
             "facility_id", {}, "{label} has the most cancer cases: {value}"),
            ("cancer-treatments", "Cancer cases by treatment", "Treatment", "cancer_cases",
             "value", {"dimension": "treatment"},
             "{label} is the most frequent cancer treatment: {value}"),
            ("cancer-outcomes", "Cancer cases by outcome", "Outcome", "cancer_cases", "value",
             {"dimension": "outcome"}, "{label} is the most frequent outcome: {value}"),
        )
    ),
)  # fmt: skip
