"""Patients and doctors of the network.

Usage: imported by scripts/generate_network.py; nothing to run.
"""

from __future__ import annotations

from demo_data.hospital_appointments import FIRST_DAY
from demo_data.hospital_dirt import REPAIRS
from demo_data.hospital_ops import BRANCH_SPELLINGS
from demo_data.hospital_people import (
    AGE_PYRAMID,
    AS_OF,
    DOCTOR_COLUMNS,
    GENDER_SHARES,
    OTHER_GENDER_WORDS,
)
from demo_data.words import (
    FAMILY_NAMES,
    FICTION_MOBILES,
    GIVEN_NAMES,
    INSURANCE_PREFIXES,
    INSURERS,
    STREETS,
    TOWNS,
    plain,
)
from network_data.appointments import listed
from network_data.changes import flags, with_status
from network_data.dirt import Fault, Faults, from_demo
from network_data.draws import Draws, Sql, numbered, switch, text_list
from network_data.world import World

PATIENT_ROWS = 4_000
# The demo's few doctors have faults that no rule would tolerate of more of them.
DOCTOR_ROWS = 250
CHUNK = 1_000_000  # patients in a file
SHARED_EMAIL_EVERY = 400  # of so many patients two share an e-mail address
MOVED = 0.3  # patients who move once in the three years
ADULTS = {(low, high): weight for (low, high), weight in AGE_PYRAMID.items() if low >= 18}
REGIONS = tuple(TOWNS)
LOCUMS_EVERY = 30  # one locum for so many doctors
DAYS = (AS_OF - FIRST_DAY).days


def draws_of(world: World) -> Draws:
    """Draws about a patient."""
    return Draws(world.seed, "patient", "p")


def patient_faults(world: World) -> Faults:
    """What is wrong with patients; those who share an address have no fault."""
    draws, n = draws_of(world), PATIENT_ROWS
    return Faults(
        draws,
        [
            *from_demo(REPAIRS, "patients", n, {}),
            Fault("repaired", "date_of_birth", "born_later", 8 / n),
            Fault("repaired", "gender", "two_columns", 3 / n, values=("?",)),
            Fault(
                "superseded",
                "",
                "superseded",
                24 / n,
                is_extra=True,
                written=str(world.day is None),
            ),
            Fault("rejected", "patient_id", "missing_key", 5 / n, is_extra=True, written="is_new"),
            Fault("rejected", "", "blank_row", 3 / n, is_extra=True, written="is_new"),
        ],
    )


def known(world: World, first: int, end: int) -> str:
    """The patients with these numbers who are registered, as they really are."""
    draws = draws_of(world)
    adult = draws.span("years", ADULTS)
    share = "((p - first_patient) + 0.5) / people"
    now = f"date '{world.as_of}'"

    def moved(day: str) -> str:
        return f"coalesce(moved_on < {day}, false)"

    where, changes = flags(world, lambda day: f"(registered < {day})", lambda day: [moved(day)])
    return f"""
        with placed as (
            select r.p, places.place, places.region, {share} as share,
                (p - first_patient) % 5 = 0 as is_child
            from range({first}, {end}) as r(p)
            asof join places on places.first_patient <= r.p
        ),
        registered as (
            select
                *,
                if(share < 0.65,
                    date '2014-01-01' + (share / 0.65 * 3468)::int,
                    date '2023-07-01' + ((share - 0.65) / 0.35 * 1096)::int) as registered
            from placed
        ),
        born as (
            select
                *, {draws.lottery("gender", GENDER_SHARES)} as gender,
                date '{AS_OF}' - if(is_child,
                    (date '{AS_OF}' - registered)
                        + ({draws.uniform("child")}
                            * (6570 - (date '{AS_OF}' - registered)))::bigint,
                    {adult} * 365 + {draws.integer("days", 10, 364)}
                        + ({adult} // 4))::int as born,
                {draws.integer("given name", 0, 23)} as given,
                {draws.integer("family name", 0, len(FAMILY_NAMES) - 1)} as family,
                if({draws.chance("home region", 0.85)}, region,
                    {draws.one_of("region", REGIONS)}) as lives_in,
                p % {SHARED_EMAIL_EVERY} in (7, 8) as shares,
                case when {draws.chance("moves", MOVED)}
                    then registered + {draws.integer("days to move", 40, 1200)}::int end as moved_on
            from registered
        )
        select
            *, {moved(now)} as has_moved, {changes},
            if(shares, 0, {patient_faults(world).number()})::utinyint as fault
        from born
        where {where}
    """


