"""The forms of the report's charts: Vega-Lite written with Altair, compiled to Vega when built.

Usage: imported by report_page.py; nothing to run.

Every form draws the rows that the page works out for a chart, under the same names: label, value,
low, high, n, text, compare, part, date, across, side. A form knows nothing of the data.
"""

from __future__ import annotations

from collections.abc import Callable

import altair as alt
import vl_convert

from figure_style import AXIS, COMMON, GREY, GRID, HIGH, INK, LOW, NAVY, ORANGE, PLUM, TEAL

FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
SERIES = [NAVY, ORANGE, TEAL, PLUM, "#2073BC", GREY]
SERIES_WORDS = [NAVY, "#B5480E", "#1A7A70", PLUM, "#2073BC", GREY]  # 4.5 : 1 on white
SHAPES = ["circle", "square", "diamond", "triangle-up", "cross", "triangle-down"]
HEAT = ["#F1F5F9", "#D3E4F4", "#A9CDEF", "#6BACE6", "#2073BC", "#185A94", NAVY]
FROM_ZERO = ("percent", "whole_percent", "count", "money")
AXIS_FORMAT = {
    "percent": ".0%",
    "whole_percent": ".0%",
    "count": "~s",
    "money": "$~s",
    "score": ".1f",
    "days": "~f",
}
NARROW = 480  # pixels of a card below which labels and the numbers beside marks are short
PHONE = 310  # of half a sheet of paper there is more
# the card, not what its labels leave of it; width is there to notice a change
IN_NARROW = f"width > 0 && containerSize()[0] < {NARROW}"
SIDES = ["within", "above", "below", "none"]  # of the range that chance allows; not compared
# nothing is 0, not $0M, and a million is m as everywhere on the page
AXIS_WORDS = {
    unit: f"datum.value ? replace(replace(datum.label, 'G', 'bn'), 'M', 'm') : '{nothing}'"
    for unit, nothing in (("count", "0"), ("money", "$0"))
}
FORMS: dict[str, Callable[[str], alt.TopLevelMixin]] = {}


def form(draw: Callable[[str], alt.TopLevelMixin]) -> Callable[[str], alt.TopLevelMixin]:
    """Register a form under its function's name."""
    FORMS[draw.__name__] = draw
    return draw


def compiled(name: str, unit: str) -> dict:
    """The Vega specification of a form for values of a unit."""
    chart = FORMS[name](unit).configure(**_config())
    return vl_convert.vegalite_to_vega(chart.to_dict(), vl_version="6.4")


def _config() -> dict:
    axis = alt.AxisConfig(
        domainColor=AXIS, gridColor=GRID, labelColor=GREY, labelFontSize=12, tickColor=AXIS,
        titleColor=GREY, titleFontSize=12, titleFontWeight="normal", labelFont=FONT, titleFont=FONT,
    )  # fmt: skip
    return {
        "axis": axis,
        "background": "white",
        "font": FONT,
        "view": alt.ViewConfig(stroke=None),
        "aria": False,  # the plot is one image with a name, and has its table
        "autosize": alt.AutoSizeParams(type="fit-x", contains="padding"),
    }


def _base() -> alt.Chart:
    return alt.Chart(alt.NamedData("table"))


def _quantity(unit: str, zero: bool) -> dict:
    return {
        "axis": alt.Axis(
            format=AXIS_FORMAT[unit],
            title=None,
            tickCount=5,
            domain=False,
            labelOverlap=True,
            labelSeparation=6,  # the last one is moved inwards, towards the one before it
            **({"labelExpr": AXIS_WORDS[unit]} if unit in AXIS_WORDS else {}),
        ),
        "scale": alt.Scale(zero=zero, nice=True),
    }


def _labels(is_high: bool = True) -> alt.Y:
    """Names of groups in the order of the rows; on a telephone on two lines, if rows are high."""
    words = "'^(.{5,18}) (.+)$'"
    is_long = (
        f"containerSize()[0] < {PHONE} && length(datum.label) > 15"
        f" && test(regexp({words}), datum.label)"
    )
    apart = rf"split(replace(datum.label, regexp({words}), '$1\n$2'), '\n')"
    two_lines = {
        "labelExpr": f"{is_long} ? {apart} : datum.label",
        # the first of two lines stands above the middle
        "labelBaseline": {"condition": {"test": is_long, "value": "bottom"}, "value": "middle"},
    }
    axis = alt.Axis(
        title=None, domain=False, ticks=False, grid=False, labelColor=INK, labelPadding=8,
        labelLimit=alt.ExprRef(f"{IN_NARROW} ? (containerSize()[0] < {PHONE} ? 110 : 150) : 230"),
        **(two_lines if is_high else {}),
    )  # fmt: skip
    return alt.Y("label:N", sort=alt.EncodingSortField("rank", op="min"), axis=axis)


