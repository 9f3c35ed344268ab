"""Headlines that state a finding only when the numbers support it.

Usage: imported by the figure modules; nothing to run.

Every function takes numbers that SQL has worked out and rounded, and returns one line of text. It
only compares them: a finding needs enough observations and intervals that exclude "no difference";
anything else gets a neutral headline.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from figure_registry import MINIMUM_N
from figure_style import clean

LONGEST_NAME = 44
SIGNIFICANT = 0.05
_WORDS = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"]


@dataclass(frozen=True)
class Estimate:
    """A number with its interval, the observations behind it and how it is written."""

    name: str
    low: float | None
    high: float | None
    n: int
    text: str = ""

    @property
    def usable(self) -> bool:
        """Enough observations, and an interval at all."""
        return self.low is not None and self.high is not None and self.n >= MINIMUM_N


def short(name: object) -> str:
    """A name of a length that a headline bears."""
    words = clean(name)
    return words if len(words) <= LONGEST_NAME else words[: LONGEST_NAME - 1].rstrip() + "…"


def number_word(count: int, capital: bool = False) -> str:
    """Numbers below ten as words, as prose has them."""
    if count >= len(_WORDS):
        return f"{count:,}"
    return _WORDS[count] if capital else _WORDS[count].lower()


def clearly_highest(estimates: Iterable[Estimate]) -> Estimate | None:
    """The one whose interval lies above every other's, if there is one."""
    usable = [estimate for estimate in estimates if estimate.usable]
    for one in usable:
        others = [other for other in usable if other is not one]
        if others and all(one.low > other.high for other in others):
            return one
    return None


def clearly_lowest(estimates: Iterable[Estimate]) -> Estimate | None:
    """The one whose interval lies below every other's, if there is one."""
    usable = [estimate for estimate in estimates if estimate.usable]
    for one in usable:
        others = [other for other in usable if other is not one]
        if others and all(one.high < other.low for other in others):
            return one
    return None


def appointment_outcomes(attended: Estimate, no_show: Estimate, cancelled: Estimate) -> str:
    """What became of the appointments, and which way of losing one is more frequent."""
    if attended.n < MINIMUM_N:
        return "Outcomes of the appointments due"
    plain = f"{attended.text} of appointments due were attended"
    if cancelled.low > no_show.high:
        return f"{plain}; more were cancelled ({cancelled.text}) than missed ({no_show.text})"
    if no_show.low > cancelled.high:
        return f"{plain}; more were missed ({no_show.text}) than cancelled ({cancelled.text})"
    return plain


def no_shows_monthly(
    overall: str | None, earlier: Estimate, later: Estimate, change: tuple[float, float] | None
) -> str:
    """A change from one year to the next, when the interval of the difference excludes zero."""
    if overall is None:
        return "No-show rate by month"
    plain = f"No-shows were {overall} of appointments attended or missed"
    if change is None or not (earlier.usable and later.usable):
        return plain
    if change[1] < 0:
        return f"No-shows fell from {earlier.text} to {later.text} of appointments, year on year"
    if change[0] > 0:
        return f"No-shows rose from {earlier.text} to {later.text} of appointments, year on year"
    return f"{plain}, without clear change from one year to the next"


def no_shows_by_lead_time(bands: Sequence[Estimate]) -> str:
    """Whether later bookings are missed more often; bands in order of lead time."""
    usable = [band for band in bands if band.usable]
    if len(usable) >= 2:
        first, last = usable[0], usable[-1]
        pairs = [(a, b) for i, a in enumerate(usable) for b in usable[i + 1 :]]
        ends = f"{first.text} booked {first.name}, {last.text} booked {last.name}"
        if last.low > first.high and not any(a.low > b.high for a, b in pairs):
            return f"No-shows rise with lead time: {ends}"
        if last.high < first.low and not any(a.high < b.low for a, b in pairs):
            return f"No-shows fall with lead time: {ends}"
    return "No-show rate by how long ahead the appointment was booked"


def demand_by_weekday_hour(cells: Sequence[Estimate], weekdays: Sequence[Estimate]) -> str:
    """The busiest hour of the week or, failing that, the busiest weekday."""
    if hour := clearly_highest(cells):
        return f"{hour.name} is the busiest hour of the week, with {hour.text} appointments a day"
    if day := clearly_highest(weekdays):
        return f"{day.name} is the busiest day of the week, with {day.text} appointments"
    return "Appointments by weekday and hour"


def calendar(weekdays: Sequence[Estimate], what: str, neutral: str) -> str:
    """The busiest weekday, when it is clearly busier than every other."""
    if day := clearly_highest(weekdays):
        return f"{day.name} is the busiest day of the week, with {day.text} {what} on average"
    return neutral


