"""Emergency and other visits of the care network, and all episodes of its people in one shape.

Usage: imported by scripts/generate_network.py; nothing to run.
"""

from __future__ import annotations

from demo_data import care_visits as visits
from demo_data.care_people import GROUP_TREATMENTS, WARDS
from demo_data.care_stays import ARRIVAL_HOURS
from network_data.care import EMERGENCY, OUTPATIENT, SECOND_VISIT, moment, steps, working_day
from network_data.draws import Draws, Sql, switch
from network_data.world import World


def visits_of(world: World) -> tuple[str, str]:
    """Emergency visits that lead to no ward, from `persons`: first and second ones."""
    return visits_of_step(world, 0), visits_of_step(world, 1)


def visits_of_step(world: World, step: int) -> str:
    """The first emergency visits (0), or those that follow them soon (1)."""
    draws = Draws(world.seed, "visit", f"(16 * q + {step})")
    begin = (
        moment(draws, "day", ARRIVAL_HOURS)
        if step == 0
        else f"departed + to_minutes({draws.integer('back after', 300, 3600)})"
    )
    short = draws.chance("short stay", visits.SHORT_STAYS / visits.EMERGENCY_PEOPLE)
    status = dict(zip(visits.END_STATUS.things, steps(visits.END_STATUS.totals), strict=True))
    triage = dict(zip(visits.TRIAGE.things, steps(visits.TRIAGE.totals), strict=True))
    wait = draws.log_normal("wait", switch("triage", visits.MEAN_WAITS, "9"), 0.7)
    care = draws.log_normal("care", visits.MEAN_CARE_MINUTES, 0.6)
    source = (
        f"select q, home as place, day from persons where ward = {EMERGENCY}"
        if step == 0
        else "select q, place, departed::date as day, departed from visits_0"
        " where end_status = 'departed' and admitted is null"
        f" and {draws.chance('second', visits.SECOND_VISIT_PROBABILITY)}"
    )
    return f"""
        with people as ({source}),
        begun as (
            select
                q, place, {begin} as arrived, {short} as is_short,
                {draws.lottery("status", status)} as status,
                {draws.lottery("triage", triage)} as triage
            from people
        ),
        judged as (
            select
                * exclude (status) replace (
                    case when is_short or status != 'did_not_wait' then triage
                        else greatest(triage, 3) end as triage
                ),
                if(is_short, 'departed', status) as status,
                floor({wait})::int as wait,
                20 + floor({care})::int as care
            from begun
        )
        select
            q, {step} as step, place, arrived,
            case when status in ('did_not_wait', 'dead_on_arrival') then null
                else arrived + to_minutes(wait) end as seen,
            case
                when status = 'dead_on_arrival'
                    then arrived + to_minutes({draws.integer("minutes dead", 20, 90)})
                when status = 'did_not_wait'
                    then arrived + to_minutes({draws.integer("minutes gone", 40, 200)})
                when is_short
                    then arrived + to_minutes(wait + {draws.integer("short", 420, 1180)})
                else arrived + to_minutes(wait + care)
            end as departed,
            case when status != 'dead_on_arrival' then triage end as triage,
            if(is_short, 'admitted', status) as end_status,
            case when is_short then arrived + to_minutes(wait) end as admitted
        from judged
    """


def other_visits(world: World) -> str:
    """Outpatient, laboratory and radiology visits, from `persons`."""
    draws = Draws(world.seed, "other visit", "(16 * q + step)")
    again = Draws(world.seed, "other person", "q")
    treatment = switch(
        "ward",
        {
            OUTPATIENT + place: Sql("(" + draws.lottery("treatment", treatments) + ")")
            for place, (_, treatments) in enumerate(visits.VISITS.values())
        },
    )
    return f"""
        with steps as (
            select
                *, unnest(if({again.chance("again", SECOND_VISIT)}, [0, 1], [0])) as step
            from persons where ward >= {OUTPATIENT}
        ),
        dated as (
            select * replace (
                if(step = 0, day, day + {again.integer("days to second", 10, 60)}::int) as day
            )
            from steps
        )
        select
            q, step, ward, home as place, {working_day("day")} as day, {treatment} as treatment,
            {draws.integer("minutes", 12, 95)} as minutes
        from dated
    """