def _beside(is_high: bool = True) -> alt.Chart:
    """The number in words, right of the plot."""
    return (
        _base()
        .transform_calculate(said=f"{IN_NARROW} ? datum.short : datum.text")
        .mark_text(align="left", dx=8, color=GREY, fontSize=12)
        .encode(x=alt.XValue("width"), y=_labels(is_high), text="said:N")
    )


def _tooltip() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("label:N", title="what"),
        alt.Tooltip("full:N", title="value"),
        alt.Tooltip("count:N", title="n"),
    ]


def _earlier(y: alt.Y, **encodings: alt.Stroke) -> alt.Chart:
    """The comparison: an open diamond, so that colour is not the only cue."""
    return (
        _base()
        .transform_filter("isValid(datum.compare)")
        .mark_point(shape="diamond", filled=False, size=70, strokeWidth=2, color=ORANGE)
        .encode(x="compare:Q", y=y, **encodings)
    )


@form
def dots(unit: str) -> alt.LayerChart:
    """A number per group with its interval."""
    x = alt.X("value:Q", **_quantity(unit, zero=unit in FROM_ZERO))
    rule = _base().mark_rule(strokeWidth=2.5, color=COMMON).encode(
        x=alt.X("low:Q", **_quantity(unit, zero=unit in FROM_ZERO)),
        x2="high:Q",
        y=_labels(),
    )  # fmt: skip
    point = _base().mark_point(filled=True, size=90, color=NAVY, opacity=1).encode(
        x=x, y=_labels(), tooltip=_tooltip()
    )  # fmt: skip
    reference = (
        _base()
        .transform_filter("isValid(datum.reference)")
        .mark_rule(strokeWidth=1, strokeDash=[4, 3], color=GREY)
        .encode(x="reference:Q")
    )
    return alt.layer(reference, rule, point, _earlier(_labels()), _beside()).properties(
        width="container", height=alt.Step(30)
    )


@form
def bars(unit: str) -> alt.LayerChart:
    """A count, sum or share per group."""
    bar = _base().mark_bar(color=NAVY, height={"band": 0.62}).encode(
        x=alt.X("value:Q", **_quantity(unit, zero=True)), y=_labels(), tooltip=_tooltip()
    )  # fmt: skip
    whisker = (
        _base()
        .transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=2, color=COMMON)
        .encode(x="low:Q", x2="high:Q", y=_labels())
    )
    return alt.layer(bar, whisker, _earlier(_labels()), _beside()).properties(
        width="container", height=alt.Step(30)
    )


@form
def ranges(unit: str) -> alt.LayerChart:
    """A count per group beside the range that chance allows; outside of it in shape and colour."""
    span = _base().mark_bar(color="#DFE7EE", height={"band": 0.75}).encode(
        x=alt.X("low:Q", **_quantity(unit, zero=True)), x2="high:Q", y=_labels(is_high=False)
    )  # fmt: skip
    colour = alt.Color(
        "side:N",
        scale=alt.Scale(domain=SIDES, range=[COMMON, HIGH, LOW, GREY]),
        legend=None,
    )
    shape = alt.Shape(
        "side:N",
        scale=alt.Scale(domain=SIDES, range=["circle", "triangle-up", "triangle-down", "cross"]),
        legend=None,
    )
    point = _base().mark_point(filled=True, size=90, opacity=1).encode(
        x="value:Q", y=_labels(is_high=False), color=colour, shape=shape, tooltip=_tooltip()
    )  # fmt: skip
    return alt.layer(span, point, _beside(is_high=False)).properties(
        width="container", height=alt.Step(24)
    )


def _series_colour() -> alt.Color:
    return alt.Color("part:N", sort=None, scale=alt.Scale(range=SERIES), legend=None)


