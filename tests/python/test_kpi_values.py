"""kpi_values_monthly: its numbers are the marts' and the facts', its months have no gaps."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import date, timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import Build, run_models

# KPIs of the catalogue that have no month, and why
WITHOUT_MONTH = {
    "AP14": "sampled by week and doctor",
    "CA01": "shares of all cases over the whole period",
    "CA05": "success by treatment over the whole period",
    "CA06": "survival follows cases for years",
    "CA07": "survival follows cases for years",
    "CA08": "compares groups over their whole follow-up",
    "CA09": "compares groups over the whole period",
    "DM01": "registered patients, not events",
    "DM02": "groups of patients over the whole period",
    "DQ01": "raw rows, not events of a month",
    "EX05": "a spread needs more answers than a month has",
    "EX06": "by survey wave",
    "EX07": "by survey wave",
    "FN04": "by treatment type over the whole period",
    "FN06": "compares seasons",
    "FN08": "open accounts on the as-of date",
    "FN09": "open accounts on the as-of date",
    "FN11": "shares of all bills over the whole period",
    "PF05": "by day and night",
    "PF06": "by day and night",
    "PF10": "standardised over the whole period, from 50 stays on",
    "PF12": "standardised over the whole period, from 50 separations on",
    "RS02": "by doctor over the whole period",
    "RS03": "by facility over the whole period",
    "RS04": "by facility over the whole period",
    "RS05": "by weekday and hour",
}

# mart, its column, its rows: a second list of what each value must equal
MARTS = {
    "AP01": ("kpi_appointment_outcomes_monthly", "due", ""),
    "AP02": ("kpi_appointment_outcomes_monthly", "attendance_rate", ""),
    "AP03": ("kpi_appointment_outcomes_monthly", "no_show_rate", ""),
    "AP04": ("kpi_appointment_outcomes_monthly", "cancellation_rate", ""),
    "AP05": ("kpi_appointment_outcomes_monthly", "patient_cancellation_rate", ""),
    "AP06": ("kpi_appointment_outcomes_monthly", "provider_cancellation_rate", ""),
    "AP07": ("kpi_appointment_outcomes_monthly", "late_patient_cancellation_rate", ""),
    "AP08": ("kpi_appointment_outcomes_monthly", "lost_slot_rate", ""),
    "AP09": ("kpi_appointment_outcomes_monthly", "completed_of_due_rate", ""),
    "AP10": ("kpi_appointment_outcomes_monthly", "unresolved_rate", ""),
    "AP11": ("kpi_slot_utilisation_monthly", "slot_utilisation_rate", ""),
    "AP12": ("kpi_slot_utilisation_monthly", "attended_utilisation_rate", ""),
    "AP13": ("kpi_booking_lead_times", "median_lead_days", ""),
    "PF01": ("kpi_patient_volume_monthly", "episodes_per_observation_day", ""),
    "PF02": ("kpi_length_of_stay", "mean_days", ""),
    "PF03": ("kpi_length_of_stay", "overnight_mean_days", ""),
    "PF04": ("kpi_length_of_stay", "same_day_share", ""),
    "PF07": ("kpi_readmissions", "readmission_rate", "definition = 'hwr_like'"),
    "PF08": ("kpi_readmissions", "readmission_rate", "definition = 'cancer_3188_like'"),
    "PF09": ("kpi_readmissions", "readmission_rate", "definition = 'au_28d'"),
    "PF13": ("kpi_readmissions", "readmission_rate", "definition = 'as_recorded'"),
    "PF11": ("kpi_mortality", "mortality_rate", ""),
    "ED01": ("kpi_emergency_monthly", "visits", "triage_category = 'all'"),
    "ED02": ("kpi_emergency_monthly", "seen_on_time_rate", "triage_category = 'all'"),
    "ED03": ("kpi_emergency_monthly", "within_four_hours_rate", "triage_category = 'all'"),
    "ED04": ("kpi_emergency_monthly", "median_emergency_stay_minutes", "triage_category = 'all'"),
    "ED05": ("kpi_emergency_monthly", "did_not_wait_rate", "triage_category = 'all'"),
    "ED06": ("kpi_emergency_monthly", "over_24_hours_rate", "triage_category = 'all'"),
    "CA02": ("kpi_cancer_waits", "within_standard_rate", "standard = 'faster_diagnosis'"),
    "CA03": ("kpi_cancer_waits", "within_standard_rate", "standard = 'decision_to_treatment'"),
    "CA04": ("kpi_cancer_waits", "within_standard_rate", "standard = 'referral_to_treatment'"),
    "FN02 of episodes": ("kpi_department_costs_monthly", "median_cost", ""),
    "FN07": ("kpi_collections_monthly", "collection_rate", ""),
    "FN10": ("kpi_collections_monthly", "denial_rate", ""),
    "FN12": ("kpi_collections_monthly", "net_collection_rate", ""),
    "FN13": ("kpi_collections_monthly", "failed_payment_rate", ""),
    "EX01": ("kpi_satisfaction", "mean_score", ""),
    "EX02": ("kpi_satisfaction", "top_box_rate", ""),
    "EX03": ("kpi_satisfaction", "net_promoter_score", ""),
    "EX08": ("kpi_satisfaction", "fft_positive_rate", ""),
}

DUE = "fct_appointments where outcome != 'future'"
EPISODES = "fct_episodes where not is_future"
STAYS = "fct_episodes where is_separation and not is_future"
VISITS = "fct_episodes where is_emergency_visit and not is_future"
BILLS = "fct_bills where not is_future"
FENCED = (
    "(select e.*, quantile_cont(cost::double, 0.75) over d as q3,"
    " quantile_cont(cost::double, 0.25) over d as q1 from fct_episodes e where not is_future"
    " window d as (partition by department_id))"
)
# rows, day, department, numerator, denominator, excluded: counted anew from the facts
FACTS = {
    "AP01": (DUE, "appointment_date", "'all'", "1", None, "0"),
    "AP03": (
        DUE, "appointment_date", "'all'", "outcome = 'no_show'",
        "outcome in ('attended', 'no_show')", "outcome in ('cancelled', 'unresolved')",
    ),
    "AP05": (
        DUE, "appointment_date", "'all'", "outcome = 'cancelled' and cancelled_by = 'patient'",
        "outcome != 'unresolved'", "outcome = 'unresolved'",
    ),
    "AP08": (
        DUE, "appointment_date", "'all'",
        "outcome = 'no_show' or (outcome = 'cancelled' and coalesce(is_late_cancellation, false))",
        "outcome != 'unresolved'", "outcome = 'unresolved'",
    ),
    "AP10": (DUE, "appointment_date", "'all'", "outcome = 'unresolved'", "1", "0"),
    "AP11": (
        "intermediate.int_slots_filled where is_past", "slot_date", "'all'",
        "not is_held and is_booked", "not is_held", "is_held",
    ),
    "ED01": (VISITS, "coalesce(arrived_at::date, episode_date)", "'all'", "1", None, "0"),
    "ED03": (
        VISITS + " and departed_at is not null", "departed_at::date", "'all'",
        "emergency_stay_minutes <= 240", "emergency_stay_minutes is not null",
        "emergency_stay_minutes is null",
    ),
    "ED05": (
        VISITS, "coalesce(arrived_at::date, episode_date)", "'all'",
        "visit_end_status = 'did_not_wait'",
        "visit_end_status not in ('unknown', 'dead_on_arrival')",
        "visit_end_status in ('unknown', 'dead_on_arrival')",
    ),
    "EX01": (
        EPISODES, "episode_date", "department_id", "satisfaction_score",
        "satisfaction_score is not null", "satisfaction_score is null",
    ),
    "EX03": (
        EPISODES, "episode_date", "department_id",
        "case when satisfaction_score >= 9 then 1 when satisfaction_score <= 6 then -1 end",
        "satisfaction_score is not null", "satisfaction_score is null",
    ),
    "PF02": (
        STAYS, "separation_date", "department_id", "length_of_stay_aihw_days",
        "length_of_stay_aihw_days is not null", "length_of_stay_aihw_days is null",
    ),
    "PF03": (
        STAYS, "separation_date", "department_id",
        "case when not is_same_day then length_of_stay_aihw_days end",
        "not is_same_day and length_of_stay_aihw_days is not null",
        "coalesce(is_same_day, true) or length_of_stay_aihw_days is null",
    ),
    "PF04": (
        STAYS, "separation_date", "department_id", "is_same_day",
        "length_of_stay_aihw_days is not null", "length_of_stay_aihw_days is null",
    ),
    "PF07": (
        "intermediate.int_readmissions_classified where definition = 'hwr_like'", "month",
        "department_id", "is_readmitted", "is_index", "exclusion_reason is not null",
    ),
    "PF11": (
        STAYS, "separation_date", "department_id", "is_death", "is_death is not null",
        "is_death is null",
    ),
    "PF13": (
        EPISODES, "coalesce(separation_date, episode_date)", "department_id",
        "is_readmitted_30d", "is_readmitted_30d is not null", "is_readmitted_30d is null",
    ),
    "FN01": (
        "fct_treatments where not is_future", "treatment_date", "'all'", "cost", None,
        "cost is null",
    ),
    "FN05": (
        FENCED, "episode_date", "department_id", "cost > round(q3 + 1.5 * (q3 - q1), 9)",
        "cost is not null", "cost is null",
    ),
    "FN07": (
        BILLS, "bill_date", "'all'", "case when billed_amount is not null then paid_amount end",
        "billed_amount", "billed_amount is null",
    ),
    "FN13": (BILLS, "bill_date", "'all'", "payment_status = 'failed'", "1", "0"),
    "CA02": (
        "fct_cancer_cases where not is_future", "diagnosis_date", "'all'",
        "diagnosis_date - referral_date between 0 and 28", "diagnosis_date >= referral_date",
        "referral_date is null or diagnosis_date < referral_date",
    ),
}  # fmt: skip
MEDIANS = {
    "AP13": (DUE, "appointment_date", "lead_days"),
    "ED04": (VISITS, "departed_at::date", "emergency_stay_minutes"),
    "FN02": ("fct_treatments where not is_future", "treatment_date", "cost"),
}
# the denominator of a part is the whole's
NOT_ADDITIVE = {"PF01": "days with data in the whole source", "RS01": "appointments of all"}

KEY = ("kpi_id", "facility_id", "department_id", "month")


# bills of the demo's last three months may still be paid: April 2026 ended 61 days before its end
UNSETTLED, SETTLED_BEFORE = ("FN07", "FN10", "FN12", "FN13"), date(2026, 4, 1)


@pytest.fixture(scope="module")
def values(demo_build) -> dict[tuple, dict]:
    rows = demo_build.records("select * from kpi_values_monthly")
    # one KPI of the demo data comes from two systems
    names = {("FN02", "care_episodes"): "FN02 of episodes"}
    by_key = {
        (
            names.get((row["kpi_id"], row["source_system"]), row["kpi_id"]),
            *(row[name] for name in KEY[1:]),
        ): row
        for row in rows
    }
    assert len(by_key) == len(rows) > 10_000
    return by_key


def next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def months_of(first: date, end: date) -> list[date]:
    """First days of the months from that of a day to the last that begins before another."""
    months, month = [], first.replace(day=1)
    while month < end:
        months.append(month)
        month = next_month(month)
    return months


def check_series(build: Build) -> dict[str, int]:
    """Every series has every month of its system once; how many series each system has."""
    spans = {
        row["source_system"]: months_of(row["observed_from"], row["as_of_date"])
        for row in build.records("select * from intermediate.int_systems_dated")
    }
    series = defaultdict(list)
    for row in build.records("select * from kpi_values_monthly"):
        key = (row["kpi_id"], row["source_system"], row["facility_id"], row["department_id"])
        series[key].append(row["month"])
    for key, months in series.items():
        assert sorted(months) == spans[key[1]], key
    return Counter(key[1] for key in series)


def test_every_kpi_with_a_month_is_there(demo_build):
    grains = dict(demo_build.query("select kpi_id, grain from dim_kpis"))
    there = {kpi for (kpi,) in demo_build.query("select distinct kpi_id from kpi_values_monthly")}
    assert grains.keys() - there == WITHOUT_MONTH.keys()
    with_month = {kpi for kpi, grain in grains.items() if "month" in grain}
    assert with_month <= there


def test_months_have_no_gaps(demo_build):
    count = check_series(demo_build)
    assert count.keys() == {"hospital_ops", "care_episodes", "cancer_registry"}
    # a lone absurd date of the demo's dirt lies outside, in the mart only
    ((first,),) = demo_build.query("select min(month) from kpi_values_monthly")
    assert first == date(2018, 7, 1)


def test_every_value_is_its_marts(demo_build, values, record_property):
    compared, largest, bounds = 0, 0.0, 0
    shown = Counter(key[0] for key, row in values.items() if row["is_reportable"])
    columns = defaultdict(set)
    for table, column in demo_build.query(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'marts'"
    ):
        columns[table].add(column)
    for kpi, (mart, column, where) in MARTS.items():
        places = ", ".join(
            name if name in columns[mart] else "'all'" for name in ("facility_id", "department_id")
        )
        low, high = (
            f"{column}_{side}" if f"{column}_{side}" in columns[mart] else "null"
            for side in ("low", "high")
        )
        where += " and cancer_type = 'all'" if mart == "kpi_cancer_waits" else ""
        mart_rows = demo_build.query(
            f"select {places}, month, {column}, {low}, {high} from {mart} where {where or 'true'}"
        )
        found = 0
        for facility, place, month, value, value_low, value_high in mart_rows:
            row = values.get((kpi, facility, place, month))
            if row is None:
                assert month < date(2023, 7, 1), (kpi, month)
                continue
            if not row["is_reportable"]:
                continue
            found += 1
            largest = max(largest, abs(row["value"] - float(value)))
            # the mart has the standard error of the score and no bounds
            if kpi != "EX03":
                given = tuple(b if b is None else float(b) for b in (value_low, value_high))
                assert (row["value_low"], row["value_high"]) == given, row
                bounds += value_low is not None
        # zeros of months that no mart row has are counts
        assert found == shown[kpi] or kpi in ("AP01", "ED01"), kpi
        compared += found
    print(f"{compared} values and {bounds} intervals, largest difference {largest:.3g}")
    record_property("largest_difference", largest)
    assert largest == 0 and compared > 10_000


def counted_from_facts(kpi: str) -> str:
    """SQL of the counts of a KPI by facility, department and month."""
    relation, day, department, numerator, denominator, excluded = FACTS[kpi]
    return (
        "select coalesce(facility_id, 'all'), coalesce(department_id, 'all'), month,"
        " sum(numerator), sum(denominator), sum(excluded), count(nullif(denominator, 0)) from ("
        f" select facility_id, {department} as department_id,"
        f" date_trunc('month', {day})::date as month,"
        f" coalesce(({numerator})::double, 0) as numerator,"
        f" {f'coalesce(({denominator})::double, 0)' if denominator else 'null::double'}"
        f" as denominator, coalesce(({excluded})::int, 0) as excluded"
        f" from {relation})"
        " group by month, cube(facility_id, department_id)"
    )


@pytest.mark.parametrize("kpi", FACTS)
def test_counts_are_those_of_the_facts(demo_build, values, kpi):
    counted = {}
    for facility, department, month, *numbers in demo_build.query(counted_from_facts(kpi)):
        counted[facility, department, month] = numbers
    rows = [row for key, row in values.items() if key[0] == kpi]
    assert rows
    assert (len({r["department_id"] for r in rows}) > 1) == (FACTS[kpi][2] != "'all'")
    for row in rows:
        key = (row["facility_id"], row["department_id"], row["month"])
        none_at_all = [0, None if FACTS[kpi][4] is None else 0, 0, 0]
        numerator, denominator, excluded, cases = counted.get(key, none_at_all)
        assert row["numerator"] == pytest.approx(numerator, rel=1e-12, abs=1e-9), row
        assert row["denominator"] == (
            None if denominator is None else pytest.approx(denominator, rel=1e-12)
        ), row
        assert row["n_excluded"] == excluded, row
        if denominator is not None:
            assert row["n"] == cases, row
            is_settled = kpi not in UNSETTLED or row["month"] < SETTLED_BEFORE
            assert row["is_reportable"] == (cases >= 10 and is_settled), row
            if row["is_reportable"]:
                times = 100 if kpi == "EX03" else 1
                assert row["value"] == pytest.approx(times * numerator / denominator, rel=1e-12)


@pytest.mark.parametrize("kpi", MEDIANS)
def test_medians_are_those_of_the_facts(demo_build, values, kpi):
    relation, day, value = MEDIANS[kpi]
    wanted = {
        (facility, month): (median, n)
        for facility, month, median, n in demo_build.query(
            "select coalesce(facility_id, 'all'), month, median(value), count(value) from ("
            f"select facility_id, date_trunc('month', {day})::date as month,"
            f" ({value})::double as value from {relation}) group by month, rollup(facility_id)"
        )
    }
    shown = 0
    for key, row in values.items():
        if key[0] != kpi:
            continue
        median, n = wanted.get((row["facility_id"], row["month"]), (None, 0))
        assert (row["n"], row["numerator"]) == (n, None), row
        assert row["is_reportable"] == (n >= 10)
        if row["is_reportable"]:
            shown += 1
            assert row["value"] == pytest.approx(median, abs=1e-9)
            assert row["value_low"] <= row["value"] <= row["value_high"]
    assert shown > 30


def test_shares_and_volumes_of_a_month(demo_build, values):
    days = dict(
        demo_build.query(
            "select date_trunc('month', episode_date)::date, count(distinct episode_date)"
            f" from {EPISODES} group by 1"
        )
    )
    for (kpi, facility, department, month), row in values.items():
        if kpi == "RS01":
            assert facility != "all"
            assert row["numerator"] == values["AP01", facility, department, month]["n"]
            assert row["denominator"] == values["AP01", "all", department, month]["n"]
        if kpi == "PF01":
            assert row["denominator"] == days[month]
            assert row["numerator"] == row["n"]
            assert row["value"] == pytest.approx(row["n"] / days[month], rel=1e-12)
            assert row["value_low"] <= row["value"] <= row["value_high"]


def test_parts_add_up_to_the_whole(values):
    """Facilities to all facilities, departments to all departments, for whatever has counts."""
    compared = 0
    for part in (1, 2):
        sums: dict[tuple, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for key, row in values.items():
            if key[part] != "all":
                whole = (*key[:part], "all", *key[part + 1 :])
                for name in ("numerator", "denominator", "n", "n_excluded"):
                    sums[whole][name] += row[name] or 0
        for whole, added in sums.items():
            if whole[0] == "RS01":
                continue
            for name, number in added.items():
                if name == "denominator" and whole[0] in NOT_ADDITIVE:
                    continue
                assert (values[whole][name] or 0) == pytest.approx(number, rel=1e-12), whole
            compared += 1
    assert compared > 10_000


def test_rates_of_totals_are_not_means_of_rates(values):
    """Rates come from counts; the mean of the parts' rates is another number."""
    months = {key[3] for key in values if key[0] == "AP03"}
    differs = 0
    for month in months:
        parts = [
            row["value"]
            for key, row in values.items()
            if key[0] == "AP03" and key[1] != "all" and key[3] == month and row["is_reportable"]
        ]
        total = values["AP03", "all", "all", month]
        assert total["value"] == total["numerator"] / total["denominator"]
        differs += abs(sum(parts) / len(parts) - total["value"]) > 1e-3
    assert differs > len(months) / 2


