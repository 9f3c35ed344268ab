"""Figures about experience: patients' satisfaction by department, psychological safety of teams.

Usage: imported by plot_figures.py; nothing to run.
"""

from __future__ import annotations

import figure_headlines as plain
import figure_headlines_outcomes as headlines
from figure_headlines import Estimate
from figure_headlines_outcomes import Spread, Team
from figure_registry import MINIMUM_N, Marts, figure
from figure_style import (
    BODY,
    COMMON,
    GREY,
    GRID,
    HEAT,
    HIGH,
    INK,
    LOW,
    NAVY,
    SMALL,
    TEXT,
    Page,
    ellipsis,
    label_width,
    period_text,
    text_on,
    text_width,
    wrap,
)
from figures_outcomes import care_dates, inner_ticks

NO_SCORE = f"fewer than {MINIMUM_N} care episodes have a satisfaction score from 0 to 10."
SCALE = "0 to 10, higher is better"
MOST_DEPARTMENTS, MOST_FACILITIES, MOST_TEAMS = 12, 10, 36
FEW_FOR_SPREAD = 30  # below this the interval of an SD is too short (has_few_responses)
DEPARTMENT = """
    case
        when {table}.department_id = 'all' then 'All departments'
        when {table}.department_id = 'unknown' then 'Not known'
        else coalesce(nullif(trim(departments.name), ''), {table}.department_id)
    end as department"""
FACILITY = """
    case
        when {table}.facility_id = 'all' then 'All'
        when {table}.facility_id = 'unknown' then 'Not known'
        else coalesce(nullif(trim(facilities.name), ''), {table}.facility_id)
    end as facility"""


