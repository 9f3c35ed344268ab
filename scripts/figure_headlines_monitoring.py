"""Headlines about control charts: better or worse only where the chart says special cause.

Usage: imported by the figure modules; nothing to run.

The same rules as in figure_headlines.py: the functions take what SQL has worked out and rounded,
only compare it, and fall back on a neutral line. Common cause is never called better or worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from figure_headlines import number_word

WHERE = {
    "above_limit": "above the upper limit",
    "below_limit": "below the lower limit",
    "trend_up": "part of an unbroken rise",
    "trend_down": "part of an unbroken fall",
    "two_of_three_above": "near the upper limit for the second time in three months",
    "two_of_three_below": "near the lower limit for the second time in three months",
    "shift_above": "part of an unbroken run above the mean",
    "shift_below": "part of an unbroken run below the mean",
}


@dataclass(frozen=True)
class Latest:
    """The last point of a chart: as text, its month, the rule that it breaks and what it means."""

    text: str
    month: str
    special_cause: str
    variation: str
    is_trial: bool


@dataclass(frozen=True)
class Change:
    """Two phases, before and after a named change: their means, the interval of the difference."""

    before: str
    after: str
    since: str
    low: float | None
    high: float | None
    is_trial: bool


def no_show_control_chart(latest: Latest | None, change: Change | None) -> str:
    """What the chart says of no-shows: between its last two phases, and of the last month."""
    if latest is None:
        return "No-show rate by month, with the limits of common variation"
    special = None
    if not latest.is_trial and latest.special_cause in WHERE:
        special = f"{latest.text} in {latest.month} is {WHERE[latest.special_cause]}"
    if change and not change.is_trial and change.low is not None and change.high is not None:
        verb = "fell" if change.high < 0 else "rose" if change.low > 0 else None
        if verb and change.before != change.after:
            found = (
                f"No-shows {verb} from {change.before} to {change.after} of appointments after "
                f"a change in {change.since}"
            )
            return f"{found}; {special}" if special else found
    if special:
        return f"No-shows stand out: {special}"
    if latest.is_trial:
        return "No-show rate by month, with trial limits from few months"
    return f"No-shows vary as they always have: {latest.text} in {latest.month} is common variation"


def control_chart_overview(variations: Sequence[tuple[str, str]]) -> str:
    """How many KPIs have a special cause in their last month: names and types of the last point."""
    total = len(variations)
    if not total:
        return "Control charts of the core KPIs"
    kinds = [("improvement", "better"), ("concern", "worse"), ("neutral", "different")]
    found = [
        ([name for name, variation in variations if variation.startswith(kind)], word)
        for kind, word in kinds
    ]
    found = [(names, word) for names, word in found if names]
    if not found:
        return f"All {total} KPIs end within common variation"
    special = sum(len(names) for names, _ in found)
    rest = total - special
    if special == 1:
        (((name,), word),) = found
        ending = f"; the other {number_word(rest)} KPIs end within common variation"
        line = f"{name}: {word} than common variation explains"
        return line + (ending if rest > 1 else "")
    parts = [f"{number_word(len(names))} {_is(len(names))} {word}" for names, word in found]
    first = number_word(len(found[0][0]), True)
    parts[0] = f"{first} of {total} KPIs {_is(len(found[0][0]))} {found[0][1]}"
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"{listed} than common variation explains"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