def telephone(draws: Draws, purpose: str = "telephone") -> str:
    """A telephone number from those set aside for fiction."""
    mobile = f"'0491 570 ' || {draws.one_of(purpose + ' mobile', FICTION_MOBILES)}"
    fixed = f"'(02) 5550 ' || lpad({draws.integer(purpose + ' fixed', 0, 9999)}::varchar, 4, '0')"
    return f"if({draws.chance(purpose, 0.4)}, {mobile}, {fixed})"


def address(draws: Draws, purpose: str) -> str:
    """An address in an invented town of the region where the patient lives."""
    towns = {region: Sql(draws.one_of(purpose + " town", towns)) for region, towns in TOWNS.items()}
    unit = (
        f"if({draws.chance(purpose + ' unit', 0.15)},"
        f" 'Unit ' || {draws.integer(purpose + ' flat', 1, 24)}::varchar || ', ', '')"
    )
    street = (
        f"{draws.integer(purpose + ' number', 1, 240)}::varchar || ' '"
        f" || {draws.one_of(purpose + ' street', STREETS)}"
    )
    return f"{unit} || {street} || ', ' || {switch('lives_in', towns)}"


def by_gender(names: dict[str, list[str]]) -> str:
    """A given name by gender and place in its list."""
    return switch(
        "gender",
        {
            gender: Sql(f"{text_list(list_)}[1 + given % {len(list_)}]")
            for gender, list_ in names.items()
        },
    )


def patient_rows(world: World) -> str:
    """The rows of a file of patients, from the table `known`: older versions first."""
    draws = draws_of(world)
    found = patient_faults(world)
    # who shares an address has the name of the first of the two
    first = draws.of("if(shares and p % 400 = 8, p - 1, p)")
    given_names = {key: [plain(name) for name in names] for key, names in GIVEN_NAMES.items()}
    family = text_list(FAMILY_NAMES) + "[1 + family]"
    plain_family = text_list([plain(name) for name in FAMILY_NAMES]) + "[1 + family]"
    email = (
        f"if(shares, 'family' || {first.number}::varchar, {by_gender(given_names)} || '.' ||"
        f" {plain_family} || p::varchar)"
        f" || {first.one_of('domain', ('@example.com', '@example.org'))}"
    )
    insurer = draws.lottery("insurer", INSURERS)
    prefix = switch(insurer, INSURANCE_PREFIXES)
    word = switch(
        "gender",
        {key: Sql(draws.one_of("gender word", words)) for key, words in OTHER_GENDER_WORDS.items()},
    )
    moved = f"if(has_moved, {telephone(draws, 'new telephone')}, {telephone(draws)})"
    lives = f"if(has_moved, {address(draws, 'new address')}, {address(draws, 'address')})"
    usual = {
        "patient_id": numbered("P", "p", world.width),
        "first_name": by_gender(GIVEN_NAMES),
        "last_name": family,
        "gender": f"if({draws.chance('other word', 0.03)}, {word}, gender)",
        "date_of_birth": "cast(born as varchar)",
        "contact_number": moved,
        "address": lives,
        "registration_date": "cast(registered as varchar)",
        "insurance_provider": insurer,
        "insurance_number": f"{prefix} || {draws.integer('policy', 1_000_000, 9_999_999)}::varchar",
        "email": f"if(not shares and {draws.chance('no e-mail', 0.03)}, null, {email})",
        "region": f"if({draws.chance('no region', 0.01)}, null, lives_in)",
    }
    columns = {name: found.spoilt(name, sql) for name, sql in usual.items()}
    later = f"cast(registered + {draws.integer('born later', 40, 320)}::int as varchar)"
    columns["date_of_birth"] = f"if({found.has('born_later')}, {later}, {columns['date_of_birth']})"
    columns["region"] = f"if({found.has('two_columns')}, '?', {columns['region']})"
    columns = with_status(world, columns)
    older = columns | {
        "contact_number": telephone(draws, "old telephone"),
        "address": address(draws, "old address"),
    }
    return f"""
        select {listed(older)} from known
        where {found.has("superseded")}
        union all
        select {listed(columns)} from known where is_changed
        union all
        select {listed(columns | {"patient_id": "null"})} from known
        where {found.has("missing_key")} and is_changed
        union all
        select {listed(dict.fromkeys(columns, "null"))} from known
        where {found.has("blank_row")} and is_changed
    """


