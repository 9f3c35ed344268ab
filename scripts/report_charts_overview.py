"""Cubes and tiles of care episodes, and the control charts that give every tile its icon.

Usage: imported by build_report.py; nothing to run.
"""

from __future__ import annotations

from report_registry import (
    Cube,
    Measure,
    Tile,
    add_cubes,
    add_tiles,
    count,
    given,
    mean,
    rate,
)

# The control charts that tiles point to; one of two source systems is named with its system
CONTROLLED = (
    "AP01", "AP02", "AP03", "AP10", "ED01", "EX01", "FN01", "FN02 care_episodes",
    "FN02 hospital_ops", "FN07", "PF01", "PF02", "PF07", "PF11", "PF13",
)  # fmt: skip
MONTHS_SHOWN = 36
LEAST_MONTHS = 13  # of a network so large that all months of all series are too many
MOST_POINTS = 36_000

EPISODE_MEASURES = (
    "episodes", "emergency_visits", "icu_episodes", "stays_measured", "stay_days", "stay_squares",
    "separations", "separations_with_disposition", "deaths", "satisfaction_scores",
    "satisfaction_sum", "satisfaction_squares", "readmission_known", "readmissions_recorded",
    "index_stays", "readmissions",
)  # fmt: skip

add_cubes(
    Cube(
        "control",
        measures=("value", "mean", "lower_limit", "upper_limit"),
        # One series for each KPI and place: a month that is no finding (trial limits, rare events)
        # has neither limits nor a type, so that nothing on the page can take it for one
        internal=f"""
            with named as (
                select *,
                    case when kpi_id in ('FN02') then kpi_id || ' ' || source_system
                        else kpi_id end as kpi
                from marts.kpi_control_charts
                where facility_id = 'all' or department_id = 'all'
            ),
            numbered as (
                select *,
                    row_number() over (
                        partition by kpi, facility_id, department_id order by month desc
                    ) as months_before,
                    (select count(distinct (kpi, facility_id, department_id)) from named) as series
                from named
                where kpi in ({", ".join(f"'{name}'" for name in CONTROLLED)})
            )
            select kpi, facility_id, department_id, strftime(month, '%Y-%m') as month,
                cast(rebase_group as varchar) as phase,
                case when is_reportable then point_type else 'common_cause' end as point_type,
                case when is_trial_limits then 'trial' when is_rare then 'rare'
                    else variation end as variation,
                coalesce(assurance, 'none') as assurance,
                value,
                case when is_reportable then mean end as mean,
                case when is_reportable then lower_limit end as lower_limit,
                case when is_reportable then upper_limit end as upper_limit
            from numbered
            where months_before <= greatest(
                {LEAST_MONTHS}, least({MONTHS_SHOWN}, {MOST_POINTS} // series)
            )
        """,
        additive=False,
        holds="control charts",
    ),
    Cube(
        "episodes",
        measures=EPISODE_MEASURES,
        internal=f"""
            select facility_id, department_id, strftime(month, '%Y-%m') as period,
                {", ".join(EPISODE_MEASURES)}
            from marts.report_episodes
        """,
        holds="care episodes",
    ),
    # The shareable edition has the whole of a month, or the whole period of a department
    Cube(
        "episode_months",
        measures=("episodes",),
        internal=None,
        shareable="""
            select strftime(month, '%Y-%m') as period, episodes
            from marts.kpi_patient_volume_monthly
        """,
        holds="care episodes",
    ),
    Cube(
        "episode_departments",
        measures=(
            "episodes", "share", "share_low", "share_high", "stay", "stay_low", "stay_high",
            "readmission_rate", "readmission_rate_low", "readmission_rate_high",
        ),
        internal=None,
        shareable="""
            select department_id, episodes, share, share_low, share_high,
                mean_length_of_stay_aihw_days as stay,
                mean_length_of_stay_aihw_days_low as stay_low,
                mean_length_of_stay_aihw_days_high as stay_high,
                readmission_rate, readmission_rate_low, readmission_rate_high
            from marts.kpi_department_activity
        """,
        additive=False,
        shareable_totals=("department_id",),
        holds="care episodes",
    ),
    Cube(
        "emergency_months",
        measures=("visits",),
        internal=None,
        shareable="""
            select strftime(month, '%Y-%m') as period, visits from marts.kpi_emergency_monthly
        """,
        holds="emergency visits",
    ),
)  # fmt: skip

STAY = mean("stay_days", "stay_squares", "stays_measured")
READMISSION = rate(["readmissions"], ["index_stays"])
RECORDED = rate(["readmissions_recorded"], ["readmission_known"])
MORTALITY = rate(["deaths"], ["separations_with_disposition"])
SUCCESS = rate(["successes"], ["evaluable"])
SATISFACTION = mean("satisfaction_sum", "satisfaction_squares", "satisfaction_scores")


def ready(name: str, n: str = "", n_is_part: bool = False) -> Measure:
    """A number of the shareable edition with its interval, as its mart has it."""
    return given(n, n_is_part, value=name, low=f"{name}_low", high=f"{name}_high")


add_tiles(
    Tile("episodes", "Care episodes", "episodes", count("episodes"), "count", ("PF01",),
         "more", "fewer", line="episodes a day", line_unit="score",
         shareable={"cube": "episode_months"}),
    Tile("length-of-stay", "Mean length of stay", "episodes", STAY, "days", ("PF02",),
         "longer", "shorter",
         shareable={"cube": "episode_departments", "measure": ready("stay")}),
    Tile("readmission", "30-day unplanned readmission", "episodes", READMISSION, "percent",
         ("PF07",), "higher", "lower", note="Crude: not adjusted for who was admitted.",
         open_months="the 30 days of follow-up after their stays are not over",
         shareable={"cube": "readmission_places", "unit": "whole_percent",
                    "measure": ready("readmission_rate")}),
    Tile("readmission-recorded", "Readmission as recorded", "episodes", RECORDED, "percent",
         ("PF13",), "higher", "lower", fallback_of="readmission",
         note="The source's own flag: it does not say what it counts.",
         shareable={"cube": "episode_departments", "unit": "whole_percent",
                    "measure": ready("readmission_rate")}),
    Tile("mortality", "In-hospital mortality", "episodes", MORTALITY, "percent", ("PF11",),
         "higher", "lower", note="Crude: not adjusted for who was admitted.",
         shareable={"cube": "mortality_places", "unit": "whole_percent",
                    "measure": ready("mortality_rate")}),
    Tile("satisfaction", "Mean satisfaction, 0 to 10", "episodes", SATISFACTION, "score",
         ("EX01",), "higher", "lower",
         shareable={"cube": "satisfaction_places",
                    "measure": ready("mean_score", "responses")}),
    Tile("emergency", "Emergency visits", "episodes", count("emergency_visits"), "count",
         ("ED01",), "more", "fewer", line="visits each month",
         shareable={"cube": "emergency_months", "measure": count("visits")}),
    Tile("cancer-cases", "Cancer cases", "cancer_facilities", count("cases"), "count", ("CA01",),
         "more", "fewer", control=(), shareable={"cube": "cancer_whole"}),
    Tile("cancer-response", "Response to cancer treatment", "registry_outcomes", SUCCESS,
         "percent", ("CA05",), "higher", "lower", control=(),
         note="Of cases that can be evaluated; not adjusted for the stage of the illness.",
         shareable={"cube": "cancer_whole", "unit": "whole_percent",
                    "measure": ready("success_rate")}),
)  # fmt: skip
