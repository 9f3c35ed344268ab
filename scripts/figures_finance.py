"""Figures about money: what treatments cost, how bills are paid, what is collected.

Usage: imported by plot_figures.py; nothing to run.
"""

from __future__ import annotations

import figure_headlines as headlines
from figure_headlines import Estimate
from figure_registry import MINIMUM_N, Marts, figure, money
from figure_style import (
    BODY,
    COMMON,
    GREY,
    HEAT,
    HIGH,
    INK,
    NAVY,
    PALE_BLUE,
    SMALL,
    TEAL,
    TEAL_TEXT,
    Page,
    ellipsis,
    horizontal_grid,
    label_width,
    line_style,
    month_text,
    month_ticks,
    number_axis,
    percent_axis,
    period_text,
    spread,
    text_on,
    text_width,
)

TREATED = (
    "select min(treatment_date) as first, max(treatment_date) as last"
    " from marts.fct_treatments where cost is not null and not is_future"
)
BILLED = (
    "select min(bill_date) as first, max(bill_date) as last from marts.fct_bills"
    " where not is_future"
)
NO_COST = "the extract has no treatment with a usable cost."
NO_BILL = f"the extract has fewer than {MINIMUM_N} bills."
MOST_TYPES = 15
TYPE_NAME = "case when treatment_type = 'unknown' then 'Type not known' else treatment_type end"
LABELS = {
    "cash": "Cash",
    "credit_card": "Credit card",
    "debit_card": "Debit card",
    "insurance": "Insurance",
    "bank_transfer": "Bank transfer",
    "other": "Other",
    "unknown": "Not known",
    "all": "All methods",
}


@figure("M-01", "kpi_treatment_costs", "fct_treatments", "fct_appointments")
def treatment_cost_total_mean(marts: Marts) -> Page:
    """Total and mean cost by treatment type, and how much is on attended appointments."""
    first, last, data_to = marts.dates(TREATED)
    rows = marts.rows(f"""
        with costs as (
            select * from marts.kpi_treatment_costs where source_system = 'hospital_ops'
        ),
        joined as (
            select whole.*,
                coalesce(attended.total_cost, 0) as attended_cost,
                max(whole.total_cost) filter (where whole.treatment_type = 'all') over ()
                    as grand_total,
                -- 95 % interval of a sum of a Poisson number of costs, for the headline alone
                1.959963984540054e0 * sqrt(whole.treatments
                    * (power(whole.mean_cost, 2) + power(coalesce(whole.sd_cost, 0), 2))) as margin
            from costs as whole
            left join costs as attended
                on attended.treatment_type = whole.treatment_type
                and attended.cost_scope = 'attended'
            where whole.cost_scope = 'all'
        )
        select {TYPE_NAME} as name, treatment_type, treatments as n,
            cast(total_cost as double) as total, cast(attended_cost as double) as attended,
            {money("total_cost")} as total_text,
            {money("attended_cost")} as attended_text,
            round(total_cost - margin, 2) as total_low, round(total_cost + margin, 2) as total_high,
            format('{{:.0f}}%', 100e0 * total_cost / nullif(grand_total, 0)) as share_text,
            case
                when attended_cost < total_cost and attended_cost >= 0.995 * total_cost then '>99%'
                when attended_cost > 0 and attended_cost < 0.005 * total_cost then '<1%'
                else format('{{:.0f}}%', 100e0 * attended_cost / nullif(total_cost, 0))
            end as attended_share,
            round(mean_cost, 2) as mean, round(mean_cost_low, 2) as mean_low,
            round(mean_cost_high, 2) as mean_high,
            {money("mean_cost")} as mean_text,
            {money("mean_cost_low")} || ' to ' || {money("mean_cost_high")} as mean_interval
        from joined
        order by total_cost desc, name
    """)
    whole = next((row for row in rows if row.treatment_type == "all"), None)
    types = [row for row in rows if row.treatment_type != "all"]
    shown = types[:MOST_TYPES]
    n = whole.n if whole else 0
    row_height = 0.54
    page = Page(
        "M-01",
        headline=headlines.treatment_cost_total_mean(
            [Estimate(r.name, r.total_low, r.total_high, r.n, r.share_text) for r in types],
            [Estimate(r.name, r.mean_low, r.mean_high, r.n, r.mean_text) for r in types],
        ),
        subtitle="Cost of all treatments recorded, in dollars: total and mean by type, "
        + period_text(first, last),
        notes=[
            f"n = {n:,} treatments with a cost. Dark: on attended appointments"
            + (
                f", {whole.attended_text} of {whole.total_text} ({whole.attended_share})"
                if whole
                else ""
            )
            + "; light: on appointments missed, cancelled, unresolved or not known. Lines: 95% "
            "intervals of the mean (t). A total mixes how often and how dear."
            + (
                f" The {MOST_TYPES} dearest of {len(types)} types."
                if len(types) > MOST_TYPES
                else ""
            )
        ],
        mart="kpi_treatment_costs",
        data_to=data_to,
        body=row_height * len(shown) + 0.3,
        no_data=None if shown else NO_COST,
        alt="Bars of total cost and dots of mean cost by treatment type: "
        + "; ".join(
            f"{headlines.short(r.name)} total {r.total_text}, "
            f"{r.attended_share} on attended, mean {r.mean_text}"
            for r in shown
        ),
        n=n,
    )
    if page.is_empty:
        return page
    names = label_width([r.name for r in shown], 2.0)
    bars, dots, dot_width = names + 0.12, 5.35, 1.75
    bar_width = dots - bars - 1.7
    height = row_height * len(shown)
    left, right = page.axes(bars, 0, bar_width, height), page.axes(dots, 0, dot_width, height)
    largest = max(r.total for r in shown) or 1
    dearest = max(r.mean if r.mean_high is None else r.mean_high for r in shown) or 1
    for ax, limit in ((left, largest), (right, dearest)):
        ax.set(ylim=(len(shown), 0), xlim=(0, limit))
        ax.axis("off")
    top = page.body - 0.12
    page.text(bars, top, "Total, share of all", size=9.5, color=GREY)
    page.text(dots, top, "Mean per treatment", size=9.5, color=GREY)
    for place, row in enumerate(shown):
        y = place + 0.5
        inches = height - row_height * y
        page.text(names, inches + 0.085, ellipsis(row.name, names), ha="right")
        page.text(names, inches - 0.105, f"n = {row.n:,}", ha="right", size=SMALL, color=GREY)
        left.barh(y, row.total, height=0.5, color=PALE_BLUE)
        left.barh(y, row.attended, height=0.5, color=NAVY)
        x = bars + bar_width * max(row.total, 0) / largest + 0.09
        page.text(x, inches + 0.085, row.total_text, weight="bold", size=11)
        page.text(
            x,
            inches - 0.105,
            f"{row.share_text}; attended {row.attended_share}",
            size=SMALL,
            color=GREY,
        )
        x = dots + dot_width + 0.15
        if row.n < MINIMUM_N or row.mean_low is None:
            page.text(x, inches, f"n below {MINIMUM_N}", size=SMALL, color=GREY)
            continue
        right.hlines(y, max(row.mean_low, 0), row.mean_high, color=NAVY, lw=2.2)
        right.plot(row.mean, y, "o", color=NAVY, ms=7.5, clip_on=False)
        page.text(x, inches + 0.085, row.mean_text, weight="bold", size=11)
        page.text(x, inches - 0.105, row.mean_interval, size=SMALL, color=GREY)
    page.line([bars, bars], [0, height], color=COMMON, lw=1)
    page.line([dots, dots], [0, height], color=COMMON, lw=1)
    return page


