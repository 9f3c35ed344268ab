"""Care episodes: what follows what for one person after another, as in the demo's network.

Usage: imported by scripts/generate_network.py; nothing to run.

A person's episodes begin within 150 days of the first, so a month needs the people of that month
and of the five before it.
"""

from __future__ import annotations

from demo_data import care_stays as demo
from demo_data import care_visits as visits
from demo_data.care_people import (
    ADULT_AGE,
    ANY_AGE,
    CHILD_AGE,
    INSURANCE_SHARES,
    STAGE_KNOWN_PROBABILITY,
    STAGE_PERCENT,
    WARDS,
)
from demo_data.words import TOWNS
from network_data.draws import Draws, Sql, switch
from network_data.world import World

LONGEST_PATH_DAYS = 150
MONTHS_BEFORE = 5
STEPS = 7
SECOND_VISIT = 0.5
EMERGENCY, OUTPATIENT = len(WARDS), len(WARDS) + 1
DEPARTMENTS = (*WARDS, "Emergency", *visits.VISITS)
PEOPLE = {
    **{place: ward.people for place, ward in enumerate(WARDS.values())},
    EMERGENCY: visits.EMERGENCY_PEOPLE,
    **{
        OUTPATIENT + place: round(number / (1 + SECOND_VISIT))
        for place, (number, _) in enumerate(visits.VISITS.values())
    },
}
_WARDS = list(WARDS.values())
ICU = list(WARDS).index("ICU")
CARDIOLOGY = list(WARDS).index("Cardiology")
ONCOLOGY = list(WARDS).index("Oncology")
SURGERY = list(WARDS).index("Surgery")
PAEDIATRICS = list(WARDS).index("Paediatrics")
MENTAL_HEALTH = list(WARDS).index("Mental Health")
LATE, CORRECTED, DELETED = 0.01, 0.02, 0.004


def working_day(day: str) -> str:
    """The day itself, or the Monday after a weekend."""
    return f"({day} + greatest(8 - isodow({day}), 0)::int * (isodow({day}) > 5)::int)"


def by_ward(values) -> str:
    """A value by ward."""
    return switch("ward", dict(enumerate(values)))


def group_of(draws: Draws, purpose: str, is_return: bool = False) -> str:
    """A condition of those that a ward has, or of those for which its patients come back."""
    return by_ward(
        Sql(
            "("
            + draws.lottery(purpose, (ward.return_groups if is_return else None) or ward.groups)
            + ")"
        )
        for ward in _WARDS
    )


def moment(draws: Draws, day: str, hours) -> str:
    """A time of a day, of hours that are drawn by their weights."""
    weights = dict(zip(hours.things, steps(hours.totals), strict=True))
    hour = draws.lottery("hour", weights)
    return f"({day} + to_minutes(60 * ({hour}) + {draws.integer('minute', 0, 59)}))::timestamp"


def steps(totals: list) -> list:
    """Weights, of their running totals."""
    return [end - start for start, end in zip([0, *totals], totals, strict=False)]


