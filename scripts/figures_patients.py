"""Figures about patients: who they are, by age and gender.

Usage: imported by plot_figures.py; nothing to run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import figure_headlines as headlines
from figure_headlines import Estimate
from figure_registry import Marts, figure
from figure_style import BODY, COMMON, GREY, NAVY, SMALL, TEAL, TEAL_TEXT, Page, text_width


@dataclass(frozen=True)
class Population:
    """Whose age and gender a pyramid shows: a source system, and its words."""

    system: str
    subtitle: str
    note: str
    no_data: str


@figure("P-01", "kpi_patient_demographics", "fct_appointments")
def patients_gender_age(marts: Marts) -> Page:
    """Registered patients by age band and gender."""
    _, _, data_to = marts.dates()
    registered = Population(
        system="hospital_ops",
        subtitle="Registered patients by gender and age band, age at the end of the data, "
        "all branches",
        note="patients, with or without an appointment. A person registered twice "
        "counts twice: people are never merged by name.",
        no_data="no patient of hospital operations is in the extract.",
    )
    return gender_age_pyramid(marts, "P-01", registered, data_to)


def gender_age_pyramid(
    marts: Marts, figure_id: str, population: Population, data_to: date | None
) -> Page:
    """Patients by age band, women to the left and men to the right, others as numbers."""
    bands = marts.rows(f"""
        with cells as (
            select split_part(value, ' ', 1) as band, split_part(value, ' ', 2) as gender, patients
            from marts.kpi_patient_demographics
            where source_system = '{population.system}' and dimension = 'age_band_by_gender'
        )
        select band,
            cast(coalesce(sum(patients) filter (where gender = 'female'), 0) as bigint) as female,
            cast(coalesce(sum(patients) filter (where gender = 'male'), 0) as bigint) as male,
            cast(coalesce(sum(patients) filter (where gender = 'other'), 0) as bigint) as other,
            cast(coalesce(sum(patients) filter (where gender = 'unknown'), 0) as bigint)
                as not_known
        from cells
        group by band
        order by band = 'unknown', band desc
    """)
    genders = {
        row.value: row
        for row in marts.rows(f"""
            select value, patients, all_patients, round(100 * share_low, 2) as low,
                round(100 * share_high, 2) as high, format('{{:.0f}}%', 100 * share) as whole,
                format('{{:.1f}}% ({{:.1f}} to {{:.1f}})', 100 * share, 100 * share_low,
                    100 * share_high) as label
            from marts.kpi_patient_demographics
            where source_system = '{population.system}' and dimension = 'gender'
            order by value
        """)
    }
    n = max((row.all_patients for row in genders.values()), default=0)
    pitch = 0.205
    page = Page(
        figure_id,
        headline=headlines.patients_gender_age(
            [
                Estimate(value, row.low, row.high, row.patients, row.whole)
                for value, row in genders.items()
                if value != "unknown"
            ],
            n,
        )
        if bands
        else "Patients by age and gender",
        subtitle=population.subtitle,
        notes=[f"n = {n:,} {population.note} Brackets: 95% Wilson intervals."],
        mart="kpi_patient_demographics",
        data_to=data_to,
        body=pitch * len(bands) + 0.62,
        no_data=None if bands else population.no_data,
        alt="Population pyramid of patients: "
        + "; ".join(f"{value} {row.patients:,}, {row.label}" for value, row in genders.items()),
        n=n,
    )
    if page.is_empty:
        return page
    side, middle, right_from = 2.75, 0.85, 2.75 + 0.85
    height = pitch * len(bands)
    largest = max(max(row.female, row.male) for row in bands)
    room = 0.14 + text_width(f"{largest:,}", 9)  # for the number beside the longest bar
    axes = {
        "female": page.axes(0, 0, side, height),
        "male": page.axes(right_from, 0, side, height),
    }
    scale = largest * side / (side - room)
    axes["female"].set_xlim(scale, 0)
    axes["male"].set_xlim(0, scale)
    for gender, ax in axes.items():
        ax.set_ylim(len(bands), 0)
        ax.axis("off")
        colour = TEAL if gender == "female" else NAVY
        ax.barh(
            [place + 0.5 for place in range(len(bands))],
            [getattr(row, gender) for row in bands],
            height=0.78,
            color=colour,
        )
    columns = {
        column: x
        for column, x in (("other", 7.25), ("not_known", BODY - 0.05))
        if any(getattr(row, column) for row in bands)
    }
    for place, row in enumerate(bands):
        y = height - pitch * (place + 0.5)
        band = "not known" if row.band == "unknown" else row.band.replace("-", "–")
        page.text(side + middle / 2, y, band, ha="center", size=9.5, color=GREY)
        for gender, sign, edge in (("female", -1, side), ("male", 1, right_from)):
            count = getattr(row, gender)
            x = edge + sign * ((side - room) * count / largest + 0.06)
            page.text(x, y, f"{count:,}", ha="right" if sign < 0 else "left", size=9, color=GREY)
        for column, x in columns.items():
            page.text(x, y, f"{getattr(row, column):,}", ha="right", size=9, color=GREY)
    top = height + 0.3
    titles = [
        ("female", "Female", side, "right", TEAL_TEXT),
        ("male", "Male", right_from, "left", NAVY),
    ]
    if "other" in columns:
        titles.append(("other", "Other", columns["other"], "right", GREY))
    if "not_known" in columns:
        titles.append(("unknown", "Not known", columns["not_known"], "right", GREY))
    for value, title, x, align, colour in titles:
        row = genders.get(value)
        words = row.label if row else "none"
        if row and value not in ("female", "male"):
            words = f"{row.patients:,}"
        page.text(x, top + 0.1, title, ha=align, weight="bold", size=11, color=colour)
        page.text(x, top - 0.09, words, ha=align, size=SMALL, color=GREY)
    page.text(side + middle / 2, top + 0.1, "Age", ha="center", size=9.5, color=GREY)
    page.line([side, side], [0, height], color=COMMON, lw=1)
    page.line([right_from, right_from], [0, height], color=COMMON, lw=1)
    return page
