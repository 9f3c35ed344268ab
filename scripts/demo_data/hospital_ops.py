"""The demo's hospital operations system: its tables, its dirt, and the truths behind them.

Usage: imported by scripts/generate_demo_data.py; nothing to run.
"""

from demo_data import hospital_appointments as visits
from demo_data import hospital_dirt, hospital_slots
from demo_data import hospital_treatments as care
from demo_data.hospital_people import AS_OF, FACILITIES, doctors, patients
from demo_data.tables import Row, Table

BRANCH_SPELLINGS = {
    "D003": "Banksia Bay Hosp.",
    "D011": "Banksia Bay",
    "D026": "IRONBARK PLAINS HOSPITAL",
    "D033": "Kurrajong Valley clinic",
}


def build() -> tuple[list[Table], dict]:
    """Make the tables with their dirt, and the truths."""
    staff = doctors()
    people = patients()
    booked = visits.appointments(staff, people)
    given = care.treatments(booked)
    billed = care.bills(given)
    timetable = hospital_slots.slots(booked)
    spell_branches_differently(staff)
    tables = [people, staff, booked, given, billed, timetable]
    hospital_dirt.plant({table.name: table for table in tables})
    last_day = max(row.source.day for row in booked.rows if has_recorded_outcome(row))
    if (AS_OF - last_day).days != 1:
        raise ValueError(f"the last recorded outcome is on {last_day}, not the day before {AS_OF}")
    return tables, truths({table.name: table for table in tables})


def spell_branches_differently(staff: Table) -> None:
    """Write some branches in another spelling, which the code map knows."""
    for row in staff.rows:
        doctor_id = row.values["doctor_id"]
        row.values["hospital_branch"] = BRANCH_SPELLINGS.get(
            doctor_id, row.values["hospital_branch"]
        )


def has_recorded_outcome(row: Row) -> bool:
    """Find accepted appointments of which it is known whether the patient came."""
    states = {kind for kind, _, _ in row.marks}
    known = row.source is not None and row.source.outcome in ("attended", "no_show")
    return known and not states & {"rejected", "superseded", "repaired"}


def truths(tables: dict[str, Table]) -> dict:
    """State the true parameters, and how many rows carry them."""
    # By identity: a newer version of a row stands for the same appointment.
    booked = {id(row.source): row.source for row in tables["appointments"].rows if row.source}
    past = [one for one in booked.values() if one.day < AS_OF]
    due = [one for one in past if one.outcome in ("attended", "no_show")]
    backlog = [
        one
        for one in past
        if one.doctor.facility.name == visits.BACKLOG_FACILITY and one.day >= visits.BACKLOG_FROM
    ]
    return {
        "as_of_date": AS_OF.isoformat(),
        "first_day": visits.FIRST_DAY.isoformat(),
        "rows_per_file": {table.file_name: len(table.rows) for table in tables.values()},
        "facilities": [
            {
                "name": place.name,
                "region": place.region,
                "share_of_appointments": place.share,
                "doctors": len(place.specialties),
            }
            for place in FACILITIES
        ],
        "no_show": {
            "what": "logit P(no-show | not cancelled) = intercept + slope * lead days "
            "+ ln(odds ratio) from the start of text reminders on; the same at all facilities",
            "intercept": float(visits.NO_SHOW_LOG_ODDS),
            "slope_per_lead_day": float(visits.NO_SHOW_LOG_ODDS_PER_LEAD_DAY),
            "lead_days_percent": [
                {"from": low, "to": high, "percent": percent}
                for (low, high), percent in visits.LEAD_DAYS.items()
            ],
            "attended_or_no_show": len(due),
        },
        "reminders": {
            "from_date": visits.REMINDERS_FROM.isoformat(),
            "odds_ratio": float(visits.REMINDER_ODDS_RATIO),
            "facilities": "all",
            "attended_or_no_show_before": sum(one.day < visits.REMINDERS_FROM for one in due),
            "attended_or_no_show_from": sum(one.day >= visits.REMINDERS_FROM for one in due),
        },
        "cancellation": {
            "probability": visits.CANCELLED_PROBABILITY,
            "by_patient_probability": visits.CANCELLED_BY_PATIENT_PROBABILITY,
            "future_probability": visits.FUTURE_CANCELLED_PROBABILITY,
            "past_cancelled": sum(one.outcome == "cancelled" for one in past),
        },
        "caseload": {
            "what": "equal expected caseload of all doctors of a facility, but for one",
            "busy_doctor_id": visits.BUSY_DOCTOR,
            "factor": visits.BUSY_FACTOR,
            "past_appointments_of_busy_doctor": sum(
                one.doctor.doctor_id == visits.BUSY_DOCTOR for one in past
            ),
        },
        "backlog": {
            "what": "past appointments whose status stays Scheduled",
            "facility": visits.BACKLOG_FACILITY,
            "from_date": visits.BACKLOG_FROM.isoformat(),
            "probability": visits.BACKLOG_PROBABILITY,
            "probability_elsewhere": visits.FORGOTTEN_PROBABILITY,
            "past_appointments": len(backlog),
            "of_them_scheduled": sum(one.outcome == "scheduled" for one in backlog),
        },
        "peak": {
            "weekday_weights_from_monday": list(visits.WEEKDAY_WEIGHTS),
            "hour_weights": {str(hour): weight for hour, weight in visits.HOUR_WEIGHTS.items()},
            "peak_weekday": "Monday",
            "peak_hour": visits.PEAK_HOUR,
            "peak_factor": visits.PEAK_FACTOR,
        },
        "treatments": {
            "what": "log-normal costs; highest total and highest mean are different types",
            "highest_total": "Dialysis",
            "highest_mean": "Chemotherapy",
            "types": [
                {
                    "treatment_type": kind.name,
                    "percent": kind.share,
                    "mean_cost": float(kind.mean_cost),
                    "sigma_of_log": float(kind.sigma),
                }
                for kind in care.TREATMENT_TYPES
            ],
        },
        "no_difference": {
            "gender": "F and M equally likely",
            "payment_method": "the three methods equally likely",
            "paid_by_payment_method": "the share of bills that will be paid is the same",
        },
        "payment": {"fates_percent": care.FATES, "insured_fates_percent": care.INSURED_FATES},
        "slots": {
            "slots_from": min(row.source.start for row in tables["appointments"].rows if row.source)
            .date()
            .isoformat(),
            "unfilled_per_filled": hospital_slots.UNFILLED_PER_FILLED,
            "held_share": hospital_slots.HELD_SHARE,
        },
        "looks_like_dirt_but_is_not": looks_like_dirt(tables),
    }


def looks_like_dirt(tables: dict[str, Table]) -> dict:
    """Count what the models must leave alone."""
    times = [row.values["appointment_time"] for row in tables["appointments"].rows]
    texts = [row.values["description"] for row in tables["treatments"].rows]
    return {
        "specialization_none": "D024",
        "description_none_rows": texts.count("None"),
        "embedded_newline_rows": sum("\n" in text for text in texts),
        "times_without_leading_zero": sum(text[:2] in ("8:", "9:") for text in times),
        "absurd_future_date": hospital_dirt.ABSURD_DATE,
        "cancelled_times_filled_again": visits.REFILLED_TIMES,
        "branch_spellings": BRANCH_SPELLINGS,
    }