def persons(world: World, first: int, end: int) -> str:
    """The people with these numbers: from the table `arrivals` (day, first, count)."""
    draws = Draws(world.seed, "care person", "q")
    stage = switch(
        "insurance",
        {
            cover: Sql("(" + draws.lottery("stage", shares) + ")")
            for cover, shares in STAGE_PERCENT.items()
        },
    )
    ages = {
        PAEDIATRICS: Sql("(" + draws.span("years", CHILD_AGE) + ")"),
        **{
            place: Sql("(" + draws.span("years", ADULT_AGE) + ")")
            for place in range(len(WARDS))
            if place != PAEDIATRICS
        },
    }
    years = switch("ward", ages, "(" + draws.span("years", ANY_AGE) + ")")
    cycles = dict(zip(demo.CYCLES.things, steps(demo.CYCLES.totals), strict=True))
    return f"""
        with numbered as (
            select day, unnest(range(first, first + count)) as q
            from arrivals where first < {end} and first >= {first}
        ),
        drawn as (
            select
                q, day, {draws.lottery("kind", PEOPLE)} as ward,
                {draws.lottery("insurance", INSURANCE_SHARES)} as insurance,
                {draws.lottery("gender", {"F": 50, "M": 48, "X": 2})} as gender,
                {draws.below("home", world.care_tickets)} as ticket,
                {draws.chance("home region", 0.85)} as is_of_region,
                {draws.one_of("region", tuple(TOWNS))} as other_region
            from numbered
        ),
        grouped as (
            select
                drawn.* exclude (ticket), care_tickets.place as home,
                if(is_of_region, care_places.region, other_region) as region,
                {group_of(draws, "group")} as grp,
                case when {draws.chance("stage known", STAGE_KNOWN_PROBABILITY)}
                    then {stage} else '' end as stage,
                {years} as years
            from drawn
            join care_tickets using (ticket)
            join care_places using (place)
        )
        select
            * exclude (years),
            day - (years * 365 + (years // 4) + {draws.integer("days of age", 3, 364)})::int
                as born,
            ward = {ONCOLOGY} or coalesce(grp, '') = 'cancer'
                or (ward < {EMERGENCY} and {draws.chance("cancer", 0.04)}) as has_cancer,
            if(ward = {ONCOLOGY}, {draws.lottery("cycles", cycles)}, 1) as cycles,
            {draws.chance("planned", by_ward(w.planned_share for w in _WARDS))} as is_planned
        from grouped
    """


def first_stay(world: World) -> str:
    """What the first stays are to be: from `persons`."""
    return f"""
        select
            q, 0 as step, ward, home as place, day, day as first_day, null::timestamp as not_before,
            grp, is_planned, cycles, false as is_urgent
        from persons where ward < {EMERGENCY}
    """