@figure("X-01", "kpi_satisfaction_overall", "dim_departments", "dim_facilities", "fct_episodes")
def satisfaction_heat_map(marts: Marts) -> Page:
    """Mean satisfaction of every department at every facility, with n."""
    first, last = care_dates(marts)
    cells = marts.rows(f"""
        select satisfaction.department_id, satisfaction.facility_id,
            {DEPARTMENT.format(table="satisfaction")}, {FACILITY.format(table="satisfaction")},
            satisfaction.responses, round(satisfaction.mean_score, 3) as mean,
            round(satisfaction.mean_score_low, 3) as low,
            round(satisfaction.mean_score_high, 3) as high,
            format('{{:.1f}}', satisfaction.mean_score) as label
        from marts.kpi_satisfaction_overall as satisfaction
        left join marts.dim_departments as departments
            on departments.department_id = satisfaction.department_id
        left join marts.dim_facilities as facilities
            on facilities.facility_id = satisfaction.facility_id
        where satisfaction.responses > 0
        order by satisfaction.responses desc, satisfaction.department_id, satisfaction.facility_id
    """)
    grid = {(cell.department_id, cell.facility_id): cell for cell in cells}
    whole = grid.get(("all", "all"))
    n = whole.responses if whole else 0
    rows = [c for c in cells if c.facility_id == "all" and c.department_id != "all"]
    known = [c for c in rows if c.department_id != "unknown"]
    enough = [row for row in known if row.responses >= MINIMUM_N]
    shown = sorted(enough[:MOST_DEPARTMENTS], key=lambda c: (-c.mean, c.department_id))
    columns = [
        c
        for c in cells
        if c.department_id == "all"
        and c.facility_id not in ("all", "unknown")
        and c.responses >= MINIMUM_N
    ]
    facilities = sorted(columns[:MOST_FACILITIES], key=lambda c: (c.facility, c.facility_id))
    row_height, header = 0.46, 0.66
    apart = {
        "department": len(rows) - len(shown),
        "facility": sum(c.department_id == "all" and c.facility_id != "all" for c in cells)
        - len(facilities),
    }
    plural = {"department": "departments", "facility": "facilities"}
    left_out = [
        f"{count:,} {what if count == 1 else plural[what]}"
        for what, count in apart.items()
        if count
    ]
    page = Page(
        "X-01",
        headline=headlines.satisfaction_heat_map(
            [Estimate(c.department, c.low, c.high, c.responses, c.label) for c in enough]
        ),
        subtitle=f"Mean satisfaction score ({SCALE}) by department and facility, "
        + period_text(first, last),
        notes=[
            f"n = {n:,} episodes with a score (small figures). Hatched: fewer than {MINIMUM_N} "
            "scores, too few for a mean. Departments in order of their mean over all facilities. "
            "Not adjusted for case mix; who did not answer is nowhere in it."
            + (
                f" Not drawn, but in the totals: {' and '.join(left_out)} with few scores or "
                "without a known name."
                if left_out
                else ""
            )
        ],
        mart="kpi_satisfaction_overall",
        data_to=last,
        body=header + row_height * (len(shown) + 1) + 0.12,
        no_data=None if shown and n >= MINIMUM_N else NO_SCORE,
        alt="Heat map of mean satisfaction by department and facility; over all facilities: "
        + "; ".join(f"{plain.short(c.department)} {c.label}, n {c.responses:,}" for c in shown),
        n=n,
    )
    if page.is_empty:
        return page
    names = max(
        label_width([c.department for c in shown], 1.6),
        text_width("All departments", TEXT, "bold") + 0.02,
    )
    left, total_width = names + 0.15, 0.72
    table = BODY - left - total_width - 0.12
    cell_width = min(1.35, table / max(len(facilities), 1))
    total_left = left + cell_width * len(facilities) + 0.12
    means = [
        cell.mean
        for cell in cells
        if cell.responses >= MINIMUM_N
        and cell.department_id in {c.department_id for c in shown}
        and cell.facility_id in {c.facility_id for c in facilities} | {"all"}
    ]
    scale = _at_least_a_point(min(means), max(means))
    top = page.body - header
    places = [(facility, left + cell_width * i) for i, facility in enumerate(facilities)]
    for facility, x in places:
        lines = wrap(facility.facility, cell_width - 0.1, SMALL, lines=3)
        for place, words in enumerate(lines):
            y = top + 0.1 + 0.15 * (len(lines) - 1 - place)
            page.text(x + cell_width / 2, y, words, size=SMALL, color=GREY, ha="center")
    page.text(total_left + total_width / 2, top + 0.1, "All", weight="bold", ha="center")
    for place, row in enumerate(shown):
        bottom = top - row_height * (place + 1)
        name = ellipsis(row.department, names)
        page.text(names, bottom + row_height / 2, name, ha="right")
        for facility, x in places:
            box = (x, bottom, cell_width, row_height)
            _cell(page, grid.get((row.department_id, facility.facility_id)), box, scale)
        _cell(page, row, (total_left, bottom, total_width, row_height), scale)
    page.text(names, row_height / 2, "All departments", ha="right", weight="bold")
    for facility, x in places:
        _cell(page, facility, (x, 0, cell_width, row_height), None)
    _cell(page, whole, (total_left, 0, total_width, row_height), None)
    return page


def _at_least_a_point(low: float, high: float) -> tuple[float, float]:
    """Ends of the colours: a range below one point must not look like black and white."""
    middle = (low + high) / 2
    return min(low, middle - 0.5), max(high, middle + 0.5)


def _cell(page: Page, cell, box: tuple[float, ...], scale: tuple[float, float] | None) -> None:
    """Mean and n on the colour of the mean; hatched where n is small; a total has no colour."""
    x, y, width, height = box
    centre = x + width / 2
    if cell is None:
        page.text(centre, y + height / 2, "none", ha="center", size=SMALL, color=GREY)
        return
    inner = (x + 0.02, y + 0.02, width - 0.04, height - 0.04)
    ink = grey = INK
    if cell.responses < MINIMUM_N:
        page.rectangle(*inner, "white", edgecolor="#C3CCD4", hatch="////", lw=0)
        words = f"n = {cell.responses:,}"
        page.rectangle(centre - 0.22, y + height / 2 - 0.09, 0.44, 0.18, "white")
        page.text(centre, y + height / 2, words, ha="center", size=8, color=GREY)
        return
    if scale is not None:
        low, high = scale
        colour = HEAT(0.999 * (cell.mean - low) / (high - low))
        page.rectangle(*inner, colour)
        ink = grey = text_on(colour)
    page.text(centre, y + height * 0.66, cell.label, ha="center", weight="bold", size=11, color=ink)
    page.text(centre, y + height * 0.28, f"{cell.responses:,}", ha="center", size=8, color=grey)


