"""The demo's cancer registry: its cases and the truths behind them.

Usage: imported by scripts/generate_demo_data.py; nothing to run.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from demo_data import registry_dirt
from demo_data.care_people import FACILITY_LOTTERY, INSURANCE_SHARES, STAGE_PERCENT
from demo_data.draws import Lottery, Stream
from demo_data.hospital_people import AS_OF
from demo_data.tables import Row, Table

SYSTEM = "cancer_registry"
CASES = 1_500
# Further back than the other systems, so that five years after a diagnosis can be seen.
FIRST_DAY = date(2018, 7, 1)
# Which of the possible draws: one whose realised differences lie near the true ones.
DRAW = 125
DAYS_A_MONTH = Decimal("30.4375")
COLUMNS = (
    "patient_id",
    "age",
    "gender",
    "diagnosis_date",
    "cancer_type",
    "treatment",
    "region",
    "survival_months",
    "hospital",
    "stage",
    "insurance_type",
    "outcome",
    "vital_status",
    "last_contact_date",
    "referral_date",
    "decision_date",
    "treatment_date",
)

REGION_SHARES = {"NSW": 24, "VIC": 21, "QLD": 18, "WA": 14, "SA": 12, "TAS": 11}
HIGH_HAZARD_REGION, HIGH_HAZARD_RATIO = "WA", Decimal("1.6")
# Deaths a month.
STAGE_HAZARDS = {
    "I": Decimal("0.004"),
    "II": Decimal("0.009"),
    "III": Decimal("0.022"),
    "IV": Decimal("0.055"),
}
TYPE_FACTORS = {
    "Breast": Decimal("0.7"),
    "Colorectal": Decimal("1.1"),
    "Lung": Decimal("1.5"),
    "Melanoma": Decimal("0.9"),
    "Prostate": Decimal("0.8"),
}
LOST_HAZARD = Decimal("0.006")
TREATMENTS = ("Surgery", "Chemotherapy", "Radiation", "Immunotherapy")
# Of 100 who have been assessed.
OUTCOME_PERCENT = {
    "I": {"Complete response": 68, "Partial response": 20, "Stable disease": 8, "Progression": 4},
    "II": {
        "Complete response": 50,
        "Partial response": 26,
        "Stable disease": 14,
        "Progression": 10,
    },
    "III": {
        "Complete response": 26,
        "Partial response": 30,
        "Stable disease": 24,
        "Progression": 20,
    },
    "IV": {"Complete response": 7, "Partial response": 21, "Stable disease": 30, "Progression": 42},
}
STAGE_WORDS = {"I": "Stage I", "II": "Stage II", "III": "Stage III", "IV": "Stage IV"}
STAGE_KNOWN_PROBABILITY = 0.97
AGES = Lottery({(24, 39): 10, (40, 54): 24, (55, 69): 38, (70, 84): 24, (85, 97): 4})


@dataclass(eq=False)
class Case:
    """A case as it really is; its row may say something else."""

    diagnosed: date
    cancer_type: str
    region: str
    insurance: str
    stage: str
    hospital: str
    last_contact: date
    is_dead: bool


def build() -> tuple[list[Table], dict]:
    """Make the table with its dirt, and the truths."""
    days = (AS_OF - FIRST_DAY).days
    diagnoses = sorted(
        FIRST_DAY + timedelta(days=Stream("diagnosis", number).integer(0, days - 1))
        for number in range(CASES)
    )
    rows = [row_of(number, day) for number, day in enumerate(diagnoses, start=1)]
    cases = Table(SYSTEM, "cases", COLUMNS, rows)
    sources = [row.source for row in rows]
    registry_dirt.plant(cases)
    last_day = max(one.last_contact for one in sources)
    if (AS_OF - last_day).days != 1:
        raise ValueError(f"the last contact is on {last_day}, not the day before {AS_OF}")
    return [cases], truths(cases, sources)


def waiting_time(stream: Stream, hazard: Decimal) -> timedelta:
    """Draw an exponential time in days, for a hazard a month."""
    uniform = Decimal(stream.integer(1, 999_999)) / 1_000_000
    return timedelta(days=int(-uniform.ln() / hazard * DAYS_A_MONTH))


def whole_months(start: date, end: date) -> int:
    """Count completed months."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return months - (end.day < start.day)


def hazard_of(stage: str, cancer_type: str, region: str) -> Decimal:
    """Say how many die a month: stage, cancer and one region matter, the cover does not."""
    hazard = STAGE_HAZARDS[stage] * TYPE_FACTORS[cancer_type]
    return hazard * HIGH_HAZARD_RATIO if region == HIGH_HAZARD_REGION else hazard


