"""The look of every figure: fonts, palette, the page around a chart, and text that always fits.

Usage: imported by the figure modules; nothing to run.

A page is 9 inches wide: accent bar, headline, grey subtitle, the body with the chart, a rule, notes
and the source line. Its height follows from the text, so that long words never run into a chart.
All positions inside the body are inches from its lower left corner.
"""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import text_to_path

# Palette of the UK Government Analysis Function; every pair used here has a contrast of 3:1 or more
NAVY, TEAL, PLUM, ORANGE = "#12436D", "#28A197", "#801650", "#F46A25"
MID_BLUE, PALE_BLUE = "#2073BC", "#6BACE6"
HIGH, LOW, COMMON = "#C8500A", "#005EB8", "#7A8793"
INK, GREY, AXIS, GRID, BAND = "#1B2733", "#4B5B6B", "#9AA8B5", "#E1E6EA", "#DFE7EE"
TEAL_TEXT = "#1B7A71"  # the teal of lines is too light for words
# classes, not a continuous scale: between two of them no text colour would have a contrast of 4.5:1
HEAT = ListedColormap(["#F1F5F9", "#D3E4F4", "#A9CDEF", PALE_BLUE, MID_BLUE, "#185A94", NAVY])

WIDTH, SIDE = 9.0, 0.3
BODY = WIDTH - 2 * SIDE
FONT, FALLBACK_FONT = "Source Sans Pro", "DejaVu Sans"
HEADLINE, SUBTITLE, TEXT, SMALL, NOTE = 17.5, 11.5, 10.5, 8.5, 9.0
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_INVISIBLE = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}


def _font_files() -> list[Path]:
    """The fonts of the package, or nothing when it is not installed."""
    package = find_spec("font_source_sans_pro")
    if package is None or not package.submodule_search_locations:
        return []
    folder = Path(next(iter(package.submodule_search_locations))) / "files"
    return [
        path
        for weight in ("Regular", "Semibold", "Bold")
        if (path := folder / f"SourceSansPro-{weight}.ttf").is_file()
    ]


@cache
def font_family() -> tuple[str, ...]:
    """Load the fonts once; the second family draws the letters that the first does not have."""
    files = _font_files()
    if not files:
        warnings.warn(
            f"{FONT} is not installed (pip install font-source-sans-pro); "
            f"the figures are set in {FALLBACK_FONT}",
            stacklevel=2,
        )
        return (FALLBACK_FONT,)
    for path in files:
        font_manager.fontManager.addfont(path)
    return (FONT, FALLBACK_FONT)


def reset(salt: str) -> None:
    """Start from matplotlib's own defaults, whatever was set before, so that bytes do not vary."""
    matplotlib.rcdefaults()
    matplotlib.rcParams.update(
        {
            "font.family": list(font_family()),
            "font.size": TEXT,
            "text.color": INK,
            "text.parse_math": False,  # a $ is money, not mathematics
            "text.hinting": "none",  # so that text is as wide as text_width() says
            "svg.hashsalt": salt,
            "svg.fonttype": "path",
            "axes.axisbelow": True,
            "axes.edgecolor": AXIS,
            "axes.labelcolor": GREY,
            "axes.linewidth": 1.0,
            "xtick.color": AXIS,
            "xtick.labelcolor": GREY,
            "ytick.color": AXIS,
            "ytick.labelcolor": GREY,
            "hatch.linewidth": 0.8,
            "lines.solid_capstyle": "butt",
        }
    )


def clean(text: object, missing: str = "(no name)") -> str:
    """One line of visible text: names come from raw files and may hold anything."""
    visible = "".join(
        " " if character.isspace() else character
        for character in str("" if text is None else text)
        if character.isspace() or unicodedata.category(character) not in _INVISIBLE
    )
    return " ".join(visible.split()) or missing


@cache
def _font(size: float, weight: str) -> FontProperties:
    return FontProperties(family=list(font_family()), size=size, weight=weight)


def text_width(text: str, size: float = TEXT, weight: str = "normal") -> float:
    """Width of one line in inches."""
    if not text:
        return 0.0
    width, _, _ = text_to_path.get_text_width_height_descent(text, _font(size, weight), False)
    return width / 72


def ellipsis(text: object, width: float, size: float = TEXT, weight: str = "normal") -> str:
    """The text, cut with an ellipsis where it is wider than `width` inches."""
    line = clean(text)
    if text_width(line, size, weight) <= width:
        return line
    low, high = 0, len(line)
    while low < high:  # the longest beginning that fits
        middle = (low + high + 1) // 2
        if text_width(line[:middle].rstrip() + "…", size, weight) <= width:
            low = middle
        else:
            high = middle - 1
    return line[:low].rstrip() + "…"


def label_width(texts: Iterable[object], most: float, size: float = TEXT) -> float:
    """Room for a column of labels: the widest of them, up to a limit where they are cut."""
    return min(most, max((text_width(clean(text), size) for text in texts), default=0.0) + 0.02)


