"""The demo's team surveys: the answers of three waves and the truths behind them.

Usage: imported by scripts/generate_demo_data.py; nothing to run.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from demo_data import survey_dirt
from demo_data.care_people import CARE_FACILITIES, CareFacility
from demo_data.draws import Stream
from demo_data.tables import Row, Table

SYSTEM = "team_surveys"
WAVES = (date(2024, 3, 4), date(2025, 3, 3), date(2026, 3, 2))
WAVE_DAYS = 19
RESPONSES_A_WAVE = 200
ITEMS = tuple(f"item_{number}" for number in range(1, 8))
REVERSED_ITEMS = ("item_1", "item_3", "item_5")
COLUMNS = ("response_id", "survey_date", "facility", "department", *ITEMS, "role")

DEPARTMENTS = (
    "Emergency Department",
    "Surgery",
    "Oncology",
    "Radiology",
    "Intensive Care",
    "Cardiology",
    "Laboratory",
    "Mental Health",
    "Outpatients",
    "Paediatrics",
)
# Departments further up are surveyed at three facilities, the others at two.
THREE_TEAMS = 5
TEAM_SIZES = {5: 8, 6: 14, 7: 18, 8: 20, 9: 16, 10: 12, 11: 7, 12: 5}
# Teams too small to be shown, by department and place in its list.
SMALL_TEAMS = {("Laboratory", 1): 3, ("Outpatients", 1): 4, ("Paediatrics", 0): 4}

USUAL_SAFETY = Decimal("5.3")
LOW_DEPARTMENT, LOW_SAFETY = "Surgery", Decimal("3.3")
SPLIT_DEPARTMENT, SPLIT_SAFETY = "Radiology", (Decimal("2.2"), Decimal("6.3"))
TEAM_SPREAD, PERSON_SPREAD, ITEM_SPREAD = Decimal("0.2"), Decimal("0.4"), Decimal("0.55")
ITEM_OFFSETS = dict(
    zip(ITEMS, map(Decimal, ("0.1", "0.2", "0.0", "-0.2", "0.1", "-0.1", "-0.1")), strict=True)
)
MISSING_ANSWER_PROBABILITY = 0.015
ROLES = {"Nurse": 52, "Doctor": 22, "Allied health": 16, "Administration": 10}


@dataclass(frozen=True)
class Team:
    """A department at a facility."""

    department: str
    facility: CareFacility
    size: int | None
    safety: Decimal


def build() -> tuple[list[Table], dict]:
    """Make the table with its dirt, and the truths."""
    groups = teams()
    rows: list[Row] = []
    for wave, start in enumerate(WAVES):
        rows += wave_rows(wave, start, groups)
    for number, row in enumerate(rows, start=1):
        row.values["response_id"] = f"R{number:04d}"
    responses = Table(SYSTEM, "responses", COLUMNS, rows)
    survey_dirt.plant(responses)
    return [responses], truths(responses, groups)


def teams() -> list[Team]:
    """List the teams, each with its true level."""
    found = []
    for place, department in enumerate(DEPARTMENTS):
        for number in range(3 if place < THREE_TEAMS else 2):
            facility = CARE_FACILITIES[(place + 3 * number) % len(CARE_FACILITIES)]
            stream = Stream("team", department, facility.name)
            mean = LOW_SAFETY if department == LOW_DEPARTMENT else USUAL_SAFETY
            safety = mean + TEAM_SPREAD * stream.normal()
            found.append(Team(department, facility, SMALL_TEAMS.get((department, number)), safety))
    return found


def wave_rows(wave: int, start: date, groups: list[Team]) -> list[Row]:
    """Write the answers of one wave, in the order of their days."""
    stream = Stream("wave", wave)
    sizes = [team.size or stream.weighted(TEAM_SIZES) for team in groups]
    # The same number of answers in every wave: teams grow or shrink by one in turn.
    place = 0
    while (short := RESPONSES_A_WAVE - sum(sizes)) != 0:
        step = 1 if short > 0 else -1
        if groups[place % len(groups)].size is None:
            wanted = sizes[place % len(groups)] + step
            sizes[place % len(groups)] = min(max(wanted, 5), 12)
        place += 1
    rows = [
        row_of(wave, start, team, number)
        for team, size in zip(groups, sizes, strict=True)
        for number in range(size)
    ]
    # The first day of a wave is a day with an answer, and so is its last.
    rows[0].values["survey_date"] = start.isoformat()
    rows[-1].values["survey_date"] = (start + timedelta(days=WAVE_DAYS - 1)).isoformat()
    return sorted(rows, key=lambda row: row.values["survey_date"])


def row_of(wave: int, start: date, team: Team, number: int) -> Row:
    """Write one person's answers; reverse-worded statements are answered the other way round."""
    stream = Stream("response", wave, team.department, team.facility.name, number)
    day = start + timedelta(days=stream.integer(0, WAVE_DAYS - 1))
    level = team.safety
    if team.department == SPLIT_DEPARTMENT:
        level = SPLIT_SAFETY[number % 2]
    level += PERSON_SPREAD * stream.normal()
    values = dict.fromkeys(COLUMNS, "") | {
        "survey_date": day.isoformat(),
        "facility": team.facility.name,
        "department": team.department,
        "role": stream.weighted(ROLES),
    }
    missing = 0
    for item in ITEMS:
        felt = level + ITEM_OFFSETS[item] + ITEM_SPREAD * stream.normal()
        answer = min(max(int(felt + Decimal("0.5")), 1), 7)
        if stream.chance(MISSING_ANSWER_PROBABILITY) and missing < 2:
            missing += 1
            continue
        values[item] = str(8 - answer if item in REVERSED_ITEMS else answer)
    return Row(values, team)


def truths(responses: Table, groups: list[Team]) -> dict:
    """State the true parameters, and how many answers carry them."""
    sources = [row.source for row in responses.rows if row.source]
    return {
        "first_day": WAVES[0].isoformat(),
        "as_of_date": (WAVES[-1] + timedelta(days=WAVE_DAYS)).isoformat(),
        "rows_per_file": {responses.file_name: len(responses.rows)},
        "waves": [day.isoformat() for day in WAVES],
        "teams": len(groups),
        "teams_below_five_respondents": len(SMALL_TEAMS),
        "psychological_safety": {
            "what": "true level of a team on the scale 1 to 7, after turning round the answers to "
            "the reverse-worded items: the same in all departments but one, where it is low at "
            "every facility and the members agree; in another the members are of two opinions, "
            "in turn",
            "usual_level": float(USUAL_SAFETY),
            "low_department": LOW_DEPARTMENT,
            "low_level": float(LOW_SAFETY),
            "split_department": SPLIT_DEPARTMENT,
            "split_levels": [float(level) for level in SPLIT_SAFETY],
            "spread_of_teams": float(TEAM_SPREAD),
            "spread_of_persons": float(PERSON_SPREAD),
            "spread_of_items": float(ITEM_SPREAD),
            "reversed_items": list(REVERSED_ITEMS),
            "responses_of_low_department": sum(t.department == LOW_DEPARTMENT for t in sources),
            "responses_of_split_department": sum(t.department == SPLIT_DEPARTMENT for t in sources),
        },
        "looks_like_dirt_but_is_not": survey_dirt.looks_like_dirt(responses),
    }