def staff_draws_of(world: World) -> Draws:
    """Draws about a doctor."""
    return Draws(world.seed, "doctor", "doctor")


def doctor_faults(world: World) -> Faults:
    """What is wrong with doctors."""
    draws, n = staff_draws_of(world), DOCTOR_ROWS
    return Faults(
        draws,
        [
            *from_demo(REPAIRS, "doctors", n, {}),
            Fault(
                "superseded", "", "superseded", 2 / n, is_extra=True, written=str(world.day is None)
            ),
            Fault("rejected", "doctor_id", "missing_key", 1 / n, is_extra=True, written="is_new"),
        ],
    )


def doctor_rows(world: World) -> str:
    """The rows of the doctors' file, from the table `staff`."""
    draws = staff_draws_of(world)
    found = doctor_faults(world)
    given = [*GIVEN_NAMES["F"], *GIVEN_NAMES["M"]]
    first = draws.below("given name", len(given))
    last = draws.below("family name", len(FAMILY_NAMES))
    plain_given = text_list([plain(name) for name in given])
    plain_family = text_list([plain(name) for name in FAMILY_NAMES])
    branch = switch("doctor_id", BRANCH_SPELLINGS, "facility")
    usual = {
        "doctor_id": "doctor_id",
        "first_name": f"{text_list(given)}[1 + {first}]",
        "last_name": f"{text_list(FAMILY_NAMES)}[1 + {last}]",
        "specialization": "specialty",
        "phone_number": f"if(has_new_number, {telephone(draws, 'new telephone')},"
        f" {telephone(draws)})",
        "years_experience": f"{draws.integer('years', 2, 38)}::varchar",
        "hospital_branch": branch,
        "email": f"'dr.' || {plain_given}[1 + {first}] || '.' || {plain_family}[1 + {last}]"
        " || doctor::varchar || '@example.org'",
    }
    columns = {name: found.spoilt(name, sql) for name, sql in usual.items()}
    columns = with_status(world, {name: columns[name] for name in DOCTOR_COLUMNS})
    older = columns | {"phone_number": telephone(draws, "old telephone")}
    nobody = columns | {"doctor_id": "null", "email": "'dr.nobody@example.org'"}
    return f"""
        select {listed(older)} from staff where {found.has("superseded")}
        union all
        select {listed(columns)} from staff where is_changed
        union all
        select {listed(nobody)} from staff
        where {found.has("missing_key")} and is_changed
    """


def staff(world: World) -> str:
    """The doctors, and those who were taken on one after another without a timetable yet."""
    draws = staff_draws_of(world)
    locums = max(len(world.doctors) // LOCUMS_EVERY, 1)
    gap = DAYS // locums
    first = len(world.doctors) + 1
    now = f"date '{world.as_of}'"

    def renumbered(day: str) -> str:
        return f"(changed_on < {day})"

    def hired(day: str) -> str:
        return f"coalesce(hired_on < {day}, true)"

    where, changes = flags(world, hired, lambda day: [renumbered(day)])
    return f"""
        with everybody as (
            select doctor, doctor_id, place, specialty, null::date as hired_on from doctors
            union all
            select
                {first} + r.i, 'D' || lpad(({first} + r.i)::varchar, 3, '0'),
                (r.i * 7) % {len(world.places)}, 'General Medicine',
                date '{AS_OF}' - 1 - (({locums} - 1 - r.i) * {gap})::int
            from range({locums}) as r(i)
        ),
        known as (
            select
                everybody.*, places.name as facility,
                date '{FIRST_DAY}' + {draws.integer("days to new number", 30, 2000)} as changed_on
            from everybody
            join places using (place)
        )
        select
            *, {renumbered(now)} as has_new_number, {changes},
            {doctor_faults(world).number()}::utinyint as fault
        from known
        where {where}
        order by doctor
    """


def natural_flags() -> dict[str, str]:
    """What the models flag because it is true of the network: over `known`."""
    return {
        "flagged//shared_email": "select 2 * count(*) from known as one"
        " join known as other on other.p = one.p + 1 where one.shares and other.shares",
    }
