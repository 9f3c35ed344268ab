"""The demo's care episodes: their rows, the available beds, and the truths behind them.

Usage: imported by scripts/generate_demo_data.py; nothing to run.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal

from demo_data import care_dirt
from demo_data import care_people as people
from demo_data import care_stays as stays
from demo_data import care_visits as visits
from demo_data.care_people import CARE_FACILITIES, FIRST_DAY, WARDS, Register
from demo_data.care_stays import Episode, Stays
from demo_data.draws import Stream
from demo_data.hospital_people import AS_OF
from demo_data.tables import Row, Table

SYSTEM = "care_episodes"
COLUMNS = (
    "patient_id",
    "date",
    "year",
    "month",
    "quarter",
    "facility",
    "department",
    "treatment_type",
    "patient_age",
    "patient_gender",
    "length_of_stay",
    "treatment_cost",
    "treatment_success",
    "patient_satisfaction",
    "readmission_30d",
    "insurance_type",
    "episode_id",
    "admitted_at",
    "discharged_at",
    "leave_days",
    "admission_type",
    "is_planned",
    "disposition",
    "diagnosis_group",
    "any_cancer_diagnosis",
    "cancer_stage",
    "triage_category",
    "arrived_at",
    "seen_at",
    "departed_at",
    "visit_end_status",
    "length_of_stay_unit",
    "region",
)
BED_COLUMNS = ("facility", "department", "date", "beds")
BEDS_FROM = date(2025, 7, 1)

# Which of the possible draws: ones whose realised differences lie near the true ones.
COST_DRAW, SUCCESS_DRAW, SATISFACTION_DRAW = 1, 38, 1

SUCCESS_BY_STAGE = {
    "I": Decimal("0.90"),
    "II": Decimal("0.76"),
    "III": Decimal("0.56"),
    "IV": Decimal("0.32"),
}
SUCCESS_UNSTAGED = Decimal("0.82")

SATISFACTION_MEAN, SATISFACTION_SPREAD = Decimal("8.0"), Decimal("1.0")
EMERGENCY_SATISFACTION_GAP = Decimal("0.8")
ONCOLOGY_SATISFACTION_SPREAD = Decimal("0.55")
ANSWERED_PROBABILITY = 0.86

WINTER_MONTHS = (6, 7, 8)
ICU_WINTER_RATIO = Decimal("1.6")
# Mean cost and spread of the logarithm, of departments that admit nobody.
VISIT_COSTS = {
    "Emergency": (Decimal(720), Decimal("0.7")),
    "Outpatient": (Decimal(230), Decimal("0.5")),
    "Laboratory": (Decimal(95), Decimal("0.5")),
    "Radiology": (Decimal(390), Decimal("0.5")),
}
TREATMENT_COST_FACTORS = {
    "Radiation Therapy": Decimal("0.8"),
    "Immunotherapy": Decimal("1.6"),
    "Clinical Trial": Decimal("1.2"),
}
FLAG_MISSED_PROBABILITY, FLAG_FALSE_PROBABILITY = 0.06, 0.01


def build() -> tuple[list[Table], dict]:
    """Make the tables with their dirt, and the truths."""
    register = Register()
    admitted = Stays(register).make()
    emergency = visits.emergency_visits(register, admitted)
    episodes = admitted + emergency + visits.other_visits(register)
    episodes.sort(key=lambda one: (one.day, one.admitted or one.arrived or morning(one.day)))
    number_everything(episodes)
    care = Table(SYSTEM, "episodes", COLUMNS, [row_of(one) for one in episodes])
    beds = available_beds()
    care_dirt.plant(care, beds)
    last_day = max(one.discharged.date() for one in episodes if one.discharged)
    if (AS_OF - last_day).days != 1:
        raise ValueError(f"the last separation is on {last_day}, not the day before {AS_OF}")
    return [care, beds], truths(care, beds, episodes)


def morning(day: date) -> datetime:
    """Sort visits without a time to the beginning of their day."""
    return datetime(day.year, day.month, day.day)


def number_everything(episodes: list[Episode]) -> None:
    """Number the episodes, and the people by their first episode."""
    numbered = 0
    for number, one in enumerate(episodes, start=1):
        one.episode_id = f"E{number:04d}"
        if not one.person.patient_id:
            numbered += 1
            one.person.patient_id = f"CP{numbered:04d}"


def row_of(one: Episode) -> Row:
    """Write the row of an episode."""
    stream = Stream("episode words", one.episode_id)
    person = one.person
    is_stay = one.admitted is not None
    gender = person.gender
    values = dict.fromkeys(COLUMNS, "") | {
        "patient_id": person.patient_id,
        "date": one.day.isoformat(),
        "year": str(one.day.year),
        "month": str(one.day.month),
        "quarter": f"Q{(one.day.month + 2) // 3}",
        "facility": one.facility.short_name,
        "department": one.department,
        "treatment_type": one.treatment,
        "patient_age": str(person.age_on(one.day)),
        "patient_gender": stream.one_of(people.OTHER_GENDER_WORDS[gender])
        if stream.chance(0.02)
        else gender,
        "length_of_stay": length_of_stay(one),
        "treatment_cost": cost(one),
        "treatment_success": success(one),
        "patient_satisfaction": satisfaction(one),
        "readmission_30d": readmission_flag(one),
        "insurance_type": person.insurance,
        "episode_id": one.episode_id,
        "disposition": one.disposition,
        "diagnosis_group": one.group,
        "triage_category": str(one.triage or ""),
        "visit_end_status": one.end_status,
        "region": person.region,
    }
    moments = ("admitted", "discharged", "arrived", "seen", "departed")
    values |= {f"{name}_at": minute_text(getattr(one, name)) for name in moments}
    if is_stay:
        values["leave_days"] = str(one.leave_days or "")
        values["admission_type"] = one.admission_type
        values["is_planned"] = "Y" if one.admission_type == "Elective" else "N"
        values["any_cancer_diagnosis"] = "1" if person.has_cancer else "0"
    if one.is_staged:
        values["cancer_stage"] = person.stage
    return Row(values, one)


def minute_text(moment: datetime | None) -> str:
    """Write a time of a day, to the minute."""
    return moment.strftime("%Y-%m-%d %H:%M") if moment else ""


def length_of_stay(one: Episode) -> str:
    """Write hours for the emergency department and days for all others, as this system does."""
    if one.arrived and one.departed:
        spent, unit, step = one.departed - one.arrived, 60, Decimal("0.1")
    elif one.admitted and one.discharged:
        spent, unit, step = one.discharged - one.admitted, 1440, Decimal("0.1")
    elif one.admitted:
        return ""
    else:
        spent, unit, step = timedelta(minutes=one.visit_minutes), 1440, Decimal("0.01")
    return str((Decimal(int(spent.total_seconds()) // 60) / unit).quantize(step))


def cost(one: Episode) -> str:
    """Draw the cost; in winter the intensive care costs more, and nothing else does."""
    if one.is_open:
        return ""
    stream = Stream("cost", COST_DRAW, one.episode_id)
    if one.department in VISIT_COSTS:
        mean, sigma = VISIT_COSTS[one.department]
    else:
        mean, sigma = WARDS[one.department].mean_cost, WARDS[one.department].sigma
    mean *= TREATMENT_COST_FACTORS.get(one.treatment, 1)
    if one.department == "ICU" and one.day.month in WINTER_MONTHS:
        mean *= ICU_WINTER_RATIO
    return str(stream.log_normal(mean, sigma))


def success(one: Episode) -> str:
    """Draw whether the treatment succeeds: the stage decides, the cover has no part in it."""
    stream = Stream("success", SUCCESS_DRAW, one.episode_id)
    is_untreated = one.end_status in ("did_not_wait", "dead_on_arrival")
    is_known = stream.chance(0.98)
    if one.is_open or is_untreated or not is_known:
        return ""
    chance = SUCCESS_BY_STAGE[one.person.stage] if one.is_staged else SUCCESS_UNSTAGED
    has_succeeded = stream.chance(chance) and one.disposition != "died"
    return "Yes" if has_succeeded else "No"


def satisfaction(one: Episode) -> str:
    """Draw the score from 0 to 10; the dead and those still in hospital give none."""
    stream = Stream("satisfaction", SATISFACTION_DRAW, one.episode_id)
    score_spread = stream.normal()
    has_answered = stream.chance(ANSWERED_PROBABILITY)
    has_left = one.disposition != "died" and one.end_status != "dead_on_arrival"
    if one.is_open or not has_left or not has_answered:
        return ""
    mean, spread = SATISFACTION_MEAN, SATISFACTION_SPREAD
    if one.department == "Emergency":
        mean -= EMERGENCY_SATISFACTION_GAP
    if one.department == "Oncology":
        spread = ONCOLOGY_SATISFACTION_SPREAD
    score = min(max(mean + spread * score_spread, Decimal(0)), Decimal(10))
    return str(score.quantize(Decimal("0.1")))


def readmission_flag(one: Episode) -> str:
    """Write the source's own flag, which misses some returns and invents a few."""
    stream = Stream("readmission flag", one.episode_id)
    is_missed = stream.chance(FLAG_MISSED_PROBABILITY)
    is_invented = stream.chance(FLAG_FALSE_PROBABILITY)
    if one.is_open:
        return ""
    return "Y" if (one.has_return and not is_missed) or is_invented else "N"