def path(world: World) -> str:
    """All episodes of `persons` in one shape: from `stays`, `visits_0`, `visits_1`, `others`."""
    draws = Draws(world.seed, "episode", "e")
    through = Draws(world.seed, "through emergency", "(16 * q + step)")
    triage = through.lottery("triage", {1: 6, 2: 32, 3: 46, 4: 16})
    wait = through.log_normal("wait", switch("triage", visits.MEAN_WAITS), 0.7)
    plain = switch(
        "ward",
        {
            place: Sql("(" + draws.lottery("treatment", ward.treatments) + ")")
            for place, ward in enumerate(WARDS.values())
            if ward.treatments
        },
        switch(
            "grp",
            {
                group: Sql("(" + draws.lottery("treatment", treatments) + ")")
                for group, treatments in GROUP_TREATMENTS.items()
            },
            "'Supportive Care'",
        ),
    )
    empty = {
        "grp": "null",
        "treatment": "null",
        "admitted": "null::timestamp",
        "discharged": "null::timestamp",
        "leave_days": "0",
        "admission_type": "null",
        "ending": "null",
        "arrived": "null::timestamp",
        "seen": "null::timestamp",
        "departed": "null::timestamp",
        "triage": "null",
        "end_status": "null",
        "minutes": "0",
        "return_day": "null::date",
    }

    def part(source: str, **values: str) -> str:
        head = {name: values.pop(name) for name in ("e", "ward", "day")}
        first = ", ".join(f"{sql} as {name}" for name, sql in head.items())
        columns = ", ".join(f"{sql} as {name}" for name, sql in (empty | values).items())
        return f"select q, {first}, place, {columns} from {source}"

    parts = [
        part(
            "stays",
            e="16 * q + step",
            ward="ward",
            day="admitted::date",
            grp="grp",
            admitted="admitted",
            discharged="discharged",
            leave_days="leave_days",
            admission_type="admission_type",
            ending="ending",
            return_day="case when next = 'return' then next_day end",
        ),
        part(
            f"(select *, {wait} as wait from (select *, {triage} as triage from stays"
            " where arrived is not null))",
            e="16 * q + step + 8",
            ward=str(EMERGENCY),
            day="arrived::date",
            arrived="arrived",
            seen="arrived + to_minutes(least(floor(wait)::int, 140))",
            departed="admitted",
            triage="triage",
            end_status="'admitted'",
        ),
        part(
            "others",
            e="16 * q + step",
            ward="ward",
            day="day",
            treatment="treatment",
            minutes="minutes",
        ),
    ]
    for step in (0, 1):
        parts.append(
            part(
                f"visits_{step}",
                e="16 * q + step",
                ward=str(EMERGENCY),
                day="arrived::date",
                arrived="arrived",
                seen="seen",
                departed="departed",
                triage="triage",
                end_status="end_status",
                admitted="admitted",
                discharged="if(admitted is null, null, departed)",
                admission_type="if(admitted is null, null, 'Emergency')",
                ending="if(admitted is null, null, 'home')",
                grp="if(admitted is null, null, 'observation')",
            )
        )
    union = " union all ".join(parts)
    return f"""
        with everything as ({union}),
        alone as (select q, count(*) = 1 as is_alone from everything group by q)
        select
            everything.* replace (
                case
                    when everything.ward = {EMERGENCY} then 'Emergency Care'
                    when everything.ward > {EMERGENCY} then everything.treatment
                    else {
        plain.replace("case ward", "case everything.ward").replace(
            "case grp", "case everything.grp"
        )
    }
                end as treatment
            ),
            alone.is_alone, persons.insurance, persons.gender, persons.region, persons.stage,
            persons.born, persons.has_cancer
        from everything
        join alone using (q)
        join persons using (q)
    """


def tables_of_path(world: World) -> list[tuple[str, str]]:
    """Temporary tables of the people who begin in a month, in order (stays step by step)."""
    first, second = visits_of(world)
    return [("visits_0", first), ("visits_1", second), ("others", other_visits(world))]