@figure("M-03", "kpi_payment_mix", "fct_bills", "fct_appointments")
def payment_methods(marts: Marts) -> Page:
    """Share of bills and of the amount by payment method, and by method and status."""
    first, last, data_to = marts.dates(BILLED)
    cells = marts.rows("""
        select payment_method as method, payment_status as status, bills,
            round(100 * share_of_bills, 2) as percent,
            round(100 * share_of_bills_low, 2) as low, round(100 * share_of_bills_high, 2) as high,
            round(100 * share_of_amount, 2) as amount,
            format('{:.0f}%', 100 * share_of_bills) as whole,
            case when share_of_bills < 0.0005 then '<0.1%'
                else format('{:.1f}%', 100 * share_of_bills) end as label,
            format('{:.1f} to {:.1f}', 100 * share_of_bills_low, 100 * share_of_bills_high)
                as interval,
            case when share_of_amount is null then 'none'
                when share_of_amount > 0 and share_of_amount < 0.0005 then '<0.1%'
                else format('{:.1f}%', 100 * share_of_amount) end as amount_label
        from marts.kpi_payment_mix
        where facility_id = 'all'
        order by bills desc, method, status
    """)
    grid = {(cell.method, cell.status): cell for cell in cells}
    methods = [c for c in cells if c.status == "all" and c.method != "all"]
    methods.sort(key=lambda c: c.method == "unknown")
    statuses = [
        status
        for status in ("paid", "pending", "failed", "denied", "unknown")
        if ("all", status) in grid
    ]
    n = grid[("all", "all")].bills if cells else 0
    if n < MINIMUM_N:
        methods = []
    row_height = 0.66
    page = Page(
        "M-03",
        headline=headlines.payment_methods(
            [
                Estimate(LABELS.get(c.method, c.method), c.low, c.high, n, c.whole)
                for c in methods
                if c.method != "unknown"
            ],
            grid[("all", "paid")].whole if ("all", "paid") in grid else None,
        ),
        subtitle="Share of bills and of the amount billed, by payment method and status, "
        + period_text(first, last),
        notes=[
            f"n = {n:,} bills. Lines, and the second line of a cell: 95% Wilson intervals of the "
            "share of bills. Every cell is a share of the whole, so a row adds up to its method. "
            "A method of payment is not the payer."
        ],
        mart="kpi_payment_mix",
        data_to=data_to,
        body=row_height * (len(methods) + 1) + 0.46,
        no_data=None if methods else NO_BILL,
        alt="Dots and a table of shares of bills by payment method and status: "
        + "; ".join(f"{LABELS.get(c.method, c.method)} {c.label} ({c.interval})" for c in methods),
        n=n,
    )
    if page.is_empty:
        return page
    names = label_width([LABELS.get(c.method, c.method) for c in methods] + [LABELS["all"]], 1.4)
    left = names + 0.15
    cell_width = 0.93
    table = BODY - cell_width * len(statuses)
    width = table - left - 0.25
    height = row_height * len(methods)
    base = row_height + 0.16
    ax = page.axes(left, base, width, height)
    ax.set_ylim(len(methods), 0)
    ax.set_xlim(0, max(max(c.high, c.amount or 0) for c in methods) * 1.05)
    ax.set_yticks([])
    percent_axis(ax, "x")
    top = page.body - 0.12
    page.text(left, top, "Share of bills", size=9.5, color=GREY)
    x = left + text_width("Share of bills", 9.5)
    page.mark(x + 0.13, top, "o", NAVY, ms=6)
    page.text(x + 0.35, top, "of amount", size=9.5, color=GREY)
    x += 0.35 + text_width("of amount", 9.5)
    page.mark(x + 0.13, top, "s", TEAL, ms=5, mfc="white", mew=1.5)
    for column, status in enumerate(statuses):
        title = "Not known" if status == "unknown" else status.capitalize()
        page.text(table + cell_width * (column + 0.5), top, title, ha="center", color=GREY)
    strongest = max((c.percent for c in cells if "all" not in (c.method, c.status)), default=1)
    for place, method in enumerate([*methods, grid[("all", "all")]]):
        y = place + 0.5
        total = place == len(methods)
        bottom = 0 if total else base + height - row_height * (place + 1)
        name = LABELS.get(method.method, method.method)
        page.text(
            table - 0.15 if total else names,
            bottom + row_height / 2,
            ellipsis(name, names + 0.2, weight="bold" if total else "normal"),
            ha="right",
            weight="bold" if total else "normal",
        )
        if not total:
            ax.hlines(y, method.low, method.high, color=NAVY, lw=2.2)
            ax.plot(method.percent, y, "o", color=NAVY, ms=7.5, clip_on=False)
            if method.amount is not None:
                ax.plot(
                    method.amount,
                    y + 0.22,
                    "s",
                    mfc="white",
                    mec=TEAL,
                    mew=1.6,
                    ms=6,
                    clip_on=False,
                )
        for column, status in enumerate(statuses):
            _payment_cell(
                page,
                grid.get((method.method, status)),
                (table + cell_width * column, bottom, cell_width, row_height),
                None if total else strongest,
            )
    return page