@figure("X-02", "kpi_satisfaction_overall", "dim_departments", "fct_episodes")
def satisfaction_spread(marts: Marts) -> Page:
    """How much scores differ within a department: SD with interval, against all others."""
    first, last = care_dates(marts)
    rows = marts.rows(f"""
        select satisfaction.department_id, {DEPARTMENT.format(table="satisfaction")},
            satisfaction.responses, satisfaction.has_few_responses,
            round(satisfaction.mean_score, 3) as mean,
            round(satisfaction.mean_score_low, 3) as mean_low,
            round(satisfaction.mean_score_high, 3) as mean_high,
            format('{{:.1f}}', satisfaction.mean_score) as mean_text,
            round(satisfaction.sd, 4) as sd, round(satisfaction.sd_low, 4) as sd_low,
            round(satisfaction.sd_high, 4) as sd_high,
            format('{{:.2f}}', satisfaction.sd) as sd_text,
            format('{{:.2f}} to {{:.2f}}', satisfaction.sd_low, satisfaction.sd_high)
                as sd_interval,
            round(satisfaction.sd_ratio_low, 4) as ratio_low,
            round(satisfaction.sd_ratio_high, 4) as ratio_high,
            format('{{:.2f}}', satisfaction.sd_ratio) as ratio_text,
            -- a third decimal where two would hide on which side of 1 a bound lies
            case
                when least(abs(satisfaction.sd_ratio_low - 1), abs(satisfaction.sd_ratio_high - 1))
                    < 0.005
                    then format('{{:.3f}} to {{:.3f}}', satisfaction.sd_ratio_low,
                        satisfaction.sd_ratio_high)
                else format('{{:.2f}} to {{:.2f}}', satisfaction.sd_ratio_low,
                    satisfaction.sd_ratio_high)
            end as ratio_interval,
            round(satisfaction.relative_variance, 5) as relative_variance,
            format('{{:.1f}}%', 100 * satisfaction.relative_variance) as relative_text,
            format('{{:.2f}}', sqrt(satisfaction.tau_squared)) as between_text
        from marts.kpi_satisfaction_overall as satisfaction
        left join marts.dim_departments as departments
            on departments.department_id = satisfaction.department_id
        where satisfaction.facility_id = 'all'
            and satisfaction.responses > 0
        order by satisfaction.responses desc, satisfaction.department_id
    """)
    whole = next((row for row in rows if row.department_id == "all"), None)
    departments = [r for r in rows if r.department_id not in ("all", "unknown")]
    enough = [r for r in departments if r.responses >= MINIMUM_N and r.sd_low is not None]
    shown = sorted(enough[:MOST_DEPARTMENTS], key=lambda r: (r.sd, r.department_id))
    apart = len(rows) - bool(whole) - len(shown)
    n = whole.responses if whole else 0
    row_height, header = 0.44, 0.52
    page = Page(
        "X-02",
        headline=headlines.satisfaction_spread(
            [
                Spread(
                    Estimate(r.department, r.sd_low, r.sd_high, r.responses, r.sd_text),
                    r.ratio_low,
                    r.ratio_high,
                    r.ratio_text,
                    r.relative_variance,
                )
                for r in enough
                if not r.has_few_responses
            ]
        ),
        subtitle=f"Satisfaction score ({SCALE}): mean and standard deviation (SD) by department, "
        + period_text(first, last),
        notes=[
            f"n = {n:,} episodes with a score. Lines and small figures: 95% intervals (t; for "
            "SDs with the kurtosis of the scores). SD ratio: against all other departments "
            "together; in colour where its interval excludes 1, as one in twenty does by chance. "
            "Relative variance: variance as a share of the largest that this mean allows, since a "
            "bounded scale shrinks any spread near its ends. Between facilities: SD of the "
            "facilities’ true means (DerSimonian and Laird)."
            + (
                " Hollow: fewer than "
                f"{FEW_FOR_SPREAD} scores, so the interval is too short and nothing is concluded."
                if any(r.has_few_responses for r in shown)
                else ""
            ),
            *(
                [
                    f"Not drawn: {apart:,} with fewer than {MINIMUM_N} scores, without a known "
                    "name, or beyond the twelve largest."
                ]
                if apart
                else []
            ),
        ],
        mart="kpi_satisfaction_overall",
        data_to=last,
        body=header + row_height * len(shown) + 0.42,
        no_data=None if shown and n >= MINIMUM_N else NO_SCORE,
        alt="Dots with intervals of mean and standard deviation of satisfaction by department: "
        + "; ".join(
            f"{plain.short(r.department)} mean {r.mean_text}, SD {r.sd_text} ({r.sd_interval})"
            for r in shown
        ),
        n=n,
    )
    if page.is_empty:
        return page
    names = label_width([r.department for r in shown], 1.45)
    bottom, height = 0.42, row_height * len(shown)
    means, mean_width = names + 0.15, 1.15
    sds = means + mean_width + 0.55
    columns = {
        "SD ratio": BODY - 1.84,
        "Relative|variance": BODY - 0.92,
        "Between|facilities": BODY,
    }
    sd_width = columns["SD ratio"] - 0.75 - sds - 0.85
    axes = {}
    for name, left, width in (("mean", means, mean_width), ("sd", sds, sd_width)):
        ax = axes[name] = page.axes(left, bottom, width, height)
        ax.set_ylim(len(shown), 0)
        ax.set_yticks([])
    axes["mean"].set_xlim(*_room([b for r in shown for b in (r.mean_low, r.mean_high)]))
    axes["sd"].set_xlim(0, max(r.sd_high for r in shown) * 1.05)
    for name, most in (("mean", 3), ("sd", 5)):
        axes[name].locator_params(axis="x", nbins=most)
        inner_ticks(axes[name])
    top = bottom + height + 0.16
    page.text(means, top, "Mean", size=9.5, color=GREY)
    page.text(sds, top, "SD of the scores", size=9.5, color=GREY)
    for title, x in columns.items():
        lines = title.split("|")
        for place, words in enumerate(lines):
            y = top + 0.15 * (len(lines) - 1 - place)
            page.text(x, y, words, size=9.5, color=GREY, ha="right")
    for place, row in enumerate(shown):
        y = place + 0.5
        inches = bottom + height - row_height * y
        colour, hollow = NAVY, row.has_few_responses
        if not hollow and row.ratio_low is not None and row.ratio_high is not None:
            colour = LOW if row.ratio_high < 1 else HIGH if row.ratio_low > 1 else NAVY
        page.text(names, inches + 0.085, ellipsis(row.department, names), ha="right")
        page.text(
            names, inches - 0.105, f"n = {row.responses:,}", ha="right", size=SMALL, color=GREY
        )
        for name, tone in (("mean", COMMON), ("sd", colour)):
            low, high = getattr(row, f"{name}_low"), getattr(row, f"{name}_high")
            axes[name].hlines(y, low, high, color=tone, lw=2.2)
            axes[name].plot(
                getattr(row, name),
                y,
                "o",
                ms=7,
                mfc="white" if hollow else tone,
                mec=tone,
                mew=1.4,
                clip_on=False,
            )
        page.text(means + mean_width + 0.1, inches, row.mean_text, weight="bold", size=11)
        x = sds + sd_width + 0.1
        page.text(x, inches + 0.085, row.sd_text, weight="bold", size=11, color=colour)
        page.text(x, inches - 0.105, row.sd_interval, size=SMALL, color=GREY)
        for title, words, below in (
            ("SD ratio", row.ratio_text, row.ratio_interval),
            ("Relative|variance", row.relative_text, ""),
            ("Between|facilities", row.between_text, ""),
        ):
            strong = title == "SD ratio" and colour != NAVY
            page.text(
                columns[title],
                inches + (0.085 if below else 0),
                words or "–",
                ha="right",
                size=TEXT,
                weight="bold" if strong else "normal",
                color=colour if strong else INK,
            )
            page.text(columns[title], inches - 0.105, below, ha="right", size=SMALL, color=GREY)
    if whole and whole.sd is not None:
        x = sds + sd_width * whole.sd / axes["sd"].get_xlim()[1]
        page.line([x, x], [bottom, bottom + height], color=GREY, lw=1.2, ls=(0, (4, 3)))
        page.text(
            x, bottom + height + 0.31, f"all {whole.sd_text}", size=9.5, color=GREY, ha="center"
        )
    return page


