"""Cubes, charts and tiles about patients: who they are.

Usage: imported by build_report.py; nothing to run.

A patient is counted in each source: nothing links the patients of one source to those of another,
and the numbers of patients of two sources do not add up.
"""

from __future__ import annotations

from report_registry import (
    LABELS,
    NOT_HELD,
    Chart,
    Cube,
    Tile,
    add_charts,
    add_cubes,
    add_tiles,
    count,
    given,
    rate,
    share,
)

SOURCES = {
    "hospital_ops": "Appointments",
    "care_episodes": "Care episodes",
    "cancer_registry": "Cancer registry",
}
COUNTED = {
    "hospital_ops": "Patients with appointments",
    "care_episodes": "Patients with care episodes",
    "cancer_registry": "Patients in the cancer registry",
}
GENDERS = ("female", "male", "other", "unknown")
ONCE = "a patient counts once: those of two months or departments would be counted twice"

LABELS["source_system"] = SOURCES

add_cubes(
    Cube(
        "patients",
        measures=("patients",),
        internal="""
            select source_system, facility_id, dimension,
                case when dimension = 'age_band_by_gender' then split_part(value, ' ', 1)
                    else value end as value,
                case when dimension = 'age_band_by_gender' then split_part(value, ' ', 2)
                    else '' end as gender,
                patients
            from marts.report_patients
            union all
            select source_system, facility_id, 'all', 'all', '', sum(patients)
            from marts.report_patients where dimension = 'gender'
            group by source_system, facility_id
        """,
        shareable="""
            select source_system, dimension, value, '' as gender, patients, share, share_low,
                share_high
            from marts.kpi_patient_demographics
            union all
            select source_system, 'all', 'all', '',
                case when count(*) = count(patients) then sum(patients) end, null, null, null
            from marts.kpi_patient_demographics where dimension = 'gender'
            group by source_system
        """,
        additive=False,
        internal_totals=("facility_id",),
        shareable_measures=("patients", "share", "share_low", "share_high"),
        holds="patients",
        reasons={
            "department_id": ONCE,
            "doctor_id": ONCE,
            "period": f"it holds the whole period, as {ONCE}",
        },
    ),
)

READY = given("patients", n_is_part=True, value="share", low="share_low", high="share_high")
LABELS_OF_SHARES = {"second": "Source", "value": "Share", "numerator": "Patients",
                    "n": "Patients of the source", "cases": "patients"}  # fmt: skip
READY_LABELS = LABELS_OF_SHARES | {"n": "Patients"}
COUNTED_APART = "Sources are counted apart: nothing links their patients."  # of all facilities
EACH_SOURCE = (
    f"{COUNTED_APART} A facility's patients are all who"
    " were booked or seen there; one of two facilities counts at both."
)

add_tiles(
    Tile("first-attendances", "First attendances in these data", "appointments",
         rate(["first_attendances"], ["attended_by_known"]), "percent", (), "higher", "lower",
         section="patients", shareable=NOT_HELD,
         note=(
             "Of attended appointments of known patients, those that are the patient's first one in"
             " these data, at whatever place; the others are returns. A first one here need not be"
             " the first ever: the data do not reach back for ever, and their first months have"
             " the most."
         )),
    *(
        Tile(f"patients-{system.replace('_', '-')}", label, "patients", count("patients"),
             "count", (), "more", "fewer", section="patients",
             fixed={"dimension": "all", "source_system": system},
             shareable={} if system == "hospital_ops" else NOT_HELD)
        for system, label in COUNTED.items()
    ),
)  # fmt: skip


def _profile(dimension: str, title: str, group: str, note: str = "") -> Chart:
    """Shares of each source's patients by one thing."""
    return Chart(
        f"patients-by-{dimension}",
        "patients",
        title=title,
        subtitle="Share of each source's patients",
        cube="patients",
        by=("value", "source_system"),
        fixed={"dimension": dimension},
        within="source_system",
        measure=share("patients"),
        form="pairs",
        unit="percent",
        labels={"group": group, **LABELS_OF_SHARES},
        sequence=tuple(SOURCES),
        kpis=("DM01",),
        note=f"{note} {EACH_SOURCE}".strip(),
        shareable={
            "measure": READY,
            "labels": {"group": group, **READY_LABELS},
            "note": f"{note} {COUNTED_APART}".strip(),
        },
    )


def _pyramid(system: str, name: str) -> Chart:
    """Age by gender of one source's patients."""
    return Chart(
        f"patients-age-by-gender-{system.replace('_', '-')}",
        "patients",
        title=f"Age by gender: {name.lower()}",
        subtitle="Share of all patients of the source, by age band and gender",
        cube="patients",
        by=("value", "gender"),
        fixed={"dimension": "age_band_by_gender", "source_system": system},
        measure=share("patients"),
        form="pairs",
        unit="percent",
        labels={
            "group": "Age",
            "second": "Gender",
            "value": "Share",
            "numerator": "Patients",
            "n": "Patients of the source",
            "cases": "patients",
        },  # fmt: skip
        order="name",
        sequence=GENDERS,
        kpis=("DM01",),
        shareable=NOT_HELD,
    )


add_charts(
    Chart(
        "patients-by-gender",
        "patients",
        title="Gender of the patients",
        subtitle="Share of each source's patients",
        cube="patients",
        by=("source_system", "value"),
        fixed={"dimension": "gender"},
        within="source_system",
        measure=share("patients"),
        form="stack",
        unit="percent",
        labels={"group": "Source", **LABELS_OF_SHARES, "second": "Gender"},
        order="given",
        sequence=(*SOURCES, *GENDERS),
        kpis=("DM01",),
        note=EACH_SOURCE,
        shareable={
            "measure": READY,
            "labels": {"group": "Source", **READY_LABELS, "second": "Gender"},
            "note": COUNTED_APART,
        },
    ),
    _profile(
        "insurance", "Insurance of the patients", "Insurance",
        "Sources name insurance differently: some the insurer, some the kind.",
    ),
    _profile("region", "Where the patients live", "Region"),
    *(_pyramid(system, name) for system, name in SOURCES.items()),
)  # fmt: skip
