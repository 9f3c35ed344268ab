"""Cubes, charts and tiles about money: what treatments cost, how bills are paid, what is collected.

Usage: imported by build_report.py; nothing to run.
"""

from __future__ import annotations

from report_registry import (
    LABELS,
    Chart,
    Cube,
    Tile,
    add_charts,
    add_cubes,
    add_tiles,
    count,
    given,
    mean,
    ratio,
    share,
    total,
)

STATUSES = ("paid", "pending", "failed", "denied", "unknown")
AMOUNTS = {"billed_amount": "Billed", "paid_amount": "Paid"}
BY_CASE = "a bill names neither department nor doctor"
NO_SUM = "medians of parts do not make the median of the whole"
PUBLISHED = (
    "n", "total_cost", "mean_cost", "mean_cost_low", "mean_cost_high",
    "median_cost", "median_cost_low", "median_cost_high", "p25_cost", "p75_cost", "p90_cost",
)  # fmt: skip


def _dollars(edge: float) -> str:
    """An edge of a cost band, short enough for a column's heading."""
    for size, letter in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if edge >= size:
            return f"{float(f'{edge / size:.2g}'):g}{letter}"
    return f"{float(f'{edge:.2g}'):g}"


# five bands to a factor of ten, made of two bins each; 100 is added so that names sort
LABELS["cost_band"] = {"000": "$0"} | {
    f"{100 + band}": f"${_dollars(10 ** (band / 5))}–{_dollars(10 ** ((band + 1) / 5))}"
    for band in range(-10, 50)
}

add_cubes(
    Cube(
        "treatments",
        measures=("treatments", "costs_known", "total_cost", "cost_squares"),
        internal="""
            select facility_id, department_id, doctor_id, strftime(month, '%Y-%m') as period,
                treatment_type, treatments, costs_known, total_cost, cost_squares
            from marts.report_treatments
        """,
        shareable="""
            select treatment_type, treatments as n, total_cost, mean_cost, mean_cost_low,
                mean_cost_high, median_cost, null as median_cost_low, null as median_cost_high,
                p25_cost, p75_cost, p90_cost
            from marts.kpi_treatment_costs where source_system = 'hospital_ops'
        """,
        shareable_measures=PUBLISHED,
        holds="treatments of hospital appointments",
        shareable_totals=("treatment_type",),
    ),
    Cube(
        "cost_bands",
        measures=("treatments",),
        internal="""
            select facility_id, department_id, strftime(month, '%Y-%m') as period, treatment_type,
                case when bin = -1000 then '000'
                    else cast(100 + cast(floor(bin / 2.0) as integer) as varchar)
                end as cost_band,
                sum(treatments) as treatments
            from marts.report_cost_bins
            group by all
        """,
        holds="treatments of hospital appointments",
    ),
    Cube(
        "cost_medians",
        measures=(
            "n",
            "median_cost",
            "median_cost_low",
            "median_cost_high",
            "p25_cost",
            "p75_cost",
            "p90_cost",
        ),  # fmt: skip
        internal="""
            select source_system, facility_id, treatment_type, n, median_cost, median_cost_low,
                median_cost_high, p25_cost, p75_cost, p90_cost
            from marts.report_cost_medians
        """,
        shareable="""
            select source_system, treatment_type, treatments as n, median_cost,
                null as median_cost_low, null as median_cost_high, p25_cost, p75_cost, p90_cost
            from marts.kpi_treatment_costs
        """,
        additive=False,
        internal_totals=("facility_id", "treatment_type"),
        shareable_totals=("treatment_type",),
        holds="treatments with a cost",
        reasons={
            "department_id": NO_SUM,
            "doctor_id": NO_SUM,
            "period": f"it holds the whole period, as {NO_SUM}",
        },
    ),
    Cube(
        "bills",
        measures=("bills", "bills_with_amount", "billed_amount", "paid_amount"),
        internal="""
            select facility_id, strftime(month, '%Y-%m') as period, payment_method, payment_status,
                bills, bills_with_amount, billed_amount, paid_amount
            from marts.report_bills
        """,
        shareable="""
            select facility_id, strftime(month, '%Y-%m') as period, 'all' as payment_method,
                'all' as payment_status, bills, bills as bills_with_amount, billed_amount,
                paid_amount
            from marts.kpi_collections_monthly
            union all
            select facility_id, 'all', payment_method, payment_status, bills, bills, billed_amount,
                paid_amount
            from marts.kpi_payment_mix
        """,
        shareable_totals=("facility_id", "period", "payment_method", "payment_status"),
        holds="bills",
        reasons={"department_id": BY_CASE, "doctor_id": BY_CASE},
    ),
)