def _room(values: list[float]) -> tuple[float, float]:
    """Limits of an axis around values, with a little room."""
    low, high = min(values), max(values)
    margin = 0.06 * (high - low) or 0.5
    return low - margin, high + margin


@figure(
    "T-01",
    "kpi_team_psychological_safety",
    "dim_departments",
    "dim_facilities",
    "fct_team_survey_responses",
)
def team_psychological_safety(marts: Marts) -> Page:
    """Psychological safety of every team in the latest survey, and whether members agree."""
    teams = marts.rows(f"""
        select safety.department_id, safety.is_reportable, safety.respondents,
            safety.facility_id = 'unknown' or safety.department_id = 'unknown' as is_nobody,
            {DEPARTMENT.format(table="safety")}, {FACILITY.format(table="safety")},
            round(safety.mean_score, 3) as mean, round(safety.mean_score_low, 3) as low,
            round(safety.mean_score_high, 3) as high,
            format('{{:.1f}}', safety.mean_score) as label,
            format('{{:.1f}} to {{:.1f}}', greatest(safety.mean_score_low, 1),
                least(safety.mean_score_high, 7)) as interval,
            safety.is_agreed, format('{{:.2f}}', safety.rwg) as rwg_text, safety.f_p_value,
            safety.teams_compared, format('{{:.2f}}', safety.icc1) as icc1_text,
            format('{{:.2f}}', safety.icc2) as icc2_text,
            format('{{:.2f}}', safety.cronbach_alpha) as alpha_text,
            case when safety.f_p_value < 0.001 then 'p < 0.001'
                else format('p = {{:.3f}}', safety.f_p_value) end as p_text
        from marts.kpi_team_psychological_safety as safety
        left join marts.dim_departments as departments
            on departments.department_id = safety.department_id
        left join marts.dim_facilities as facilities
            on facilities.facility_id = safety.facility_id
        where safety.survey_wave = (
            select max(survey_wave) from marts.kpi_team_psychological_safety
        )
        order by safety.mean_score desc nulls last, safety.department_id, safety.facility_id
    """)
    days = marts.row("""
        select min(survey_date) as first, max(survey_date) as last,
            count(distinct survey_wave) as waves
        from marts.fct_team_survey_responses
        where not is_future
            and survey_wave = (
                select max(survey_wave) from marts.kpi_team_psychological_safety
            )
    """)
    reportable = [team for team in teams if team.is_reportable]
    shown = reportable[-MOST_TEAMS:]
    small = sum(not team.is_reportable and not team.is_nobody for team in teams)
    one = teams[0] if teams else None
    n = sum(team.respondents for team in reportable)
    split = [team for team in reportable if team.is_agreed is False]
    notes = [
        f"n = {n:,} respondents in {len(reportable):,} teams with at least five. Edmondson’s "
        "seven items, three of them reversed. Lines: 95% intervals (t). Hollow: members do not "
        "agree (rwg below 0.7), so the mean describes nobody."
        + (f" Not shown: {small:,} teams with fewer than five respondents." if small else "")
        + (
            f" The {MOST_TEAMS} lowest of {len(reportable):,} teams."
            if len(reportable) > MOST_TEAMS
            else ""
        )
    ]
    if one and one.icc1_text:
        notes.append(
            f"ICC(1) {one.icc1_text} of the variance lies between teams ({one.p_text}, F test of "
            f"{one.teams_compared:,} teams with three or more); ICC(2) "
            f"{one.icc2_text or 'not estimable'}, the reliability of team means (0.7 is the "
            "convention)" + (f"; Cronbach’s alpha {one.alpha_text}." if one.alpha_text else ".")
        )
    pitch = 0.255
    page = Page(
        "T-01",
        headline=headlines.team_psychological_safety(
            [Team(t.department, t.low, t.high, t.is_agreed) for t in reportable],
            one.f_p_value if one else None,
            len(split),
        ),
        subtitle="Psychological safety (1 = lowest, 7 = highest), mean by team, latest survey, "
        + period_text(days.first, days.last),
        notes=notes,
        mart="kpi_team_psychological_safety",
        data_to=days.last,
        body=pitch * len(shown) + 0.72,
        no_data=None
        if shown
        else "no team has five respondents who answered at least five of the seven questions.",
        alt="Dots with intervals of mean psychological safety by team: "
        + "; ".join(
            f"{plain.short(t.department)}, {plain.short(t.facility)} {t.label}"
            + (" without agreement" if t.is_agreed is False else "")
            for t in shown
        ),
        n=n,
    )
    if page.is_empty:
        return page
    departments = label_width([t.department for t in shown], 1.4, 9.5)
    facilities = label_width([t.facility for t in shown], 1.9, 9.5)
    left = departments + facilities + 0.35
    bottom, height, width = 0.4, pitch * len(shown), BODY - left - 1.85
    ax = page.axes(left, bottom, width, height)
    ax.set(xlim=(1, 7), ylim=(len(shown), 0))
    ax.set_yticks([])
    ax.set_xticks(range(1, 8))
    ax.grid(axis="x", color=GRID, lw=1)
    page.text(left, 0.02, "Mean score of the team", size=9.5, color=GREY)
    top = page.body - 0.12
    right = left + width
    page.text(right + 0.15, top, "Mean (interval)", size=9.5, color=GREY)
    page.text(BODY - 0.42, top, "n", size=9.5, color=GREY, ha="right")
    page.text(BODY, top, "rwg", size=9.5, color=GREY, ha="right")
    for place, team in enumerate(shown):
        y = place + 0.5
        inches = bottom + height - pitch * y
        agreed = team.is_agreed is not False
        colour = NAVY if agreed else COMMON
        page.text(0, inches, ellipsis(team.department, departments, 9.5), size=9.5)
        name = ellipsis(team.facility, facilities, 9.5)
        page.text(departments + 0.15, inches, name, size=9.5, color=GREY)
        if team.low is not None:
            style = "-" if agreed else (0, (3, 2))
            ax.hlines(y, team.low, team.high, color=colour, lw=2, ls=style)
        ax.plot(
            team.mean,
            y,
            "o",
            ms=7,
            mfc=colour if agreed else "white",
            mec=colour,
            mew=1.6,
            clip_on=False,
            zorder=3,
        )
        page.text(
            right + 0.15,
            inches,
            team.label,
            weight="bold" if agreed else "normal",
            size=10,
            color=INK if agreed else GREY,
        )
        page.text(right + 0.42, inches, team.interval, size=SMALL, color=GREY)
        page.text(BODY - 0.42, inches, f"{team.respondents:,}", size=9.5, ha="right", color=GREY)
        page.text(
            BODY,
            inches,
            team.rwg_text or "–",
            size=9.5,
            ha="right",
            color=GREY if agreed else HIGH,
            weight="normal" if agreed else "bold",
        )
    return page