@pytest.fixture(scope="module")
def connection(demo_build):
    with duckdb.connect(str(demo_build.private), read_only=True) as connection:
        connection.execute("set schema = 'marts'")
        yield connection


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data())
def test_rates_of_any_roll_up_equal_the_facts(connection, values, data):
    """Any facilities and months: summed counts give the rate that the rows themselves give."""
    kpi = data.draw(st.sampled_from(sorted(k for k in FACTS if FACTS[k][4] and k != "FN05")))
    keys = [k for k in values if k[0] == kpi and k[1] != "all" and k[2] == "all"]
    facilities = data.draw(
        st.lists(st.sampled_from(sorted({k[1] for k in keys})), min_size=1, unique=True)
    )
    months = data.draw(
        st.lists(st.sampled_from(sorted({k[3] for k in keys})), min_size=1, unique=True)
    )
    rows = [values[kpi, facility, "all", month] for facility in facilities for month in months]
    numerator = sum(row["numerator"] for row in rows)
    denominator = sum(row["denominator"] for row in rows)
    relation, day, _, wanted, of, _ = FACTS[kpi]
    ((whole, parts),) = connection.execute(
        f"select coalesce(sum(({of})::double), 0),"
        f" coalesce(sum(case when ({of})::double != 0 then ({wanted})::double end), 0)"
        f" from (from {relation}) where list_contains($facilities, facility_id)"
        f" and list_contains($months, date_trunc('month', {day})::date)",
        {"facilities": facilities, "months": months},
    ).fetchall()
    assert denominator == pytest.approx(whole, rel=1e-12, abs=1e-9)
    assert numerator == pytest.approx(parts, rel=1e-12, abs=1e-9)
    # a rate of the whole lies among the rates of its parts
    shown = [row["value"] for row in rows if row["denominator"]]
    if shown and all(row["is_reportable"] for row in rows if row["denominator"]):
        rate = (100 if kpi == "EX03" else 1) * numerator / denominator
        assert min(shown) - 1e-9 <= rate <= max(shown) + 1e-9