@form
def lines(unit: str) -> alt.LayerChart:
    """One or several numbers by month, each named at its end."""
    x = alt.X(
        "date:T",
        scale=alt.Scale(type="utc"),
        axis=alt.Axis(
            format="%b %Y",
            title=None,
            grid=False,
            labelOverlap=True,
            labelSeparation=8,
            labelBound=True,
            labelExpr=f"{IN_NARROW} ? utcFormat(datum.value, '%b %y') : datum.label",
            tickCount=alt.ExprRef(f"containerSize()[0] < {PHONE} ? 2 : {IN_NARROW} ? 4 : 8"),
        ),
    )
    y = alt.Y("value:Q", **_quantity(unit, zero=unit in FROM_ZERO))
    band = (
        _base()
        .mark_area(opacity=0.16)
        .encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=_series_colour())
    )
    line = _base().mark_line(strokeWidth=2).encode(x=x, y=y, color=_series_colour())
    point = _base().mark_point(filled=True, size=36, opacity=1).encode(
        x=x,
        y=y,
        color=_series_colour(),
        shape=alt.Shape("part:N", sort=None, scale=alt.Scale(range=SHAPES), legend=None),
        tooltip=_tooltip(),
    )  # fmt: skip
    compare = _base().mark_line(strokeWidth=1.5, strokeDash=[5, 4]).encode(
        x=x, y="compare:Q", color=_series_colour()
    )  # fmt: skip
    end = (
        _base()
        .transform_filter("datum.last")
        .mark_text(align="left", dx=8, fontSize=12, limit=170)
        .encode(
            x=x,
            y="end:Q",
            text="part:N",
            # of a scale of its own: words want more contrast than lines
            fill=alt.Fill("part:N", sort=None, scale=alt.Scale(range=SERIES_WORDS), legend=None),
        )
    )
    return alt.layer(band, line, point, compare, end).properties(
        width="container", height=260, padding={"left": 5, "top": 5, "bottom": 5, "right": 14}
    )


@form
def spark(unit: str) -> alt.LayerChart:
    """The months of one KPI with its control limits: the small line of a tile."""
    x = alt.X("date:T", axis=None)
    scale = alt.Scale(zero=False, nice=False)
    limits = _base().mark_area(opacity=1, color="#EDF1F5").encode(
        x=x, y=alt.Y("low:Q", scale=scale, axis=None), y2="high:Q", detail="phase:N"
    )  # fmt: skip
    # limits are set anew at a rebase: band and mean end there and begin again
    mean = _base().mark_line(strokeWidth=1, strokeDash=[4, 3], color=COMMON).encode(
        x=x, y=alt.Y("mean:Q", axis=None), detail="phase:N"
    )  # fmt: skip
    line = _base().mark_line(strokeWidth=1.5, color=GREY).encode(
        x=x, y=alt.Y("value:Q", scale=scale, axis=None)
    )  # fmt: skip
    domain = ["common", "improvement", "concern", "neutral"]
    point = _base().mark_point(filled=True, opacity=1).encode(
        x=x,
        y=alt.Y("value:Q", axis=None),
        color=alt.Color(
            "side:N", scale=alt.Scale(domain=domain, range=[COMMON, LOW, HIGH, PLUM]), legend=None
        ),
        shape=alt.Shape(
            "side:N",
            scale=alt.Scale(domain=domain, range=["circle", "square", "diamond", "triangle-up"]),
            legend=None,
        ),
        size=alt.condition("datum.side === 'common'", alt.value(14), alt.value(50)),
    )  # fmt: skip
    return alt.layer(limits, mean, line, point).properties(width="container", height=54)


