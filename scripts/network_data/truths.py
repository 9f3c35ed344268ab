"""The truth record: the parameters that are true of the network, and what was planted.

Usage: imported by scripts/generate_network.py; nothing to run.
"""

from __future__ import annotations

from demo_data import cancer_registry, care_episodes, care_stays
from demo_data import hospital_appointments as booked
from demo_data import hospital_treatments as billed
from demo_data.care_people import STAGE_PERCENT
from network_data.world import World


def record(world: World, makers: list) -> dict:
    """Parameters and counts."""
    counts: dict[str, dict[str, int]] = {}
    for maker in makers:
        for table, found in maker.counts.items():
            for name, count in found.items():
                whole = counts.setdefault(table, {})
                whole[name] = whole.get(name, 0) + count
    return {
        "seed": world.seed,
        "as_of_date": world.as_of.isoformat(),
        "first_day": booked.FIRST_DAY.isoformat(),
        "asked": {
            "appointments": world.appointments,
            "episodes": world.episodes,
            "cases": world.cases,
        },
        "facilities": len(world.places),
        "doctors": len(world.doctors),
        "hospital_ops": {
            "no_show": {
                "intercept": float(booked.NO_SHOW_LOG_ODDS),
                "slope_per_lead_day": float(booked.NO_SHOW_LOG_ODDS_PER_LEAD_DAY),
            },
            "reminders": {
                "from_date": booked.REMINDERS_FROM.isoformat(),
                "odds_ratio": float(booked.REMINDER_ODDS_RATIO),
            },
            "cancellation": {
                "probability": booked.CANCELLED_PROBABILITY,
                "by_patient_probability": booked.CANCELLED_BY_PATIENT_PROBABILITY,
            },
            "caseload": {"busy_doctor_id": booked.BUSY_DOCTOR, "factor": booked.BUSY_FACTOR},
            "backlog": {
                "facility": booked.BACKLOG_FACILITY,
                "from_date": booked.BACKLOG_FROM.isoformat(),
                "probability": booked.BACKLOG_PROBABILITY,
                "probability_elsewhere": booked.FORGOTTEN_PROBABILITY,
            },
            "peak": {
                "what": "as long as a doctor's hour has free times",
                "weekday_weights_from_monday": list(booked.WEEKDAY_WEIGHTS),
                "hour_weights": {str(hour): w for hour, w in booked.HOUR_WEIGHTS.items()},
                "peak_hour": booked.PEAK_HOUR,
                "peak_factor": booked.PEAK_FACTOR,
            },
            "treatments": [
                {
                    "treatment_type": kind.name,
                    "percent": kind.share,
                    "mean_cost": float(kind.mean_cost),
                    "sigma_of_log": float(kind.sigma),
                }
                for kind in billed.TREATMENT_TYPES
            ],
            "payment": {
                "fates_percent": billed.FATES,
                "insured_fates_percent": billed.INSURED_FATES,
            },
        },
        "care_episodes": {
            "readmission": {
                "probability": float(care_stays.RETURN_PROBABILITY),
                "facility": care_stays.HIGH_RETURN_FACILITY,
                "odds_ratio": float(care_stays.HIGH_RETURN_ODDS_RATIO),
            },
            "satisfaction": {
                "mean": float(care_episodes.SATISFACTION_MEAN),
                "spread": float(care_episodes.SATISFACTION_SPREAD),
                "emergency_lower_by": float(care_episodes.EMERGENCY_SATISFACTION_GAP),
                "oncology_spread": float(care_episodes.ONCOLOGY_SATISFACTION_SPREAD),
            },
            "icu_winter": {
                "ratio_of_geometric_means": float(care_episodes.ICU_WINTER_RATIO),
            },
            "success_by_stage": {
                stage: float(rate) for stage, rate in care_episodes.SUCCESS_BY_STAGE.items()
            },
            "stage_percent": STAGE_PERCENT,
        },
        "cancer_registry": {
            "stage_hazards": {s: float(h) for s, h in cancer_registry.STAGE_HAZARDS.items()},
            "cancer_type_factors": {t: float(f) for t, f in cancer_registry.TYPE_FACTORS.items()},
            "region": cancer_registry.HIGH_HAZARD_REGION,
            "region_hazard_ratio": float(cancer_registry.HIGH_HAZARD_RATIO),
            "lost_to_follow_up_hazard": float(cancer_registry.LOST_HAZARD),
        },
        "counts": {table: dict(sorted(found.items())) for table, found in sorted(counts.items())},
    }