def wrap(
    text: object, width: float, size: float = TEXT, weight: str = "normal", lines: int = 9
) -> list[str]:
    """Break into at most `lines` lines of `width` inches; what does not fit ends in an ellipsis."""
    words = clean(text).split()
    wrapped: list[str] = []
    while words and len(wrapped) < lines:
        count = 1
        while (
            count < len(words) and text_width(" ".join(words[: count + 1]), size, weight) <= width
        ):
            count += 1
        if len(wrapped) == lines - 1:
            count = len(words)
        wrapped.append(ellipsis(" ".join(words[:count]), width, size, weight))
        words = words[count:]
    return wrapped


def balanced(text: object, width: float, size: float, weight: str, lines: int) -> list[str]:
    """Wrap to lines of about the same length, so that no headline ends in one lonely word."""
    best = wrap(text, width, size, weight, lines)
    whole = " ".join(best)
    for percent in range(95, 50, -5):
        narrower = wrap(text, width * percent / 100, size, weight, lines)
        if len(narrower) > len(best) or " ".join(narrower) != whole:
            break
        best = narrower
    return best


def day_text(day: date) -> str:
    """30 Jun 2026, in English whatever the computer's language is."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def month_text(day: date) -> str:
    """Jun 2026."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def period_text(first: date | None, last: date | None) -> str:
    """Jul 2023 to Jun 2026, or one month, or nothing without dates."""
    if first is None or last is None:
        return ""
    months = [month_text(first), month_text(last)]
    return months[0] if months[0] == months[1] else " to ".join(months)