def branch_activity(shares: Sequence[Estimate], per_doctor: Sequence[Estimate]) -> str:
    """Which branch is busiest, in all and per doctor."""
    busiest, heaviest = clearly_highest(shares), clearly_highest(per_doctor)
    if busiest and heaviest and busiest.name == heaviest.name:
        return f"{short(busiest.name)} has the most appointments, in all and per doctor"
    if busiest and heaviest:
        return (
            f"{short(busiest.name)} has the most appointments ({busiest.text}); "
            f"{short(heaviest.name)} has the most per doctor"
        )
    if busiest:
        return f"{short(busiest.name)} has the most appointments: {busiest.text} of those due"
    if heaviest:
        return f"{short(heaviest.name)} has the most appointments per doctor"
    return "Appointments due by branch"


def doctor_caseload(
    compared: int,
    above: int,
    below: int,
    smallest_expected: float | None,
    p_value: float | None,
) -> str:
    """How many caseloads lie outside the range that chance allows.

    Of many doctors some lie outside by chance, so the test of equal caseloads has to agree.
    """
    if not compared or smallest_expected is None or smallest_expected < MINIMUM_N:
        return "Appointments per doctor, by branch"
    if p_value is None or ((above or below) and p_value >= SIGNIFICANT):
        return "Appointments per doctor, by branch"
    if p_value >= SIGNIFICANT:
        return "Doctors’ caseloads within each branch are consistent with chance"
    if above and below:
        return (
            f"{number_word(above, True)} of {compared:,} doctors {_has(above)} more appointments "
            f"than chance alone explains, and {number_word(below)} fewer"
        )
    if above or below:
        return (
            f"{number_word(above + below, True)} of {compared:,} doctors {_has(above + below)} "
            f"{'more' if above else 'fewer'} appointments than chance alone explains"
        )
    return "Caseloads vary more than chance explains, though no single doctor stands out"


def _has(count: int) -> str:
    return "has" if count == 1 else "have"


def treatment_cost_total_mean(totals: Sequence[Estimate], means: Sequence[Estimate]) -> str:
    """Which treatment costs most in all, and which costs most each time."""
    total, mean = clearly_highest(totals), clearly_highest(means)
    if total and mean and total.name == mean.name:
        return f"{short(total.name)} costs most, in all and per treatment"
    if total and mean:
        return f"{short(total.name)} costs most in all; {short(mean.name)} costs most per treatment"
    if total:
        return f"{short(total.name)} costs most in all: {total.text} of the cost of treatments"
    if mean:
        return f"{short(mean.name)} costs most per treatment: {mean.text} on average"
    return "Cost of treatments by type, in all and per treatment"


def treatment_cost_distribution(
    medians: Sequence[Estimate],
    neutral: str = "How the cost of a treatment is distributed, by type",
) -> str:
    """The dearest and the cheapest type, by the median."""
    dearest, cheapest = clearly_highest(medians), clearly_lowest(medians)
    if dearest and cheapest:
        return (
            f"{short(dearest.name)} has the highest median cost ({dearest.text}), "
            f"{short(cheapest.name)} the lowest ({cheapest.text})"
        )
    if dearest:
        return f"{short(dearest.name)} has the highest median cost: {dearest.text}"
    if cheapest:
        return f"{short(cheapest.name)} has the lowest median cost: {cheapest.text}"
    return neutral


def payment_methods(methods: Sequence[Estimate], paid: str | None) -> str:
    """Whether one method of payment leads, and what share of bills is paid."""
    if sum(1 for method in methods if method.usable) < 2:
        return "How bills are paid, and what became of them"
    ending = f"; {paid} of bills are paid" if paid else ""
    if leader := clearly_highest(methods):
        return f"{short(leader.name)} is the most used payment method ({leader.text}){ending}"
    return f"No payment method clearly leads{ending}"


def collections_monthly(bills: int, rate: str | None, open_amount: str | None) -> str:
    """How much of what was billed is paid; an amount has no interval, so no comparison is made."""
    if bills < MINIMUM_N or rate is None:
        return "Billed, paid and open amounts by month"
    return f"{rate} of the amount billed is paid; {open_amount} is open"


def patients_gender_age(genders: Sequence[Estimate], patients: int) -> str:
    """Whether one gender is in the majority among the patients."""
    if leader := clearly_highest(genders):
        return f"More patients are {leader.name} than of any other gender: {leader.text}"
    if sum(1 for gender in genders if gender.usable) >= 2:
        return f"No gender clearly outnumbers the others among {patients:,} patients"
    return "Patients by age and gender"