def case_of(stream: Stream, diagnosed: date) -> Case:
    """Draw a case and how long it is followed."""
    insurance = stream.weighted(INSURANCE_SHARES)
    stage = stream.weighted(STAGE_PERCENT[insurance])
    cancer_type = stream.one_of(list(TYPE_FACTORS))
    region = stream.weighted(REGION_SHARES)
    died = diagnosed + waiting_time(stream, hazard_of(stage, cancer_type, region))
    # The registry knows of everybody on its last day but those it has lost sight of.
    seen_until = AS_OF - timedelta(days=1)
    lost = diagnosed + min(waiting_time(stream, LOST_HAZARD), timedelta(days=9_000))
    is_dead = died <= min(lost, seen_until)
    return Case(
        diagnosed,
        cancer_type,
        region,
        insurance,
        stage,
        stream.weighted(FACILITY_LOTTERY).name,
        died if is_dead else min(lost, seen_until),
        is_dead,
    )


def row_of(number: int, diagnosed: date) -> Row:
    """Write the row of a case."""
    stream = Stream("registry case", DRAW, number)
    one = case_of(stream, diagnosed)
    youngest, oldest = stream.weighted(AGES)
    gender = stream.weighted({"Female": 50, "Male": 50})
    if one.cancer_type in ("Prostate", "Breast"):
        is_usual = stream.chance(1 if one.cancer_type == "Prostate" else 0.99)
        gender = "Male" if (one.cancer_type == "Prostate") == is_usual else "Female"
    is_stage_known = stream.chance(STAGE_KNOWN_PROBABILITY)
    values = (
        f"CR{number:05d}",
        str(stream.integer(youngest, oldest)),
        gender,
        diagnosed.isoformat(),
        one.cancer_type,
        stream.one_of(TREATMENTS),
        one.region,
        str(whole_months(diagnosed, one.last_contact)),
        one.hospital,
        STAGE_WORDS[one.stage] if is_stage_known else "",
        one.insurance,
        outcome(stream, one),
        "dead" if one.is_dead else "alive",
        one.last_contact.isoformat(),
        *care_dates(stream, one),
    )
    return Row(dict(zip(COLUMNS, values, strict=True)), one)


def outcome(stream: Stream, one: Case) -> str:
    """Draw the result of the treatment: the stage decides, the cover has no part in it."""
    is_recent = (AS_OF - one.diagnosed).days < 180
    is_in_progress = stream.chance(0.6) and is_recent and not one.is_dead
    is_assessed = stream.chance(0.95)
    word = stream.weighted(OUTCOME_PERCENT[one.stage])
    if is_in_progress:
        return "In progress"
    return word if is_assessed else "Not assessed"


def care_dates(stream: Stream, one: Case) -> list[str]:
    """Write the days of referral, decision and first treatment, as far as they were reached."""
    referral = one.diagnosed - timedelta(days=int(stream.log_normal(Decimal(22), Decimal("0.7"))))
    decision = one.diagnosed + timedelta(days=stream.integer(3, 24))
    wait = timedelta(days=int(stream.log_normal(Decimal(19), Decimal("0.6"))))
    dates = (referral, decision, decision + wait)
    is_noted = [stream.chance(0.93) for _ in dates]
    return [
        day.isoformat() if noted and day <= one.last_contact else ""
        for day, noted in zip(dates, is_noted, strict=True)
    ]


def truths(cases: Table, sources: list[Case]) -> dict:
    """State the true parameters, and how many cases carry them."""
    there = [one for one in sources if one.region == HIGH_HAZARD_REGION]
    return {
        "as_of_date": AS_OF.isoformat(),
        "first_day": FIRST_DAY.isoformat(),
        "rows_per_file": {cases.file_name: len(cases.rows)},
        "cases": len(sources),
        "deaths": sum(one.is_dead for one in sources),
        "survival": {
            "what": "exponential times; hazard a month = hazard of the stage * factor of the "
            "cancer type * hazard ratio of the region; the same for all covers and hospitals; "
            "survival_months are completed months until death or last contact; the registry sees "
            "everybody until the day before the as-of date but those lost to follow-up",
            "stage_hazards": {name: float(rate) for name, rate in STAGE_HAZARDS.items()},
            "cancer_type_factors": {name: float(rate) for name, rate in TYPE_FACTORS.items()},
            "region": HIGH_HAZARD_REGION,
            "region_hazard_ratio": float(HIGH_HAZARD_RATIO),
            "cases_there": len(there),
            "deaths_there": sum(one.is_dead for one in there),
            "lost_to_follow_up_hazard": float(LOST_HAZARD),
        },
        "insurance": {
            "what": "neither survival nor the treatment's result depends on the cover; private "
            "patients are diagnosed at earlier stages",
            "effect_within_stage": 0.0,
            "stage_percent": STAGE_PERCENT,
            "outcome_percent": OUTCOME_PERCENT,
            "cases": {
                name: sum(one.insurance == name for one in sources) for name in STAGE_PERCENT
            },
        },
        "looks_like_dirt_but_is_not": registry_dirt.looks_like_dirt(cases),
    }