def test_what_may_be_shown(demo_build, values):
    """Nothing below the minimum, everything at it; and why not."""
    kpis = {row["kpi_id"]: row for row in demo_build.records("select * from dim_kpis")}
    reasons = Counter()
    for (*_, month), row in values.items():
        kpi = row["kpi_id"]
        minimum, counted = kpis[kpi]["minimum_n"], kpis[kpi]["minimum_n_counted"]
        is_count = kpis[kpi]["denominator"] == "none"
        # the demo data begin on 2 and 3 July 2023 and on 11 July 2018
        begins = date(2018 if row["source_system"] == "cancer_registry" else 2023, 7, 1)
        if row["denominator"] == 0:
            expected = "no events"
        elif row["n"] < minimum:
            expected = f"fewer than {minimum} {counted}"
        elif is_count and month == begins:
            expected = "month not complete"
        elif kpi in UNSETTLED and month >= SETTLED_BEFORE:
            expected = "not settled yet"
        else:
            expected = None
        assert row["why_not"] == expected, row
        assert row["is_reportable"] == (expected is None) == (row["value"] is not None)
        if expected:
            assert row["value_low"] is None and row["value_high"] is None
        reasons[expected] += 1
    assert len(reasons) == 6 and min(reasons.values()) >= 7, dict(reasons)


