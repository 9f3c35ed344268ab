"""The report's marts once more, each straight from the facts, one row an event.

Usage: imported by report_sql.py; nothing to run.

Each view has the columns of the mart of the same name; its rows need not be added up yet. Whoever
adds them up must get what the mart's rows give: so the marts are tested with the page.
"""

from __future__ import annotations

import duckdb

# distinct people do not add up: their view holds who they are, to be counted once each
DISTINCT = {"report_patient_counts": "patients"}

EPISODE = """
    select facility_id, department_id, date_trunc('month', {day}) as month, {columns}
    from marts.fct_episodes where not is_future and {condition}
"""
NUMBERS_OF_EPISODES = {
    ("episode_date", "true"): {
        "episodes": "1",
        "icu_episodes": "department_id = 'icu'",
        "costs_known": "cost is not null",
        "total_cost": "coalesce(cost, 0)",
        "cost_squares": "coalesce(cast(cost as double) * cast(cost as double), 0)",
        "evaluable": "is_success is not null",
        "successes": "coalesce(is_success, false)",
    },
    ("coalesce(separation_date, episode_date)", "true"): {
        "readmission_known": "is_readmitted_30d is not null",
        "readmissions_recorded": "coalesce(is_readmitted_30d, false)",
    },
    ("separation_date", "is_separation"): {
        "separations": "1",
        "separations_with_disposition": "is_death is not null",
        "deaths": "coalesce(is_death, false)",
        "stays_measured": "length_of_stay_aihw_days is not null",
        "stay_days": "coalesce(length_of_stay_aihw_days, 0)",
        "stay_squares": "coalesce(length_of_stay_aihw_days * length_of_stay_aihw_days, 0)",
    },
    ("coalesce(cast(arrived_at as date), episode_date)", "is_emergency_visit"): {
        "emergency_visits": "1",
    },
    ("episode_date", "satisfaction_score is not null"): {
        "satisfaction_scores": "1",
        "satisfaction_sum": "satisfaction_score",
        "satisfaction_squares": "satisfaction_score * satisfaction_score",
        "top_box": "satisfaction_score >= 9",
    },
}
# what the facts of the published file cannot tell: which stays count is decided before
FROM_THE_MART = ("index_stays", "readmissions")


def _episodes() -> str:
    names = [name for columns in NUMBERS_OF_EPISODES.values() for name in columns]
    parts = []
    for (day, condition), columns in NUMBERS_OF_EPISODES.items():
        made = [f"cast({columns.get(name, '0')} as double) as {name}" for name in names]
        zeros = [f"0 as {name}" for name in FROM_THE_MART]
        parts.append(
            EPISODE.format(day=day, condition=condition, columns=", ".join([*made, *zeros]))
        )
    zeros = [f"0 as {name}" for name in names]
    parts.append(
        f"select facility_id, department_id, month, {', '.join([*zeros, *FROM_THE_MART])}"
        " from marts.report_episodes"
    )
    return " union all ".join(parts)


LEAD_TIME = """
    case when lead_days = 0 then '00 days' when lead_days between 1 and 7 then '01-07 days'
        when lead_days between 8 and 14 then '08-14 days'
        when lead_days between 15 and 28 then '15-28 days'
        when lead_days between 29 and 42 then '29-42 days'
        when lead_days > 42 then '43+ days' else 'unknown' end
"""
SEGMENTS = {"lead_time": LEAD_TIME, "age_band": "age_band", "gender": "gender", "reason": "reason"}
CASES = (
    "cancer_type", "treatment", "outcome", "gender", "age_band", "region", "stage",
    "insurance_type",
)  # fmt: skip
DUE = """1 as due, cast(outcome = 'attended' as int) as attended,
    cast(outcome = 'no_show' as int) as no_shows"""
SEEN = "date_trunc('month', appointment_date) as month"