LABELS["payment_status"] = {"unknown": "Not recorded"}
LABELS["payment_method"] = {"unknown": "Not recorded"}

MEAN_COST = mean("total_cost", "cost_squares", "costs_known")
MEAN_READY = given("n", value="mean_cost", low="mean_cost_low", high="mean_cost_high")
MEDIAN_COST = given("n", value="median_cost", low="median_cost_low", high="median_cost_high")
TREATMENT_LABELS = {"value": "Mean cost", "n": "Treatments with a cost",
                    "total_cost": "Total cost|money", "cases": "treatments"}  # fmt: skip
MEDIAN_LABELS = {"group": "Treatment", "value": "Median cost", "n": "Treatments with a cost",
                 "p25_cost": "A quarter cost less than|money",
                 "p75_cost": "A quarter cost more than|money",
                 "p90_cost": "A tenth cost more than|money", "cases": "treatments"}  # fmt: skip
COLLECTED_LATER = (
    "Payments count in the month of the bill and come in for weeks after it: the last two or three"
    " months are not final, and their low rates are no fall."
)

add_tiles(
    Tile("total-cost", "Total cost of treatments", "treatments",
         total("total_cost", "costs_known"), "money", ("FN01",), "more", "less",
         line="total of each month",
         shareable={"measure": total("total_cost", "n")}),
    Tile("mean-cost", "Mean cost per treatment", "treatments", MEAN_COST, "money", ("FN02",),
         "more", "less", control=(), shareable={"measure": MEAN_READY}),
    Tile("median-cost", "Median cost per treatment", "cost_medians", MEDIAN_COST, "money",
         ("FN02",), "more", "less", control=("FN02 hospital_ops",),
         fixed={"source_system": "hospital_ops"}),
    Tile("collection", "Collected of what was billed", "bills",
         ratio("paid_amount", "billed_amount", "bills_with_amount"), "percent", ("FN07",),
         "higher", "lower", section="money", open_months="their bills are still being paid",
         note=f"Dollars, so that no interval belongs to it. {COLLECTED_LATER}"),
    Tile("billed", "Billed", "bills", total("billed_amount", "bills_with_amount"), "money",
         (), "more", "less", control=(), section="money"),
)  # fmt: skip


def _medians(system: str, name: str, title: str) -> Chart:
    """Medians of one source: they cannot be added up, and come as the mart has them."""
    return Chart(
        name,
        "money",
        title=title,
        subtitle="Median of the known costs with its 95% interval",
        cube="cost_medians",
        by=("treatment_type",),
        fixed={"source_system": system},
        measure=MEDIAN_COST,
        extra=("p25_cost", "p75_cost", "p90_cost"),
        form="dots",
        unit="money",
        headline="highest",
        words={"highest": f"{title}: {{label}} has the highest, {{value}}"},
        labels=MEDIAN_LABELS,
        kpis=("FN02",),
        note="The median is the cost in the middle: a few very dear treatments do not move it.",
        shareable={"subtitle": "Median of the known costs"},
    )