def appointment(facility: str, day: str, outcome: str, count: int, **other) -> list[dict]:
    row = {"facility_id": facility, "appointment_date": day, "outcome": outcome}
    return [row | other] * count


CHAIN = [
    "int_appointments_tallied",
    "int_event_days_tallied",
    "int_months_observed",
    "kpi_appointment_outcomes_monthly",
    "int_kpi_values_appointments",
    "dim_kpis",
    "int_kpi_values_stacked",
    "int_kpi_months_spined",
    "kpi_values_monthly",
]


@pytest.fixture(scope="module")
def planted(demo_build) -> dict[tuple, dict]:
    """Two facilities over four months: February silent, h2 without appointments in March."""
    appointments = [
        *appointment("h1", "2024-01-02", "attended", 9),
        *appointment("h1", "2024-01-31", "no_show", 3),
        *appointment("h2", "2024-01-31", "attended", 9),
        *appointment("h2", "2024-01-31", "cancelled", 2),
        *appointment("h1", "2024-03-05", "attended", 10),
        *appointment("h1", "2024-03-05", "unresolved", 1),
        *appointment("h1", "2024-04-02", "no_show", 10),
        *appointment("h1", "2024-04-02", "cancelled", 1, cancelled_by="patient"),
        # in no month of the series: long before the data, and after the as-of date
        *appointment("h1", "2009-04-02", "attended", 20),
        *appointment("h1", "2024-04-20", "future", 20),
    ]
    system = {"source_system": "hospital_ops", "observed_from": "2024-01-01"}
    months = [{"month": f"2024-{m:02}-01"} for m in range(1, 13)] + [{"month": "2009-04-01"}]
    made = run_models(
        demo_build,
        CHAIN,
        {
            "fct_appointments": appointments,
            "int_systems_dated": [system | {"as_of_date": "2024-04-16"}],
            "dim_dates": months,
        },
    )
    return {
        (r["kpi_id"], r["facility_id"], r["month"].month): r for r in made["kpi_values_monthly"]
    }


