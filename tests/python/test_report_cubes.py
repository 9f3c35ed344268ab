"""The report's cubes add up to the published KPI marts, exactly, on the demo data.

    pytest tests/python/test_report_cubes.py

The page adds cells of these cubes; whoever reads the warehouse reads the `kpi_` marts. Each pair of
queries below must give the same rows.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import duckdb
import pytest

from conftest import Build

# Counts of appointments with an `all` row for facilities, as rollup gives it.
BY_FACILITY = "case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id"
BY_DEPARTMENT = BY_FACILITY.replace("facility_id", "department_id")

# What is compared: the query of the cube, the query of the mart. Rows are compared as sets.
SAME = {
    "appointments by facility and month": (
        f"""select {BY_FACILITY}, month, sum(due), sum(attended), sum(no_shows), sum(cancelled),
            sum(unresolved) from report_appointments group by month, rollup(facility_id)""",
        """select facility_id, month, due, attended, no_shows, cancelled, unresolved
           from kpi_appointment_outcomes_monthly where due > 0""",
    ),
    "appointments by doctor": (
        """select doctor_id, sum(due), sum(attended), sum(no_shows), sum(cancelled)
           from report_appointments group by doctor_id""",
        """select doctor_id, due, attended, no_shows, cancelled from kpi_doctor_caseload
           where due > 0""",
    ),
    "lead times by facility and month": (
        f"""select {BY_FACILITY}, month, sum(lead_known), sum(due) - sum(lead_known)
            from report_appointments group by month, rollup(facility_id)""",
        """select facility_id, month, appointments, without_lead_time
           from kpi_booking_lead_times""",
    ),
    "first attendances: one for every patient who was seen": (
        "select sum(first_attendances), sum(attended_by_known) from report_appointments",
        """select count(distinct patient_key), count(*) from fct_appointments
           where outcome = 'attended' and patient_key != -1""",
    ),
    "segments": (
        """select dimension, value, sum(attended), sum(no_shows) from report_appointment_segments
           group by dimension, value having sum(attended + no_shows) > 0""",
        """select dimension, value, attended, no_shows from kpi_no_shows_by_segment
           where dimension not in ('weekday', 'hour')""",
    ),
    "segments: each appointment due once in each dimension": (
        """select dimension, facility_id, month, sum(due) from report_appointment_segments
           group by dimension, facility_id, month""",
        """select dimension, facility_id, month, due from kpi_appointment_outcomes_monthly,
           (values ('lead_time'), ('reason'), ('age_band'), ('gender')) as dimensions(dimension)
           where facility_id != 'all' and due > 0""",
    ),
    "hours": (
        f"""select {BY_FACILITY}, weekday_number, hour, sum(due), sum(attended), sum(no_shows)
            from report_appointment_hours group by weekday_number, hour, rollup(facility_id)""",
        """select facility_id, weekday_number, hour, appointments, attended, no_shows
           from kpi_demand_profile""",
    ),
    "treatments": (
        """select case when grouping(treatment_type) = 1 then 'all' else treatment_type end,
            sum(costs_known), sum(treatments) - sum(costs_known), sum(total_cost)
            from report_treatments group by rollup(treatment_type)""",
        """select treatment_type, treatments, treatments_without_cost, total_cost
           from kpi_treatment_costs where source_system = 'hospital_ops' and cost_scope = 'all'""",
    ),
    "treatments by doctor": (
        "select doctor_id, sum(total_cost) from report_treatments group by doctor_id",
        """select doctor_id, treatment_cost from kpi_doctor_caseload
           where doctor_id in (select doctor_id from fct_treatments where not is_future)""",
    ),
    "treatments by facility": (
        """select facility_id, sum(treatments), sum(total_cost) from report_treatments
           group by facility_id""",
        """select facility_id, treatments, treatment_cost from kpi_facility_activity
           where facility_id != 'all' and treatments > 0""",
    ),
    "bins": (
        """select case when grouping(treatment_type) = 1 then 'all' else treatment_type end, bin,
           lower_edge, upper_edge, sum(treatments) from report_cost_bins
           group by bin, lower_edge, upper_edge, rollup(treatment_type)""",
        """select treatment_type, bin, lower_edge, upper_edge, treatments from kpi_cost_histogram
           where source_system = 'hospital_ops'""",
    ),
    "bins: every cost known is in one": (
        """select facility_id, department_id, month, treatment_type, sum(treatments)
           from report_cost_bins group by all""",
        """select facility_id, department_id, month, treatment_type, sum(costs_known)
           from report_treatments where costs_known > 0 group by all""",
    ),
    "medians over all facilities": (
        """select source_system, treatment_type, n, median_cost, median_cost_low,
           median_cost_high, p25_cost, p75_cost, p90_cost from report_cost_medians
           where facility_id = 'all'""",
        """select source_system, treatment_type, treatments, median_cost, median_cost_low,
           median_cost_high, p25_cost, p75_cost, p90_cost from kpi_treatment_costs
           where cost_scope = 'all' and treatments > 0""",
    ),
    "medians as the rows have them": (
        """select source_system, facility_id, treatment_type, n, round(median_cost, 6),
           round(p25_cost, 6), round(p75_cost, 6), round(p90_cost, 6) from report_cost_medians""",
        f"""select source_system, {BY_FACILITY},
           case when grouping(treatment_type) = 1 then 'all' else treatment_type end, count(*),
           round(quantile_cont(cost, 0.5), 6), round(quantile_cont(cost, 0.25), 6),
           round(quantile_cont(cost, 0.75), 6), round(quantile_cont(cost, 0.9), 6)
           from (select 'hospital_ops' as source_system, facility_id, treatment_type,
               cast(cost as double) as cost from fct_treatments
               where not is_future and cost is not null
               union all select 'care_episodes', facility_id, treatment_type, cast(cost as double)
               from fct_episodes where not is_future and cost is not null)
           group by source_system, cube(facility_id, treatment_type)""",
    ),
    "medians: the n of each facility": (
        """select facility_id, treatment_type, n from report_cost_medians
           where source_system = 'hospital_ops' and facility_id != 'all'
           and treatment_type != 'all'""",
        """select facility_id, treatment_type, sum(costs_known) from report_treatments
           where costs_known > 0 group by all""",
    ),
    "bills": (
        """select case when grouping(facility_id) = 1 then 'all' else facility_id end,
           case when grouping(payment_method) = 1 then 'all' else payment_method end,
           case when grouping(payment_status) = 1 then 'all' else payment_status end,
           sum(bills), sum(billed_amount), sum(paid_amount) from report_bills
           group by cube(facility_id, payment_method, payment_status)""",
        """select facility_id, payment_method, payment_status, bills, billed_amount, paid_amount
           from kpi_payment_mix""",
    ),
    "bills by facility and month": (
        f"""select {BY_FACILITY}, month, sum(bills), sum(bills) - sum(bills_with_amount),
            sum(billed_amount), sum(paid_amount) from report_bills
            group by month, rollup(facility_id)""",
        """select facility_id, month, bills, bills_without_amount, billed_amount, paid_amount
           from kpi_collections_monthly where bills > 0""",
    ),
    "episodes by department": (
        f"""select {BY_DEPARTMENT}, sum(episodes), sum(costs_known), sum(total_cost),
            sum(satisfaction_scores), sum(readmissions_recorded), sum(readmission_known),
            sum(successes), sum(evaluable), sum(stays_measured) from report_episodes
            group by rollup(department_id)""",
        """select department_id, episodes, costs_known, total_cost, satisfaction_scores,
           readmissions_recorded, readmission_known, successes, evaluable, stays_measured
           from kpi_department_activity""",
    ),
    "episodes by department and month": (
        f"""select {BY_FACILITY}, {BY_DEPARTMENT}, month, sum(episodes) from report_episodes
            group by month, cube(facility_id, department_id) having sum(episodes) > 0""",
        """select facility_id, department_id, month, episodes from kpi_patient_volume_monthly
           where episodes > 0""",
    ),
    "intensive care": (
        "select sum(icu_episodes), count(distinct department_id) from report_episodes"
        " where icu_episodes > 0",
        "select episodes, 1 from kpi_department_activity where department_id = 'icu'",
    ),
    "costs by department and month": (
        f"""select {BY_DEPARTMENT}, month, sum(costs_known), sum(episodes) - sum(costs_known),
            sum(total_cost) from report_episodes group by month, rollup(department_id)
            having sum(episodes) > 0""",
        """select department_id, month, episodes, episodes_without_cost, total_cost
           from kpi_department_costs_monthly""",
    ),
    "satisfaction": (
        f"""select {BY_FACILITY}, {BY_DEPARTMENT}, month, sum(satisfaction_scores), sum(top_box),
            cast(sum(satisfaction_sum) as double) / sum(satisfaction_scores)
            from report_episodes group by month, cube(facility_id, department_id)
            having sum(satisfaction_scores) > 0""",
        """select facility_id, department_id, month, responses, top_box, mean_score
           from kpi_satisfaction where responses > 0""",
    ),
    "stays": (
        f"""select {BY_FACILITY}, {BY_DEPARTMENT}, month, sum(separations), sum(stays_measured),
            sum(stay_days) from report_episodes group by month, cube(facility_id, department_id)
            having sum(separations) > 0""",
        """select facility_id, department_id, month, separations, stays_measured, total_days
           from kpi_length_of_stay""",
    ),
    "deaths": (
        f"""select {BY_FACILITY}, {BY_DEPARTMENT}, month, sum(separations),
            sum(separations_with_disposition), sum(deaths) from report_episodes
            group by month, cube(facility_id, department_id) having sum(separations) > 0""",
        """select facility_id, department_id, month, separations, separations_with_disposition,
           deaths from kpi_mortality""",
    ),
    "readmissions": (
        f"""select {BY_FACILITY}, {BY_DEPARTMENT}, month, sum(index_stays), sum(readmissions)
            from report_episodes group by month, cube(facility_id, department_id)
            having sum(index_stays) > 0""",
        """select facility_id, department_id, month, index_stays, readmissions
           from kpi_readmissions where definition = 'hwr_like' and index_stays > 0""",
    ),
    "readmissions as recorded": (
        f"""select {BY_FACILITY}, {BY_DEPARTMENT}, month, sum(readmission_known),
            sum(readmissions_recorded) from report_episodes
            group by month, cube(facility_id, department_id) having sum(readmission_known) > 0""",
        """select facility_id, department_id, month, index_stays, readmissions
           from kpi_readmissions where definition = 'as_recorded' and index_stays > 0""",
    ),
    "emergency visits": (
        f"""select {BY_FACILITY}, month, sum(emergency_visits) from report_episodes
            group by month, rollup(facility_id) having sum(emergency_visits) > 0""",
        """select facility_id, month, visits from kpi_emergency_monthly
           where triage_category = 'all' and visits > 0""",
    ),
    "emergency hours": (
        f"""select {BY_FACILITY}, weekday_number, hour, sum(visits) from report_emergency_hours
            group by weekday_number, hour, rollup(facility_id)""",
        """select facility_id, weekday_number, hour, arrivals from kpi_emergency_demand
           where weekday_number > 0 and arrivals > 0""",
    ),
    "patients of all facilities": (
        """select source_system, dimension, value, patients from report_patients
           where facility_id = 'all'""",
        "select source_system, dimension, value, patients from kpi_patient_demographics",
    ),
    "patients by insurance": (
        """select source_system, facility_id, value, patients from report_patients
           where dimension = 'insurance'""",
        "select source_system, facility_id, insurance_type, patients from kpi_insurance_mix",
    ),
    "patients of a facility are the same in each dimension": (
        """select source_system, facility_id, dimension, sum(patients) from report_patients
           group by all""",
        """select distinct source_system, facility_id, dimension, all_patients
           from kpi_insurance_mix, (select distinct dimension from report_patients)""",
    ),
    "distinct patients of care episodes by month": (
        """select facility_id, department_id, period, patients from report_patient_counts
           where source_system = 'care_episodes' and period != 'all'""",
        """select facility_id, department_id, left(cast(month as varchar), 7), distinct_patients
           from kpi_patient_volume_monthly where distinct_patients > 0""",
    ),
    "distinct patients over the whole period": (
        """select source_system, facility_id, patients from report_patient_counts
           where department_id = 'all' and period = 'all' and facility_id != 'all'
           and source_system != 'hospital_ops'""",
        """select distinct source_system, facility_id, all_patients from kpi_insurance_mix
           where facility_id != 'all' and source_system != 'hospital_ops'""",
    ),
    "distinct patients with an appointment due": (
        """select facility_id, department_id, patients from report_patient_counts
           where source_system = 'hospital_ops' and period = 'all'""",
        f"""select {BY_FACILITY}, {BY_DEPARTMENT}, count(distinct patient_key)
            from fct_appointments where outcome != 'future' and patient_key != -1
            group by cube(facility_id, department_id)""",
    ),
    "treatment outcomes": (
        f"""select source_system, {BY_FACILITY},
            case when grouping(treatment) = 1 then 'all' else treatment end, sum(cases),
            sum(evaluable), sum(successes) from report_treatment_outcomes
            group by source_system, cube(facility_id, treatment)""",
        """select source_system, facility_id, treatment, cases, evaluable, successes
           from kpi_treatment_outcomes""",
    ),
    "treatment outcomes and episodes": (
        """select facility_id, department_id, month, sum(cases), sum(evaluable), sum(successes)
           from report_treatment_outcomes where source_system = 'care_episodes' group by all""",
        """select facility_id, department_id, month, episodes, evaluable, successes
           from report_episodes where episodes > 0""",
    ),
    "cancer cases": (
        """select dimension, value, sum(cases) from report_cancer_cases
           group by dimension, value""",
        "select dimension, value, cases from kpi_cancer_distribution",
    ),
    "cancer cases by facility": (
        """select facility_id, sum(cases) from report_cancer_cases
           where dimension = 'stage' group by facility_id""",
        "select value, cases from kpi_cancer_distribution where dimension = 'facility'",
    ),
}

# Cube, its cells, and the mart with mean and interval that follow from count, sum and squares.
MEANS = {
    "treatment costs": (
        """select treatment_type, sum(costs_known), sum(total_cost), sum(cost_squares)
           from report_treatments group by treatment_type""",
        """select treatment_type, mean_cost, sd_cost from kpi_treatment_costs
           where source_system = 'hospital_ops' and cost_scope = 'all'
           and treatment_type != 'all'""",
    ),
    "episode costs": (
        """select department_id || month, sum(costs_known), sum(total_cost), sum(cost_squares)
           from report_episodes group by all""",
        """select department_id || month, mean_cost, sd_cost from kpi_department_costs_monthly
           where department_id != 'all'""",
    ),
    "satisfaction": (
        """select facility_id || department_id || month, satisfaction_scores, satisfaction_sum,
           satisfaction_squares from report_episodes""",
        """select facility_id || department_id || month, mean_score, sd from kpi_satisfaction
           where facility_id != 'all' and department_id != 'all' and responses > 0""",
    ),
    "stays": (
        """select facility_id || department_id || month, stays_measured, stay_days, stay_squares
           from report_episodes""",
        """select facility_id || department_id || separation_month, avg(days), stddev_samp(days)
           from (select *, length_of_stay_aihw_days as days,
                 date_trunc('month', separation_date)::date as separation_month
                 from fct_episodes where is_separation and not is_future)
           where days is not null group by all""",
    ),
}


@pytest.fixture(scope="module")
def query(demo_build: Build) -> Callable[[str], list[tuple]]:
    """Rows of a query on the demo build, over one connection: opening it takes longer."""
    with duckdb.connect(str(demo_build.private), read_only=True) as connection:
        connection.execute("set schema = 'marts'")
        yield lambda sql: connection.execute(sql).fetchall()


def exact(row: tuple) -> tuple:
    """A row in which numbers compare by value, whatever type the engine gave the sum."""
    return tuple(
        Decimal(cell) if isinstance(cell, int) and not isinstance(cell, bool) else cell
        for cell in row
    )


@pytest.mark.parametrize("name", SAME)
def test_cube_adds_up_to_the_mart(query, name):
    cube, mart = ([exact(row) for row in query(sql)] for sql in SAME[name])
    assert cube and len(set(cube)) == len(cube)
    assert set(cube) == set(mart), (set(cube) ^ set(mart)).pop()


@pytest.mark.parametrize("name", MEANS)
def test_squares_give_the_spread_of_the_mart(query, name):
    """The sd of the mart comes from the rows or a tally, the cube's from three sums."""
    cube, mart = (query(sql) for sql in MEANS[name])
    sums = {row[0]: [float(cell) for cell in row[1:]] for row in cube}
    compared = 0
    for key, mean, sd in mart:
        n, total, squares = sums[key]
        if n < 2:
            continue
        compared += 1
        assert total / n == pytest.approx(mean, rel=1e-9), key
        variance = max((squares - total * total / n) / (n - 1), 0)
        assert variance == pytest.approx(sd * sd, rel=1e-6, abs=1e-9), key
    assert compared > 5


def test_no_cube_holds_a_total(query):
    """A row `all` in a table that the page adds up would count everything twice."""
    additive = {
        name
        for (name,) in query(
            "select table_name from duckdb_tables() where table_name like 'report_%'"
        )
    } - {"report_cost_medians", "report_patients", "report_patient_counts"}
    assert len(additive) == 10
    for table in additive:
        columns = [
            column
            for (column,) in query(
                f"select column_name from duckdb_columns() where table_name = '{table}'"
                " and data_type = 'VARCHAR'"
            )
        ]
        either = " or ".join(f"{column} = 'all'" for column in columns)
        assert query(f"select count(*) from {table} where {either}") == [(0,)], table


def test_cubes_stay_within_the_page(query):
    """What the demo's page holds at most; the facts may grow, these tables by place and month."""
    rows = query("select sum(estimated_size) from duckdb_tables() where table_name like 'report_%'")
    assert 0 < rows[0][0] < 150_000