add_charts(
    Chart(
        "treatment-mean-cost",
        "money",
        title="Mean cost by treatment",
        subtitle="Mean of the known costs of treatments with its 95% interval",
        cube="treatments",
        by=("treatment_type",),
        measure=MEAN_COST,
        extra=("total_cost",),
        form="dots",
        unit="money",
        headline="highest",
        words={
            "highest": "{label} costs most per treatment: {value} on average",
            "none": "Mean cost by treatment: no treatment stands apart from all others",
        },
        labels={"group": "Treatment", **TREATMENT_LABELS},
        kpis=("FN02",),
        shareable={"measure": MEAN_READY},
    ),
    Chart(
        "treatment-total-cost",
        "money",
        title="Total cost by treatment",
        subtitle="Sum of the known costs of treatments and its share of all",
        cube="treatments",
        by=("treatment_type",),
        measure=total("total_cost", "costs_known"),
        form="bars",
        unit="money",
        headline="largestTotal",
        words={"largest": "{label} is the largest part of the cost: {value}, {share} of all shown"},
        labels={"group": "Treatment", **TREATMENT_LABELS, "value": "Total cost", "share": "Share"},
        kpis=("FN01",),
        note="A treatment can lead because it is dear or because it is frequent: see its mean.",
        shareable={"measure": total("total_cost", "n")},
    ),
    Chart(
        "treatment-cost-bands",
        "money",
        title="How the costs of each treatment are spread",
        subtitle="Share of a treatment's known costs in each band (edges rounded, on a log scale)",
        cube="cost_bands",
        by=("treatment_type", "cost_band"),
        within="treatment_type",
        measure=share("treatments"),
        form="heat",
        unit="percent",
        labels={
            "group": "Treatment",
            "second": "Cost",
            "value": "Share of the treatment",
            "numerator": "Treatments in the band",
            "n": "Treatments with a cost",
            "cases": "treatments",
        },  # fmt: skip
        kpis=("FN02",),
    ),
    _medians("hospital_ops", "treatment-median-cost", "Median cost by treatment"),
    _medians("care_episodes", "episode-median-cost", "Median cost of care episodes by treatment"),
    Chart(
        "payment-status",
        "money",
        title="What became of the bills, by means of payment",
        subtitle="Share of the bills of each means of payment",
        cube="bills",
        by=("payment_method", "payment_status"),
        within="payment_method",
        measure=share("bills"),
        form="stack",
        unit="percent",
        labels={
            "group": "Means of payment",
            "second": "Status",
            "value": "Share of bills",
            "numerator": "Bills",
            "n": "Bills of this means",
            "cases": "bills",
        },  # fmt: skip
        order="given",
        sequence=("cash", "credit_card", "insurance", *STATUSES),
        kpis=("FN11", "FN13", "FN10"),
        note="Bills pending are not lost: the last months have most of them.",
        shareable={
            "title": "Bills by status",
            "subtitle": "Bills; by means of payment most counts are hidden in this edition",
            "by": ("payment_status",),
            "within": "",
            "measure": count("bills"),
            "form": "bars",
            "unit": "count",
            "labels": {"group": "Status", "value": "Bills", "share": "Share", "cases": "bills"},
        },
    ),
    Chart(
        "payment-amounts",
        "money",
        title="Dollars billed and paid, by means of payment",
        subtitle="Sums over bills with a known amount",
        cube="bills",
        by=("payment_method",),
        parts=AMOUNTS,
        measure=total("billed_amount", "bills_with_amount"),
        form="pairs",
        unit="money",
        labels={
            "group": "Means of payment",
            "second": "Amount",
            "value": "Dollars",
            "n": "Bills with an amount",
            "cases": "bills",
        },  # fmt: skip
        order="given",
        sequence=("cash", "credit_card", "insurance", "unknown"),
        kpis=("FN07", "FN11"),
        note=(
            "The means of payment is not the insurer: patients who are insured may pay cash. What"
            " is not paid is pending, failed, denied or reduced by contract."
        ),
    ),
    Chart(
        "collection-monthly",
        "money",
        title="Dollars billed and paid by month of the bill",
        subtitle="Sums over bills with a known amount",
        cube="bills",
        by=("period",),
        parts=AMOUNTS,
        measure=total("billed_amount", "bills_with_amount"),
        form="lines",
        unit="money",
        labels={
            "group": "Month",
            "second": "Amount",
            "value": "Dollars",
            "n": "Bills with an amount",
            "cases": "bills",
        },  # fmt: skip
        kpis=("FN07",),
        note=COLLECTED_LATER,
    ),
    Chart(
        "collection-rate-monthly",
        "money",
        title="Collection rate by month of the bill",
        subtitle="Dollars paid of dollars billed; a share of dollars has no interval",
        cube="bills",
        by=("period",),
        measure=ratio("paid_amount", "billed_amount", "bills_with_amount"),
        form="lines",
        unit="percent",
        labels={
            "group": "Month",
            "value": "Collection rate",
            "n": "Bills with an amount",
            "cases": "bills",
        },  # fmt: skip
        kpis=("FN07",),
        note=COLLECTED_LATER,
    ),
)
