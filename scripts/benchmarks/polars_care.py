"""Episodes, cancer cases and all patients in Polars.

Usage: imported by polars_cubes.py; nothing to run.
"""

from __future__ import annotations

import polars as pl

from benchmarks.polars_facts import (
    Work,
    amount,
    band,
    c,
    day,
    named,
    slug,
    stamp,
    usable,
    whole,
    years,
    yes_no,
)


def episodes(work: Work) -> pl.LazyFrame:
    """fct_episodes."""
    w, system = work.words, "care_episodes"
    frame = work.usable(f"{system}/episodes", "episode_id", "date", "patient_id")
    admitted, arrived = stamp("admitted_at"), stamp("arrived_at")

    def after(column: str, start: pl.Expr) -> pl.Expr:
        end = stamp(column)
        return pl.when((start > end).fill_null(False).not_()).then(usable(end))

    as_of = (
        frame.filter(admitted.is_null() | stamp("discharged_at").is_not_null())
        .select(
            pl.coalesce(after("discharged_at", admitted).cast(pl.Date), day("date")).max()
            + pl.duration(days=1)
        )
        .collect(engine="streaming")
        .item()
    )

    def code(column: str) -> pl.Expr:
        return w.code(system, column).fill_null("unknown")

    facility, department = w.name(system, "facility"), w.name(system, "department")
    stay = c("length_of_stay").cast(pl.Float64, strict=False)
    score = c("patient_satisfaction").cast(pl.Float64, strict=False)
    nights = (c("discharged").cast(pl.Date) - usable(admitted).cast(pl.Date)).dt.total_days()
    longest = (stamp("discharged_at").cast(pl.Date) - admitted.cast(pl.Date)).dt.total_days()
    leave = whole("leave_days", 0, 3660)
    ended = c("discharged").cast(pl.Date)
    frame = (
        frame.with_columns(
            day("date").alias("day"),
            after("discharged_at", admitted).alias("discharged"),
            after("seen_at", arrived).alias("seen"),
            after("departed_at", arrived).alias("departed"),
            pl.when(stay.is_between(0, 3660)).then(stay).alias("stay"),
            w.place(w.facilities, system, facility).alias("facility_id"),
            w.place(w.departments, system, department).alias("department_id"),
            whole("patient_age", 0, 110).alias("age"),
            code("disposition").alias("disposition"),
        )
        .with_columns(
            nights.alias("nights"),
            pl.when(leave <= longest.fill_null(3660)).then(leave).alias("away"),
            (c("day") >= as_of).alias("is_future"),
            pl.coalesce(
                w.code(system, "length_of_stay_unit"),
                pl.when(c("department_id") == "emergency").then(pl.lit("hours"))
                .otherwise(pl.lit("days")),
            ).alias("unit"),
        )
        .with_columns(
            pl.when(~c("is_future") & usable(admitted).is_not_null() & (ended < as_of))
            .then(ended).alias("separation_date")
        )
        .select(
            c("key").alias("episode_id"),
            (c("patient_id") if work.secret else named("patient_id")).alias("patient_id"),
            "facility_id", "department_id",
            named("treatment_type").fill_null("unknown").alias("treatment_type"),
            c("day").alias("episode_date"),
            usable(admitted).alias("admitted_at"),
            c("discharged").alias("discharged_at"),
            "separation_date",
            c("separation_date").is_not_null().alias("is_separation"),
            c("stay").alias("length_of_stay_recorded"),
            c("unit").alias("length_of_stay_unit"),
            pl.when(c("unit") == "hours").then(c("stay") / 24).otherwise(c("stay"))
            .alias("length_of_stay_days"),
            (c("nights") - c("away").fill_null(0)).clip(1).alias("length_of_stay_aihw_days"),
            c("nights").alias("length_of_stay_nights"),
            ((c("discharged") - usable(admitted)).dt.total_seconds() / 3600)
            .alias("length_of_stay_hours"),
            (c("nights") == 0).alias("is_same_day"),
            c("away").alias("leave_days"),
            amount("treatment_cost").alias("cost"),
            yes_no("treatment_success").alias("is_success"),
            pl.when(score.is_between(0, 10)).then(score.round(2)).alias("satisfaction_score"),
            w.code(system, "patient_satisfaction").alias("experience_answer"),
            yes_no("readmission_30d").alias("is_readmitted_30d"),
            named("insurance_type").fill_null("unknown").alias("insurance_type"),
            code("patient_gender").alias("gender"),
            band(c("age")).alias("age_band"),
            (c("age") >= 18).alias("is_adult"),
            w.name(system, "region").fill_null("unknown").alias("region"),
            code("admission_type").alias("admission_type"),
            yes_no("is_planned").alias("is_planned"),
            "disposition",
            pl.when(c("disposition") != "unknown").then(c("disposition") == "died")
            .alias("is_death"),
            slug(named("diagnosis_group")).fill_null("unknown").alias("diagnosis_group"),
            yes_no("any_cancer_diagnosis").alias("has_cancer_diagnosis"),
            code("cancer_stage").alias("cancer_stage"),
            usable(arrived).is_not_null().alias("is_emergency_visit"),
            whole("triage_category", 1, 5).alias("triage_category"),
            usable(arrived).alias("arrived_at"),
            c("seen").alias("seen_at"),
            c("departed").alias("departed_at"),
            code("visit_end_status").alias("visit_end_status"),
            (c("seen") - usable(arrived)).dt.total_minutes().alias("wait_minutes"),
            (c("departed") - usable(arrived)).dt.total_minutes()
            .alias("emergency_stay_minutes"),
            "is_future",
        )
    )  # fmt: skip
    return work.store("fct_episodes", frame)