def stay(world: World) -> str:
    """Stays, and what follows each: from the table `wanted`."""
    draws = Draws(world.seed, "stay", "(16 * q + step)")
    odds = float(demo.RETURN_PROBABILITY / (1 - demo.RETURN_PROBABILITY))
    high = odds * float(demo.HIGH_RETURN_ODDS_RATIO)
    usual, high = odds / (1 + odds), high / (1 + high)
    special = next(
        place
        for place, one in enumerate(demo.CARE_FACILITIES)
        if one.name == demo.HIGH_RETURN_FACILITY
    )
    nights = draws.log_normal("nights", by_ward(w.mean_nights for w in _WARDS), 0.7)
    home = switch(
        "true",
        {
            Sql("is_urgent and not_before is not null"): Sql("not_before"),
            Sql("is_planned"): Sql(moment(draws, working_day("day"), demo.PLANNED_HOURS)),
        },
        moment(draws, "day", demo.ARRIVAL_HOURS),
    )
    death = by_ward(w.death_probability for w in _WARDS)
    same_day = by_ward(w.same_day_share for w in _WARDS)
    disposition = f"""case
        when {draws.chance("death", death)} then 'died'
        when {draws.chance("transfer", demo.TRANSFER_PROBABILITY)} then 'transfer_acute'
        when {draws.chance("against advice", demo.AGAINST_ADVICE_PROBABILITY)}
            then 'against_advice'
        when {draws.chance("transfer elsewhere", 0.04)} then 'transfer_other'
        else 'home' end"""
    through = draws.chance("through emergency", demo.THROUGH_EMERGENCY_PROBABILITY)
    leave = f"if(ward = {MENTAL_HEALTH}, 0.2, 0.03)"
    later = f"{draws.integer('later', 45, 120)}"
    return f"""
        with begun as (
            select *, {home} as begin from wanted
        ),
        kinds as (
            select
                *,
                case
                    when is_urgent then 'Urgent'
                    when is_planned then 'Elective'
                    when {draws.chance("emergency", 0.85)} then 'Emergency'
                    else 'Urgent'
                end as admission_type
            from begun
        ),
        admitted as (
            select
                * exclude (begin),
                case when admission_type = 'Emergency' and {through} then begin end as arrived,
                case when admission_type = 'Emergency' and {through}
                    then begin + to_minutes({draws.integer("in emergency", 150, 460)})
                    else begin end as admitted
            from kinds
        ),
        ended as (
            select
                *,
                case
                    when admission_type = 'Elective' and {draws.chance("same day", same_day)}
                        then admitted + to_minutes({draws.integer("hours", 180, 540)})
                    else {
        moment(
            Draws(draws.seed, "discharge", draws.number),
            f"(admitted::date + greatest(floor({nights})::int, 1))",
            demo.DISCHARGE_HOURS,
        )
    }
                end as discharged,
                {disposition} as ending
            from admitted
        ),
        followed as (
            select
                *,
                case
                    when ending = 'died' then 'none'
                    when ending = 'transfer_acute' then
                        if({draws.chance("seen again", demo.TRANSFER_SEEN_PROBABILITY)},
                            'transfer', 'none')
                    when ward = {ICU} and {draws.chance("to ward", demo.ICU_TO_WARD_PROBABILITY)}
                        then 'ward'
                    when {draws.chance("return", f"if(place = {special}, {high}, {usual})")}
                        then 'return'
                    when cycles > 1 then 'cycle'
                    when {draws.chance("planned return", demo.PLANNED_RETURN_PROBABILITY)}
                        then 'planned'
                    when {draws.chance("later stay", demo.LATER_STAY_PROBABILITY)} then 'later'
                    else 'none'
                end as next,
                {draws.below("other place", world.care_places - 1)} as other,
                (discharged::date - admitted::date)::int as nights
            from ended
        ),
        dated as (
            select
                * replace (
                    case
                        when next = 'ward' then ''
                        when next = 'transfer' and {draws.chance("written home", 0.2)} then 'home'
                        else ending
                    end as ending
                ),
                discharged::date + (case next
                    when 'transfer' then 0
                    when 'ward' then 0
                    when 'return' then {draws.span("return day", demo.RETURN_DAYS)}
                    when 'cycle' then {draws.integer("next cycle", 14, 24)}
                    when 'planned' then {draws.integer("planned day", 7, 24)}
                    when 'later' then {later}
                end)::int as next_day,
                case
                    when next = 'transfer'
                        or (next = 'return'
                            and not {draws.chance("same", demo.SAME_FACILITY_PROBABILITY)})
                        then if(other >= place, other + 1, other)
                    else place
                end as next_place,
                case when nights >= 4 and {draws.chance("leave", leave)}
                    then {draws.integer("leave days", 1, 2)} else 0 end as leave_days
            from followed
        )
        select
            * exclude (next, next_day, other),
            if(next_day - first_day <= {LONGEST_PATH_DAYS} - 10, next, 'none') as next,
            next_day
        from dated
    """


def next_stay(world: World) -> str:
    """What the stays are to be that follow those of the table `step`."""
    draws = Draws(world.seed, "next stay", "(16 * q + step)")
    back = group_of(draws, "return group", is_return=True)
    planned = draws.chance("later planned", by_ward(w.planned_share for w in _WARDS))
    return f"""
        select
            q, step + 1 as step,
            if(next in ('ward', 'return') and ward = {ICU}, {CARDIOLOGY}, ward) as ward,
            next_place as place, next_day as day, first_day,
            case next
                when 'transfer' then discharged + to_minutes({draws.integer("journey", 45, 300)})
                when 'ward' then discharged
            end as not_before,
            if(next = 'return', {back}, grp) as grp,
            case when next in ('cycle', 'planned') then true when next = 'later' then {planned}
                else false end as is_planned,
            if(next = 'return', cycles, cycles - 1) as cycles,
            next in ('transfer', 'ward') as is_urgent
        from step where next != 'none'
    """