def counts(row: dict) -> tuple:
    return tuple(row[name] for name in ("numerator", "denominator", "n", "value", "why_not"))


def test_silent_months_are_null_and_quiet_ones_0(planted):
    assert {key[2] for key in planted} == {1, 2, 3, 4}
    silent = (None, None, None, None, "no data in this month")
    for (kpi, facility, month), row in planted.items():
        if month == 2:
            assert counts(row) == silent and row["n_excluded"] is None, (kpi, facility)
    assert counts(planted["AP01", "h2", 3]) == (0, None, 0, 0, None)
    assert counts(planted["AP03", "h2", 3]) == (0, 0, 0, None, "no events")
    assert counts(planted["RS01", "h2", 3]) == (0, 11, 11, 0, None)
    assert counts(planted["AP03", "h1", 1]) == (3, 12, 12, 0.25, None)
    # 9 are too few, 10 are not
    assert counts(planted["AP03", "h2", 1])[:4] == (0, 9, 9, None)
    assert planted["AP03", "h2", 1]["why_not"].startswith("fewer than 10 ")
    assert counts(planted["AP03", "h1", 3]) == (0, 10, 10, 0, None)
    assert planted["AP03", "h1", 3]["n_excluded"] == 1
    assert planted["AP03", "h2", 1]["n_excluded"] == 2