def cases(work: Work) -> pl.LazyFrame:
    """fct_cancer_cases."""
    w, system = work.words, "cancer_registry"
    frame = work.usable(f"{system}/cases", "patient_id", "diagnosis_date")
    diagnosed, contact = day("diagnosis_date"), day("last_contact_date")
    frame = frame.with_columns(
        diagnosed.alias("day"), pl.when(contact >= diagnosed).then(usable(contact)).alias("met")
    )
    as_of = frame.select(pl.max_horizontal(c("day").max(), c("met").max())).collect().item()
    months = c("survival_months").cast(pl.Float64, strict=False)
    vital = w.code(system, "vital_status")
    frame = frame.select(
        c("key").alias("patient_id"),
        *(
            w.name(system, column).fill_null("unknown").alias(column)
            for column in ("cancer_type", "treatment", "region", "insurance_type")
        ),
        w.place(w.facilities, system, w.name(system, "hospital")).alias("facility_id"),
        *(
            w.code(system, column).fill_null("unknown").alias(column)
            for column in ("stage", "outcome", "gender")
        ),
        c("day").alias("diagnosis_date"),
        pl.coalesce(
            pl.when(months.is_between(0, 1200)).then(months),
            (c("met") - c("day")).dt.total_days() / 30.4375,
        ).alias("survival_months"),
        pl.when(vital == "dead").then(True).when(vital == "alive").then(False).alias("is_dead"),
        c("met").alias("last_contact_date"),
        *(
            usable(day(column)).alias(column)
            for column in ("referral_date", "decision_date", "treatment_date")
        ),
        band(whole("age", 0, 110)).alias("age_band"),
        (c("day") > as_of).alias("is_future"),
    )
    return work.store("fct_cancer_cases", frame)


def patients(work: Work, people: pl.DataFrame, episodes, cases, as_of) -> pl.LazyFrame:
    """dim_patients: everybody of every system."""
    shape = ["patient_id", "source_system", "gender", "age_band", "region", "insurance"]
    at_hospital = people.lazy().select(
        "patient_id", pl.lit("hospital_ops").alias("source_system"), "gender",
        band(years(c("born"), pl.lit(as_of))).alias("age_band"), "region", "insurance",
        pl.lit(False).alias("is_future"),
    )  # fmt: skip
    last = (
        episodes.filter(c("patient_id").is_not_null())
        .group_by("patient_id")
        .agg(
            pl.struct("gender", "age_band", "region", "insurance_type", "is_future")
            .sort_by(~c("is_future"), "episode_date", "episode_id")
            .last()
            .alias("last")
        )
        .unnest("last")
    )
    others = [
        frame.rename({"insurance_type": "insurance"})
        .with_columns(pl.lit(system).alias("source_system"))
        .select(*shape, "is_future")
        for system, frame in (("care_episodes", last), ("cancer_registry", cases))
    ]
    frame = pl.concat([at_hospital, *others]).with_columns(
        slug(c("insurance")).fill_null("unknown").alias("payer_id")
    )
    return work.store("dim_patients", frame)
