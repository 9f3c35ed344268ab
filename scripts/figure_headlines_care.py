"""Headlines of the figures about care episodes: findings only when the numbers support them.

Usage: imported by the figure modules; nothing to run.

As in figure_headlines: the functions compare numbers that SQL has worked out, and anything that
lies within its interval gets a neutral headline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from figure_headlines import Estimate, clearly_highest, short
from figure_registry import MINIMUM_N


@dataclass(frozen=True)
class Ratio:
    """A ratio with its interval, where 1 is no difference, and the smaller of its two n."""

    low: float | None
    high: float | None
    n: int
    text: str = ""

    @property
    def usable(self) -> bool:
        """Enough observations on both sides, and an interval at all."""
        return self.low is not None and self.high is not None and self.n >= MINIMUM_N


def patient_volume_monthly(overall: str | None, change: Ratio | None) -> str:
    """The volume, and its change from one year to the next when the interval excludes none."""
    if overall is None:
        return "Care episodes per day with data, by month"
    if change is not None and change.usable and change.low > 1:
        return f"Care episodes per day rose {change.text} year on year"
    if change is not None and change.usable and change.high < 1:
        return f"Care episodes per day fell {change.text} year on year"
    plain = f"Care episodes averaged {overall} per day with data"
    if change is None or not change.usable:
        return plain
    return f"{plain}, without clear change year on year"


def department_activity(shares: Sequence[Estimate], medians: Sequence[Estimate]) -> str:
    """Which department has the most episodes, and which costs most by the median."""
    busiest, dearest = clearly_highest(shares), clearly_highest(medians)
    if busiest and dearest and busiest.name == dearest.name:
        return f"{short(busiest.name)} has the most episodes and the highest median cost"
    if busiest and dearest:
        return (
            f"{short(busiest.name)} has the most episodes ({busiest.text}); "
            f"{short(dearest.name)} has the highest median cost ({dearest.text})"
        )
    if busiest:
        return f"{short(busiest.name)} has the most episodes: {busiest.text} of all"
    if dearest:
        return f"{short(dearest.name)} has the highest median cost of an episode: {dearest.text}"
    return "Care episodes by department"


def emergency_by_hour(hours: Sequence[Estimate], daytime: Estimate) -> str:
    """The busiest hour or, failing that, whether the twelve hours from 8:00 have the most.

    `daytime` is the share, in percent, of arrivals in half of the day's hours.
    """
    if hour := clearly_highest(hours):
        return f"{hour.name} is the busiest hour of the day: {hour.text} arrivals a day"
    if daytime.usable and daytime.low > 50:
        return f"{daytime.text} of emergency patients arrive between 8:00 and 20:00"
    if daytime.usable and daytime.high < 50:
        return f"Only {daytime.text} of emergency patients arrive between 8:00 and 20:00"
    return "Emergency arrivals by hour of the day"


def icu_costs_monthly(winter: Ratio | None) -> str:
    """Whether intensive care costs more in winter than in the rest of the year."""
    if winter is None or not winter.usable:
        return "Cost of intensive care episodes by month"
    if winter.low > 1:
        return (
            "Intensive care episodes in winter typically cost "
            f"{winter.text} times as much as in the rest of the year"
        )
    if winter.high < 1:
        return (
            f"Intensive care episodes cost less in winter: {winter.text} times the rest of the year"
        )
    return "Intensive care costs show no clear difference between winter and the rest of the year"


def insurance_types(systems: Sequence[tuple[str, Sequence[Estimate]]]) -> str:
    """The most frequent type of each system that has one; systems in the order of the figure."""
    leaders = [(system, clearly_highest(types)) for system, types in systems]
    found = [(system, leader) for system, leader in leaders if leader]
    if not found:
        return "Patients by insurance type"
    if len({leader.name for _, leader in found}) == 1:
        shares = " and ".join(f"{leader.text} in {system}" for system, leader in found)
        return f"{short(found[0][1].name)} is the most frequent insurance: {shares}"
    leaders = [f"{short(leader.name)} ({leader.text}) in {system}" for system, leader in found]
    return f"The most frequent insurance is {' and '.join(leaders)}"