@form
def heat(unit: str) -> alt.LayerChart:
    """A number for each pair of categories, written into its cell."""
    x = alt.X(
        "across:N",
        sort=alt.EncodingSortField("place", op="min"),
        # a name of several words stands on several lines, which grow downwards only; upright where
        # it is narrow
        axis=alt.Axis(
            title=None, domain=False, ticks=False, orient="bottom", labelOverlap=True,
            labelBound=True, labelLimit=90, labelSeparation=4,
            labelAngle=alt.ExprRef(f"{IN_NARROW} ? 270 : 0"),
            labelAlign=alt.ExprRef(f"{IN_NARROW} ? 'right' : 'center'"),
            labelBaseline=alt.ExprRef(f"{IN_NARROW} ? 'middle' : 'top'"),
            labelExpr=f"{IN_NARROW} ? datum.label : split(datum.label, ' ')",
        ),
    )  # fmt: skip
    y = _labels(is_high=False)
    scale = alt.Scale(type="quantize", range=HEAT, zero=False)
    cell = _base().mark_rect(stroke="white", strokeWidth=1).encode(
        x=x,
        y=y,
        color=alt.Color("value:Q", scale=scale, legend=None),
        tooltip=[alt.Tooltip("across:N", title="at"), *_tooltip()],
    )  # fmt: skip
    dark = "contrast('white', scale('color', datum.value)) > 4.5"
    words = (
        _base()
        .transform_filter("isValid(datum.value)")
        .mark_text(fontSize=11, clip=True)
        .encode(
            x=x,
            y=y,
            text=alt.condition("bandwidth('x') >= 30", alt.Text("text:N"), alt.value("")),
            color=alt.condition(dark, alt.value("white"), alt.value(INK)),
        )
    )
    none = (
        _base()
        .transform_filter("!isValid(datum.value)")
        .mark_text(color=GREY)
        .encode(x=x, y=y, text=alt.condition("bandwidth('x') < 12", alt.value(""), alt.value("–")))
    )
    return alt.layer(cell, words, none).properties(width="container", height=alt.Step(26))


def _legend(symbol: str | None = None) -> alt.Legend:
    more = {"symbolType": symbol} if symbol else {}
    return alt.Legend(
        title=None, orient="top", columns=alt.ExprRef(f"{IN_NARROW} ? 1 : 2"), labelFontSize=12,
        labelColor=INK, labelFont=FONT, labelLimit=200, **more,
    )  # fmt: skip


# a part has its colour and place in the legend whichever row has it first
TONE = alt.EncodingSortField("tone", op="min")


def _parts(symbol: str | None) -> alt.Color:
    return alt.Color("part:N", sort=TONE, scale=alt.Scale(range=SERIES), legend=_legend(symbol))


def _tooltip_of_part() -> list[alt.Tooltip]:
    return [alt.Tooltip("part:N", title="part"), *_tooltip()]


@form
def stack(unit: str) -> alt.LayerChart:
    """Parts of a whole per group; parts are named in the legend and told apart by a white line."""
    order = alt.Order("rank:Q", sort="ascending")
    length = alt.X("value:Q", stack="zero", **_quantity(unit, zero=True))
    bar = _base().mark_bar(stroke="white", strokeWidth=1.5, height={"band": 0.66}).encode(
        x=length, y=_labels(), color=_parts("square"), order=order, tooltip=_tooltip_of_part()
    )  # fmt: skip
    # a number only where its part is wide enough to hold it
    dark = "contrast('white', scale('color', datum.part)) > 4.5"
    wide = "abs(scale('x', datum.value) - scale('x', 0)) > 46"
    number = (
        _base()
        .transform_filter("isValid(datum.value)")
        .mark_text(fontSize=11)
        .encode(
            x=alt.X("value:Q", stack="zero", bandPosition=0.5),
            y=_labels(),
            detail="part:N",
            order=order,
            text=alt.condition(wide, alt.Text("short:N"), alt.value("")),
            color=alt.condition(dark, alt.value("white"), alt.value(INK)),
        )
    )
    return alt.layer(bar, number).properties(width="container", height=alt.Step(30))


@form
def pairs(unit: str) -> alt.LayerChart:
    """Several numbers per group on one row, told apart by shape and colour."""
    x = alt.X("value:Q", **_quantity(unit, zero=True))
    shape = alt.Shape("part:N", sort=TONE, scale=alt.Scale(range=SHAPES), legend=_legend())
    # of a scale of its own: it stays out of the legend
    stroke = alt.Stroke("part:N", sort=TONE, scale=alt.Scale(range=SERIES), legend=None)
    row = _base().mark_rule(color=GRID, strokeWidth=1).encode(
        y=_labels(is_high=False), x=alt.XValue(0), x2=alt.X2Value("width")
    )  # fmt: skip
    point = _base().mark_point(filled=True, size=80, opacity=0.9).encode(
        x=x, y=_labels(is_high=False), color=_parts(None), shape=shape, tooltip=_tooltip_of_part()
    )  # fmt: skip
    return alt.layer(row, point, _earlier(_labels(is_high=False), stroke=stroke)).properties(
        width="container", height=alt.Step(24)
    )