def available_beds() -> Table:
    """Write the open beds of intensive care and surgery of the last year, day by day."""
    rows = []
    for number in range((AS_OF - BEDS_FROM).days):
        day = BEDS_FROM + timedelta(days=number)
        for place in CARE_FACILITIES:
            for department in ("ICU", "Surgery"):
                is_large = place.share >= 0.10
                beds = 2 if is_large and department == "Surgery" else 1
                # Half of the larger surgical wards is closed over the end of the year.
                if day.month == 1 and day.day <= 14:
                    beds = 1
                values = (place.short_name, department, day.isoformat(), str(beds))
                rows.append(Row(dict(zip(BED_COLUMNS, values, strict=True)), place))
    return Table(SYSTEM, "available_beds", BED_COLUMNS, rows)


def truths(care: Table, beds: Table, episodes: list[Episode]) -> dict:
    """State the true parameters, and how many episodes carry them."""
    rows = {id(row.source): row for row in care.rows if row.source}
    scored = [one for one in episodes if rows[id(one)].values["patient_satisfaction"]]
    judged = [one for one in episodes if rows[id(one)].values["treatment_success"]]
    staged = [one for one in judged if one.is_staged]
    priced = [one for one in episodes if one.department == "ICU" and not one.is_open]
    ended = [one for one in episodes if one.admitted and not one.is_open]
    high = [one for one in ended if one.facility.name == stays.HIGH_RETURN_FACILITY]
    return {
        "as_of_date": AS_OF.isoformat(),
        "first_day": FIRST_DAY.isoformat(),
        "rows_per_file": {table.file_name: len(table.rows) for table in (care, beds)},
        "episodes": len(episodes),
        "people": len({one.person.patient_id for one in episodes}),
        "episodes_per_department": {
            name: sum(one.department == name for one in episodes)
            for name in sorted({one.department for one in episodes})
        },
        "facilities": [
            {"name": place.name, "written_as": place.short_name, "share": place.share}
            for place in CARE_FACILITIES
        ],
        "length_of_stay": {
            "what": "hours from arrival to departure in the emergency department, elsewhere days "
            "from admission to discharge (leave days not taken off), to one decimal; days to two "
            "decimals for visits without admission",
            "open_stays": sum(one.is_open for one in episodes),
        },
        "satisfaction": {
            "what": "normal scores of one mean and spread in all departments and facilities, held "
            "within 0 and 10, but for a lower mean in the emergency department and a smaller "
            "spread in oncology",
            "mean": float(SATISFACTION_MEAN),
            "spread": float(SATISFACTION_SPREAD),
            "emergency_lower_by": float(EMERGENCY_SATISFACTION_GAP),
            "oncology_spread": float(ONCOLOGY_SATISFACTION_SPREAD),
            "scores": len(scored),
            "emergency_scores": sum(one.department == "Emergency" for one in scored),
            "oncology_scores": sum(one.department == "Oncology" for one in scored),
        },
        "icu_winter": {
            "what": "log-normal costs; ratio of the geometric means of June to August and of the "
            "other months; no other department's costs know a season",
            "ratio_of_geometric_means": float(ICU_WINTER_RATIO),
            "sigma_of_log": float(WARDS["ICU"].sigma),
            "winter_stays": sum(one.day.month in WINTER_MONTHS for one in priced),
            "other_stays": sum(one.day.month not in WINTER_MONTHS for one in priced),
        },
        "insurance": {
            "what": "P(success) depends on the cancer stage only (a death in hospital is no "
            "success); private patients come at earlier stages, so that the crude difference is "
            "confounded; the same success for all episodes without a stage",
            "success_by_stage": {name: float(rate) for name, rate in SUCCESS_BY_STAGE.items()},
            "success_without_stage": float(SUCCESS_UNSTAGED),
            "effect_within_stage": 0.0,
            "stage_percent": people.STAGE_PERCENT,
            "staged_with_known_success": len(staged),
            "of_them_private": sum(one.person.insurance == "Private" for one in staged),
            "of_them_public": sum(one.person.insurance == "Public" for one in staged),
        },
        "readmission": {
            "what": "probability of an unplanned return 2 to 30 days after a stay, at whatever "
            "facility; the same after all stays, but for higher odds after those at one facility",
            "probability": float(stays.RETURN_PROBABILITY),
            "facility": stays.HIGH_RETURN_FACILITY,
            "odds_ratio": float(stays.HIGH_RETURN_ODDS_RATIO),
            "ended_stays": len(ended),
            "ended_stays_there": len(high),
            "returns": sum(one.has_return for one in ended),
            "returns_after_stays_there": sum(one.has_return for one in high),
            "flag_missed_probability": FLAG_MISSED_PROBABILITY,
            "flag_false_probability": FLAG_FALSE_PROBABILITY,
        },
        "no_difference_between_facilities": "costs, satisfaction, success, deaths, lengths of "
        "stay and waiting times have the same distribution at all facilities",
        "looks_like_dirt_but_is_not": care_dirt.looks_like_dirt(care),
    }
