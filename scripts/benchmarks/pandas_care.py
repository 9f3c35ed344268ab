"""Episodes, cancer cases and all patients in pandas.

Usage: imported by pandas_cubes.py; nothing to run.
"""

from __future__ import annotations

import pandas as pd

from benchmarks.pandas_facts import (
    DAY,
    DEPARTMENTS,
    FACILITIES,
    Work,
    amount,
    band,
    code,
    day,
    name,
    named,
    number,
    place,
    slug,
    stamp,
    usable,
    years,
    yes_no,
)


def after(start: pd.Series, end: pd.Series) -> pd.Series:
    """An end that does not come before its beginning."""
    return usable(end).mask(start > end)


def episodes(work: Work) -> pd.DataFrame:
    """fct_episodes."""
    system = "care_episodes"
    raw = work.usable(f"{system}/episodes", "episode_id", "date", "patient_id")
    admitted_raw, discharged_raw = stamp(raw.admitted_at), stamp(raw.discharged_at)
    arrived_raw = stamp(raw.arrived_at)
    admitted, arrived = usable(admitted_raw), usable(arrived_raw)
    discharged = after(admitted_raw, discharged_raw)
    seen = after(arrived_raw, stamp(raw.seen_at))
    departed = after(arrived_raw, stamp(raw.departed_at))
    ended = discharged.dt.normalize()
    is_known = admitted_raw.isna() | discharged_raw.notna()
    as_of = ended.fillna(raw.day)[is_known].max() + DAY
    is_future = raw.day >= as_of
    nights = (ended - admitted.dt.normalize()).dt.days
    longest = (discharged_raw.dt.normalize() - admitted_raw.dt.normalize()).dt.days
    leave = number(raw.leave_days, 0, 3660)
    leave = leave.where(leave <= longest.fillna(3660))
    stay, score = number(raw.length_of_stay, 0, 3660), number(raw.patient_satisfaction, 0, 10)
    department = place(DEPARTMENTS, "department_id", system, name(raw, system, "department"))
    default = pd.Series("days", raw.index).mask(department == "emergency", "hours")
    unit = code(raw, system, "length_of_stay_unit").fillna(default)
    ending = code(raw, system, "disposition").fillna("unknown")
    age = number(raw.patient_age, 0, 110)
    separated = ended.where(~is_future & admitted.notna() & (ended < as_of))
    frame = pd.DataFrame(
        {
            "episode_id": raw.key,
            "patient_id": raw.patient_id.where(~raw.patient_id.isin(["?", "N/A", "", -1])),
            "facility_id": place(FACILITIES, "facility_id", system, name(raw, system, "facility")),
            "department_id": department,
            "treatment_type": named(raw.treatment_type).fillna("unknown"),
            "episode_date": raw.day,
            "admitted_at": admitted,
            "discharged_at": discharged,
            "separation_date": separated,
            "is_separation": separated.notna(),
            "length_of_stay_recorded": stay,
            "length_of_stay_unit": unit,
            "length_of_stay_days": stay.mask(unit == "hours", stay / 24),
            "length_of_stay_aihw_days": (nights - leave.fillna(0)).clip(lower=1),
            "length_of_stay_nights": nights,
            "length_of_stay_hours": (discharged - admitted).dt.total_seconds() / 3600,
            "is_same_day": (nights == 0).where(nights.notna()).astype("boolean"),
            "leave_days": leave,
            "cost": amount(raw.treatment_cost),
            "is_success": yes_no(raw.treatment_success),
            "satisfaction_score": score.round(2),
            "experience_answer": code(raw, system, "patient_satisfaction"),
            "is_readmitted_30d": yes_no(raw.readmission_30d),
            "insurance_type": named(raw.insurance_type).fillna("unknown"),
            "gender": code(raw, system, "patient_gender").fillna("unknown"),
            "age_band": band(age),
            "is_adult": (age >= 18).where(age.notna()).astype("boolean"),
            "region": name(raw, system, "region").fillna("unknown"),
            "admission_type": code(raw, system, "admission_type").fillna("unknown"),
            "is_planned": yes_no(raw.is_planned),
            "disposition": ending,
            "is_death": (ending == "died").where(ending != "unknown").astype("boolean"),
            "diagnosis_group": slug(named(raw.diagnosis_group)).fillna("unknown"),
            "has_cancer_diagnosis": yes_no(raw.any_cancer_diagnosis),
            "cancer_stage": code(raw, system, "cancer_stage").fillna("unknown"),
            "is_emergency_visit": arrived.notna(),
            "triage_category": number(raw.triage_category, 1, 5),
            "arrived_at": arrived,
            "seen_at": seen,
            "departed_at": departed,
            "visit_end_status": code(raw, system, "visit_end_status").fillna("unknown"),
            "wait_minutes": (seen - arrived).dt.total_seconds() // 60,
            "emergency_stay_minutes": (departed - arrived).dt.total_seconds() // 60,
            "is_future": is_future,
        }
    )
    return work.store("fct_episodes", frame)


def cases(work: Work) -> pd.DataFrame:
    """fct_cancer_cases."""
    system = "cancer_registry"
    raw = work.usable(f"{system}/cases", "patient_id", "diagnosis_date")
    contact = after(raw.day, day(raw.last_contact_date))
    as_of = max(raw.day.max(), contact.max()) + DAY
    vital = code(raw, system, "vital_status")
    months = number(raw.survival_months, 0, 1200)
    frame = pd.DataFrame(
        {
            "patient_id": raw.key,
            **{
                column: name(raw, system, column).fillna("unknown")
                for column in ("cancer_type", "treatment", "region", "insurance_type")
            },
            "facility_id": place(FACILITIES, "facility_id", system, name(raw, system, "hospital")),
            **{
                column: code(raw, system, column).fillna("unknown")
                for column in ("stage", "outcome", "gender")
            },
            "diagnosis_date": raw.day,
            "survival_months": months.fillna((contact - raw.day).dt.days / 30.4375),
            "is_dead": vital.map({"dead": True, "alive": False}).astype("boolean"),
            "last_contact_date": contact,
            **{
                column: usable(day(raw[column]))
                for column in ("referral_date", "decision_date", "treatment_date")
            },
            "age_band": band(number(raw.age, 0, 110)),
            "is_future": raw.day >= as_of,
        }
    )
    return work.store("fct_cancer_cases", frame)


def patients(
    work: Work,
    people: pd.DataFrame,
    episode: pd.DataFrame,
    case: pd.DataFrame,
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    """dim_patients: everybody of every system."""
    shape = ["patient_id", "gender", "age_band", "region", "insurance", "is_future"]
    last = (
        episode[episode.patient_id.notna()]
        .sort_values(["episode_date", "episode_id"])
        .sort_values("is_future", ascending=False, kind="stable")
        .drop_duplicates("patient_id", keep="last")
    )
    then = pd.Series(as_of, people.index)
    frames = {
        "hospital_ops": people.assign(age_band=band(years(people.born, then)), is_future=False),
        "care_episodes": last.rename(columns={"insurance_type": "insurance"}),
        "cancer_registry": case.rename(columns={"insurance_type": "insurance"}),
    }
    frame = pd.concat(
        [frame[shape].assign(source_system=system) for system, frame in frames.items()]
    )
    frame["payer_id"] = slug(frame.insurance).fillna("unknown")
    return work.store("dim_patients", frame)