VIEWS = {
    "report_appointments": f"""
        select facility_id, department_id, doctor_id, {SEEN}, {DUE},
            cast(outcome = 'cancelled' as int) as cancelled,
            cast(outcome = 'unresolved' as int) as unresolved,
            cast(outcome = 'attended' and patient_key <> -1 as int) as attended_by_known,
            cast(appointment_key in (
                select arg_min(appointment_key, (appointment_date, appointment_key))
                from marts.fct_appointments where outcome = 'attended' and patient_key <> -1
                group by patient_key
            ) as int) as first_attendances,
            cast(lead_days is not null as int) as lead_known, coalesce(lead_days, 0) as lead_days
        from marts.fct_appointments where outcome <> 'future'
    """,
    "report_appointment_segments": " union all ".join(
        f"""select facility_id, department_id, {SEEN}, '{name}' as dimension, {value} as value,
            {DUE}
        from marts.fct_appointments where outcome <> 'future'"""
        for name, value in SEGMENTS.items()
    ),
    "report_appointment_hours": f"""
        select facility_id, department_id, {SEEN}, isodow(appointment_date) as weekday_number,
            appointment_hour as hour, {DUE}
        from marts.fct_appointments where outcome <> 'future' and appointment_hour is not null
    """,
    "report_treatments": """
        select treatments.facility_id, coalesce(doctors.department_id, 'unknown') as department_id,
            treatments.doctor_id, date_trunc('month', treatment_date) as month, treatment_type,
            1 as treatments, cast(cost is not null as int) as costs_known,
            coalesce(cost, 0) as total_cost,
            coalesce(cast(cost as double) * cast(cost as double), 0) as cost_squares
        from marts.fct_treatments as treatments
        left join marts.dim_doctors as doctors using (doctor_id)
        where not is_future
    """,
    "report_cost_bins": """
        with edges as (
            select distinct bin, lower_edge, upper_edge from marts.report_cost_bins
        )
        select treatments.facility_id, coalesce(doctors.department_id, 'unknown') as department_id,
            date_trunc('month', treatment_date) as month, treatment_type, bin, lower_edge,
            upper_edge, 1 as treatments
        from marts.fct_treatments as treatments
        left join marts.dim_doctors as doctors using (doctor_id)
        join edges on cast(cost as double) >= round(lower_edge, 6)
            and (cast(cost as double) < round(upper_edge, 6) or cost = lower_edge)
        where not is_future
    """,
    "report_bills": """
        select facility_id, date_trunc('month', bill_date) as month, payment_method, payment_status,
            1 as bills, cast(billed_amount is not null as int) as bills_with_amount,
            coalesce(billed_amount, 0) as billed_amount,
            case when billed_amount is null then 0 else coalesce(paid_amount, 0) end as paid_amount
        from marts.fct_bills where not is_future
    """,
    "report_episodes": _episodes(),
    "report_emergency_hours": """
        select facility_id, date_trunc('month', arrived_at) as month,
            isodow(arrived_at) as weekday_number, hour(arrived_at) as hour, 1 as visits
        from marts.fct_episodes
        where is_emergency_visit and not is_future and arrived_at is not null
    """,
    "report_treatment_outcomes": """
        with results as (
            select 'care_episodes' as source_system, facility_id, department_id,
                episode_date as day, treatment_type as treatment, is_success
            from marts.fct_episodes where not is_future
            union all
            select 'cancer_registry', facility_id, 'unknown', diagnosis_date, treatment,
                case when outcome in ('in_progress', 'unknown') then null
                    else outcome in ('complete_response', 'partial_response') end
            from marts.fct_cancer_cases where not is_future
        )
        select source_system, facility_id, department_id, date_trunc('month', day) as month,
            treatment, 1 as cases, cast(is_success is not null as int) as evaluable,
            cast(coalesce(is_success, false) as int) as successes
        from results
    """,
    "report_cancer_cases": " union all ".join(
        f"""select facility_id, date_trunc('month', diagnosis_date) as month,
            '{name}' as dimension, {column} as value, 1 as cases
        from marts.fct_cancer_cases where not is_future"""
        for name, column in {**{name: name for name in CASES}, "facility": "facility_id"}.items()
    ),
    "report_patient_counts": """
        select 'hospital_ops' as source_system, facility_id, department_id,
            strftime(appointment_date, '%Y-%m') as period, patient_key as patients
        from marts.fct_appointments where outcome <> 'future' and patient_key <> -1
        union all
        select 'care_episodes', facility_id, department_id, strftime(episode_date, '%Y-%m'),
            patient_key
        from marts.fct_episodes where not is_future and patient_key <> -1
        union all
        select 'cancer_registry', facility_id, 'unknown', strftime(diagnosis_date, '%Y-%m'),
            patient_key
        from marts.fct_cancer_cases where not is_future and patient_key <> -1
    """,
}


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the views in schema `facts`."""
    connection.execute("create schema facts")
    for name, sql in VIEWS.items():
        connection.execute(f"create view facts.{name} as {sql}")