def month_ticks(months: Sequence[date]) -> tuple[list[int], list[str]]:
    """Places and labels of a month axis: each label far enough from its neighbours to be read."""
    count = len(months)
    step = 1 if count <= 8 else 2 if count <= 16 else 3 if count <= 24 else 12
    if step < 12:
        places = list(range(0, count, step))
    else:
        every = max(1, count // 144 + 1)  # at most a dozen Januaries
        places = [i for i, m in enumerate(months) if m.month == 1 and m.year % every == 0]
        nearest = max(3, count // 14)
        places += [i for i in (0, count - 1) if all(abs(i - p) >= nearest for p in places)]
    places = sorted(set(places))
    labels = []
    for place, before in zip(places, [None, *places], strict=False):
        month = months[place]
        new_year = before is None or month.year != months[before].year
        labels.append(MONTHS[month.month - 1] + (f"\n{month.year}" if new_year else ""))
    return places, labels


def luminance(colour: Sequence[float] | str) -> float:
    """Relative luminance as WCAG defines it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Sequence[float] | str, other: Sequence[float] | str) -> float:
    """Contrast of two colours as WCAG defines it, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def text_on(colour: Sequence[float]) -> str:
    """White or ink, whichever can be read better on the colour."""
    return max(("white", INK), key=lambda text: contrast(text, colour[:3]))


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """Move labels apart until neighbours are `gap` from each other, around where they were."""
    order = sorted(range(len(positions)), key=lambda i: (positions[i], i))
    groups: list[list[int]] = []
    for index in order:
        groups.append([index])
        while len(groups) > 1 and _bottom(groups[-1], positions, gap) < _top(
            groups[-2], positions, gap
        ):
            last = groups.pop()
            groups[-1] += last
    placed = list(positions)
    for group in groups:
        for step, index in enumerate(group):
            placed[index] = _bottom(group, positions, gap) + gap * (step + 0.5)
    return placed


def _bottom(group: list[int], positions: Sequence[float], gap: float) -> float:
    return sum(positions[i] for i in group) / len(group) - gap * len(group) / 2


def _top(group: list[int], positions: Sequence[float], gap: float) -> float:
    return _bottom(group, positions, gap) + gap * len(group)


class Page:
    """One figure: everything around the chart, and helpers to place the chart itself."""

    def __init__(
        self,
        figure_id: str,
        *,
        headline: str,
        subtitle: str,
        notes: Iterable[str],
        mart: str,
        data_to: date | None,
        body: float,
        alt: str,
        n: int,
        no_data: str | None = None,
    ) -> None:
        """Lay out the words and a body of `body` inches height, or say why there is no data."""
        self.is_empty = no_data is not None
        if no_data is not None:
            notes, body, alt = [], 1.6, f"No data: {no_data}"
        self.figure_id, self.mart, self.data_to, self.body, self.n = (
            figure_id,
            mart,
            data_to,
            body,
            n,
        )
        self.headline, self.alt = clean(headline), clean(f"{headline}. {alt}")
        title = balanced(headline, BODY, HEADLINE, "bold", 3)
        below = balanced(subtitle.rstrip(" ,"), BODY, SUBTITLE, "normal", 2)
        foot = [line for note in notes for line in wrap(note, BODY, NOTE, lines=4)]
        known = f" Data to {day_text(data_to)}." if data_to else ""
        foot.append(ellipsis(f"Source: {mart}.{known} Figure {figure_id}", BODY, NOTE))
        head = 0.31 + 0.295 * len(title) + 0.21 * len(below) + 0.24
        tail = 0.3 + 0.165 * len(foot) + 0.12
        self.height = round(head + body + tail, 2)
        self.figure = Figure(figsize=(WIDTH, self.height), facecolor="white")
        self._frame = self.axes(-SIDE, -tail, WIDTH, self.height, tail)
        self._frame.axis("off")
        self._frame.set_zorder(10)  # words lie above the marks of any chart
        self._frame.set(xlim=(-SIDE, WIDTH - SIDE), ylim=(-tail, self.height - tail))
        self._tail = tail
        self._words(title, below, foot)
        if no_data is not None:
            self._statement(no_data)

    def axes(
        self, left: float, bottom: float, width: float, height: float, tail: float | None = None
    ) -> Axes:
        """Axes at a place of the body, in inches, without a box."""
        tail = self._tail if tail is None else tail
        ax = self.figure.add_axes(
            (
                (left + SIDE) / WIDTH,
                (bottom + tail) / self.height,
                width / WIDTH,
                height / self.height,
            )
        )
        ax.patch.set_visible(False)
        for side in ("top", "left", "right"):
            ax.spines[side].set_visible(False)
        ax.tick_params(axis="y", length=0, pad=6)
        ax.tick_params(axis="x", length=4, width=1.0, pad=4)
        return ax

    def text(self, x: float, y: float, words: object, **style) -> None:
        """Text at a place of the body, in inches; centred on its line unless told otherwise."""
        style = {"size": TEXT, "va": "center", "color": INK} | style
        self._frame.text(x, y, clean(words, missing=""), **style)

    def line(self, xs: Sequence[float], ys: Sequence[float], **style) -> None:
        """A line between places of the body, in inches."""
        self._frame.plot(xs, ys, **({"color": GRID, "lw": 1.2} | style), clip_on=False)

    def rectangle(self, x: float, y: float, width: float, height: float, colour, **style) -> None:
        """A filled rectangle at a place of the body, in inches."""
        self._frame.add_patch(
            Rectangle((x, y), width, height, **({"facecolor": colour, "lw": 0} | style))
        )

    def mark(self, x: float, y: float, marker: str, colour: str, **style) -> None:
        """One marker at a place of the body, for a key beside the chart."""
        self._frame.plot([x], [y], marker=marker, color=colour, clip_on=False, **style)

    def _statement(self, why: str) -> None:
        """Say plainly why there is nothing to draw, where the chart would be."""
        lines = wrap(f"No data: {why}", BODY - 0.6, 12.5)
        self.rectangle(0, 0, BODY, self.body, "#F3F6F8")
        for place, words in enumerate(lines):
            y = self.body / 2 + 0.12 * (len(lines) - 1) - 0.24 * place
            self.text(0.3, y, words, size=12.5, color=GREY)

    def _words(self, title: list[str], below: list[str], foot: list[str]) -> None:
        top = self.height - self._tail
        self.rectangle(0, top - 0.235, 0.52, 0.068, NAVY)
        y = top - 0.31
        for words in title:
            self.text(0, y - 0.15, words, size=HEADLINE, weight="bold")
            y -= 0.295
        y -= 0.03
        for words in below:
            self.text(0, y - 0.105, words, size=SUBTITLE, color=GREY)
            y -= 0.21
        self.line([0, BODY], [-0.2, -0.2])
        for place, words in enumerate(foot):
            self.text(0, -0.33 - 0.165 * place, words, size=NOTE, color=GREY)


def percent_axis(ax: Axes, which: str = "y") -> None:
    """Write the unit once, at the last tick, as in 25%; the numbers alone elsewhere."""
    axis = ax.yaxis if which == "y" else ax.xaxis
    low, high = ax.get_ylim() if which == "y" else ax.get_xlim()
    ticks = [tick for tick in axis.get_ticklocs() if low <= tick <= high]
    axis.set_ticks(ticks, [f"{t:g}%" if t == ticks[-1] else f"{t:g}" for t in ticks])


def number_axis(ax: Axes, which: str = "y", prefix: str = "") -> None:
    """Thousands with commas, and large numbers short enough for the margin."""
    axis = ax.yaxis if which == "y" else ax.xaxis
    largest = (ax.get_ylim() if which == "y" else ax.get_xlim())[1]
    unit, letter = next(
        ((u, s) for u, s in ((1e9, "bn"), (1e6, "m"), (1e5, "k")) if largest >= u), (1, "")
    )
    unit = 1e3 if letter == "k" else unit
    axis.set_major_formatter(
        lambda value, _: f"{prefix}{value / unit:,.10g}{letter if value else ''}"
    )


def line_style(points: int) -> dict[str, float | str]:
    """Line and markers of a series: a long one has no room for dots with a white edge."""
    if points <= 60:
        return {"lw": 2.2, "marker": "o", "ms": 5, "mec": "white", "mew": 1}
    return {"lw": 1.5, "marker": "o", "ms": 1.5, "mew": 0}


def horizontal_grid(ax: Axes) -> None:
    """The only grid of the house."""
    ax.grid(axis="y", color=GRID, lw=1.2)
    ax.tick_params(axis="y", length=0)