def test_a_part_of_a_month_has_rates_but_no_counts(planted):
    assert counts(planted["AP01", "h1", 4]) == (11, None, 11, None, "month not complete")
    assert counts(planted["AP03", "h1", 4]) == (10, 10, 10, 1, None)
    assert counts(planted["AP01", "h1", 1]) == (12, None, 12, 12, None)


def test_who_cancelled_may_not_be_known(planted):
    """h2's two cancellations of January say nothing of who: unknown, and not 0 of 11."""
    assert counts(planted["AP04", "h2", 1]) == (2, 11, 11, 2 / 11, None)
    assert counts(planted["AP05", "h2", 1]) == (None, None, None, None, "no data in this month")
    assert counts(planted["AP05", "h1", 4]) == (1, 11, 11, 1 / 11, None)
    assert counts(planted["AP05", "h1", 1]) == (0, 12, 12, 0, None)


def test_order_of_rows_is_nothing(demo_build, values):
    """The same rows shuffled, by the model's own SQL."""
    wanted = [r for key, r in values.items() if key[0] in ("EX01", "FN01") and key[3].year == 2024]
    stacked = [
        {k: v for k, v in row.items() if k not in ("is_reportable", "why_not")}
        | {"source_table": "t"}
        for row in reversed(wanted)
    ]
    months = [
        {"source_system": s, "source_table": "t", "month": m, "has_data": True, "is_complete": True}
        for s in ("care_episodes", "hospital_ops")
        for m in months_of(date(2024, 1, 1), date(2025, 1, 1))
    ]
    kpis = demo_build.records("select * from dim_kpis")
    rows = run_models(
        demo_build,
        ["int_kpi_months_spined", "kpi_values_monthly"],
        {"int_kpi_values_stacked": stacked, "int_months_observed": months, "dim_kpis": kpis},
    )["kpi_values_monthly"]
    again = {tuple(row[name] for name in KEY): row for row in rows}
    assert len(again) == len(wanted)
    for row in wanted:
        assert again[tuple(row[name] for name in KEY)] == row


@pytest.mark.parametrize(
    ("fixture", "systems"),
    [
        ("public_build", {"hospital_ops"}),
        ("public_care_build", {"care_episodes", "cancer_registry"}),
    ],
)
def test_folders_without_a_system(request, fixture, systems):
    """What is not there has no series; what lacks a column has no value, in no month."""
    build = request.getfixturevalue(fixture)
    assert check_series(build).keys() == systems
    lacking = {
        (r["kpi_id"], r["source_system"])
        for r in build.records("select * from dq_kpi_requirements where not is_present")
    }
    found = build.records("select * from kpi_values_monthly")
    for row in found:
        if (row["kpi_id"], row["source_system"]) in lacking:
            assert counts(row)[:4] == (None, None, None, None), row
    assert {r["kpi_id"] for r in found if r["is_reportable"]} >= (
        {"AP01", "AP03", "FN01", "FN02", "FN07"}
        if "hospital_ops" in systems
        else {"PF01", "EX01", "EX02", "EX03", "FN05", "PF13"}
    )
    assert not any(r["value"] is not None and math.isnan(r["value"]) for r in found)