def _payment_cell(page: Page, cell, box: tuple[float, ...], strongest: float | None) -> None:
    """One cell of the table; a total has no colour."""
    x, y, width, height = box
    centre = x + width / 2
    if cell is None:
        page.text(centre, y + height / 2, "none", ha="center", size=SMALL, color=GREY)
        return
    ink, grey = INK, GREY
    if strongest:
        colour = HEAT(0.8 * cell.percent / strongest)
        page.rectangle(x + 0.02, y + 0.02, width - 0.04, height - 0.04, colour)
        ink = grey = text_on(colour)
    page.text(centre, y + height * 0.74, cell.label, ha="center", weight="bold", size=11, color=ink)
    page.text(centre, y + height * 0.47, cell.interval, ha="center", size=8, color=grey)
    page.text(
        centre, y + height * 0.22, f"{cell.amount_label} of amount", ha="center", size=8, color=grey
    )


@figure("M-04", "kpi_collections_monthly", "fct_bills", "fct_appointments")
def collections_monthly(marts: Marts) -> Page:
    """Amounts billed, paid and open by month of the bill, with the collection rate."""
    first, last, data_to = marts.dates(BILLED)
    rows = marts.rows(f"""
        select month, bills, cast(billed_amount as double) as billed,
            cast(paid_amount as double) as paid, cast(open_amount as double) as open,
            {money("billed_amount")} as billed_text, {money("paid_amount")} as paid_text,
            {money("open_amount")} as open_text,
            case when bills >= {MINIMUM_N} then round(100 * collection_rate, 2) end as percent,
            case when bills >= {MINIMUM_N} then format('{{:.0f}}%', 100 * collection_rate) end
                as label
        from marts.kpi_collections_monthly
        where facility_id = 'all'
        order by month
    """)
    whole = marts.row(f"""
        with summed as (
            select sum(bills) as bills, sum(bills_without_amount) as without_amount,
                sum(billed_amount) as billed, sum(paid_amount) as paid, sum(open_amount) as still,
                sum(adjustment_amount) as adjusted
            from marts.kpi_collections_monthly
            where facility_id = 'all'
        )
        select cast(coalesce(bills, 0) as bigint) as bills,
            cast(coalesce(without_amount, 0) as bigint) as without_amount,
            {money("billed")} as billed, {money("paid")} as paid, {money("still")} as still,
            {money("adjusted")} as adjusted,
            round(100e0 * paid / nullif(billed, 0), 2) as percent,
            format('{{:.0f}}%', 100e0 * paid / nullif(billed, 0)) as label
        from summed
    """)
    page = Page(
        "M-04",
        headline=headlines.collections_monthly(whole.bills, whole.label, whole.still),
        subtitle="Amounts in dollars by month of the bill, and paid as a share of billed, "
        + period_text(first, last),
        notes=[
            f"n = {whole.bills:,} bills, {whole.without_amount:,} of them without an amount. "
            f"Billed {whole.billed or 'nothing'}, paid {whole.paid or 'nothing'}, adjusted by "
            f"contract {whole.adjusted or 'nothing'}, open {whole.still or 'nothing'}. Bills of "
            "the last months may still be paid. Amounts have no sampling interval; a share of "
            f"fewer than {MINIMUM_N} bills is not shown."
        ],
        mart="kpi_collections_monthly",
        data_to=data_to,
        body=4.3,
        no_data=None if whole.bills >= MINIMUM_N else NO_BILL,
        alt="Line chart of amounts billed, paid and open by month of the bill"
        + (
            f"; last month billed {rows[-1].billed_text}, paid {rows[-1].paid_text}, "
            f"open {rows[-1].open_text}"
            if rows
            else ""
        ),
        n=whole.bills,
    )
    if page.is_empty:
        return page
    left, width, height, low_height = 0.75, 6.3, 2.3, 0.95
    xs = list(range(len(rows)))
    ax = page.axes(left, page.body - height, width, height)
    series = (
        ("Billed", "billed", GREY),
        ("Paid", "paid", NAVY),
        ("Open", "open", HIGH),
    )
    for _, column, colour in series:
        values = [getattr(r, column) for r in rows]
        ax.plot(xs, values, color=colour, **line_style(len(xs)))
    ax.set_xlim(-0.7, len(xs) - 0.3)
    ax.set_ylim(0, max(max(r.billed, r.paid, r.open) for r in rows) * 1.05 or 1)
    number_axis(ax, prefix="$")
    horizontal_grid(ax)
    ax.tick_params(axis="x", length=0, labelbottom=False)
    inch = height / ax.get_ylim()[1]
    final = rows[-1]
    base = page.body - height
    places = spread([base + inch * getattr(final, column) for _, column, _ in series], 0.4)
    x = left + width + 0.1
    for y, (title, column, colour) in zip(places, series, strict=True):
        page.text(x, y + 0.09, title, weight="bold", color=colour)
        page.text(x, y - 0.09, getattr(final, f"{column}_text"), size=9, color=colour)
    lower = page.axes(left, 0.42, width, low_height)
    lower.plot(
        xs,
        [float("nan") if r.percent is None else r.percent for r in rows],
        color=TEAL,
        **line_style(len(xs)),
    )
    lower.set_xlim(ax.get_xlim())
    lower.set_ylim(0, max([100] + [r.percent for r in rows if r.percent is not None]))
    lower.set_yticks([0, 50, 100])
    percent_axis(lower)
    horizontal_grid(lower)
    lower.set_xticks(*month_ticks([r.month for r in rows]))
    page.text(left, 0.42 + low_height + 0.2, "Paid of billed", size=9.5, color=GREY)
    if final.percent is not None:
        y = 0.42 + low_height * final.percent / lower.get_ylim()[1]
        page.text(x, y + 0.09, final.label, weight="bold", color=TEAL_TEXT)
        page.text(x, y - 0.09, month_text(final.month), size=9, color=TEAL_TEXT)
    return page
