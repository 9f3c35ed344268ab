"""Headlines about outcomes, experience and cancer: a finding only when the numbers support it.

Usage: imported by the figure modules; nothing to run.

The same rules as in figure_headlines.py: the functions take what SQL has worked out and rounded,
only compare it, and fall back on a neutral line. Words are associative: a difference between groups
is never called an effect.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from figure_headlines import (
    SIGNIFICANT,
    Estimate,
    clearly_highest,
    clearly_lowest,
    number_word,
    short,
)
from figure_registry import MINIMUM_N

COMPARABLE_SHARE = 0.5  # of the cases must lie where both groups occur, or nothing is adjusted


@dataclass(frozen=True)
class Comparison:
    """Two groups compared as they stand and among alike cases: intervals of the difference."""

    exposed: str
    unexposed: str
    n: int
    crude: tuple[float | None, float | None]
    adjusted: tuple[float | None, float | None]
    comparable_share: float | None
    homogeneity_p: float | None

    @property
    def is_adjustable(self) -> bool:
        """Whether one adjusted figure can speak for all strata."""
        return (
            None not in self.adjusted
            and (self.comparable_share or 0) >= COMPARABLE_SHARE
            and (self.homogeneity_p is None or self.homogeneity_p >= SIGNIFICANT)
        )


@dataclass(frozen=True)
class Team:
    """A team of the latest survey: its department, and the interval of its mean."""

    department: str
    low: float | None
    high: float | None
    is_agreed: bool | None


def _side(interval: tuple[float | None, float | None]) -> int:
    """1 where an interval lies above zero, -1 below, 0 where it holds zero or is missing."""
    low, high = interval
    if low is None or high is None:
        return 0
    return 1 if low > 0 else -1 if high < 0 else 0


def _funnel(
    compared: int, events: int, outside: int, chance: float | None, beyond_chance: int
) -> str:
    """What a funnel says: `outside`, `spread`, `inside`, or `neutral`.

    `chance` is the probability of at least so many units outside 99.8 % if all were the same. A
    unit that only the widened limits hold (`beyond_chance`) is not within chance either.
    """
    if compared < 2 or events < MINIMUM_N or chance is None:
        return "neutral"
    if chance >= SIGNIFICANT:
        return "neutral" if outside or beyond_chance else "inside"
    return "outside" if outside else "spread"


def readmission_funnel(
    compared: int,
    readmissions: int,
    above: int,
    below: int,
    chance: float | None,
    beyond_chance: int = 0,
) -> str:
    """How many facilities lie outside 99.8 %, when so many outside are more than chance gives."""
    says = _funnel(compared, readmissions, above + below, chance, beyond_chance)
    if says == "inside":
        count = number_word(compared)
        return f"Readmission at all {count} facilities lies within the range that chance allows"
    if says == "spread":
        return "Readmission varies more than chance explains, though no single facility stands out"
    if says == "neutral":
        return "Readmission by facility"
    verb = "readmits" if (above or below) == 1 else "readmit"
    first, second = (above, below) if above else (below, 0)
    line = (
        f"{number_word(first, True)} of {compared:,} facilities {verb} "
        f"{'more' if above else 'fewer'} patients than chance alone explains"
    )
    return f"{line}, and {number_word(second)} fewer" if second else line


def no_show_funnel(
    compared: int,
    no_shows: int,
    above: int,
    below: int,
    chance: float | None,
    beyond_chance: int = 0,
) -> str:
    """How many doctors lie outside 99.8 %, when so many outside are more than chance gives."""
    says = _funnel(compared, no_shows, above + below, chance, beyond_chance)
    if says == "inside":
        count = number_word(compared)
        return f"No-show rates of {count} doctors compared lie within the range that chance allows"
    if says == "spread":
        return "No-show rates vary more than chance explains, though no single doctor stands out"
    if says == "neutral":
        return "No-show rate by doctor"
    first, second = (above, below) if above else (below, 0)
    line = (
        f"{number_word(first, True)} of {compared:,} doctors {'has' if first == 1 else 'have'} "
        f"a {'higher' if above else 'lower'} no-show rate than chance alone explains"
    )
    return f"{line}, and {number_word(second)} a lower one" if second else line


def insurance_outcomes(comparisons: Sequence[Comparison]) -> str:
    """Whether success differs between two insurance types, as it stands and among alike cases.

    With several systems a finding has to hold in all of them.
    """
    neutral = "Treatment success by insurance, as it stands and among alike cases"
    pairs = {(c.exposed, c.unexposed) for c in comparisons}
    if len(pairs) != 1 or any(c.n < MINIMUM_N or not c.is_adjustable for c in comparisons):
        return neutral
    ((exposed, unexposed),) = pairs
    crude = {_side(c.crude) for c in comparisons}
    adjusted = {_side(c.adjusted) for c in comparisons}
    if len(crude) != 1 or len(adjusted) != 1:
        return neutral
    (crude_side,), (adjusted_side,) = crude, adjusted
    if crude_side == adjusted_side == 0:
        return (
            f"No clear difference in treatment success between {short(exposed)} "
            f"and {short(unexposed)} insurance"
        )
    side = adjusted_side or crude_side
    more, less = (exposed, unexposed) if side > 0 else (unexposed, exposed)
    line = f"Treatment succeeds more often with {short(more)} than with {short(less)} insurance"
    if adjusted_side == 0:
        return f"{line}, but not clearly so among alike cases"
    if crude_side == adjusted_side:
        return f"{line}, also among alike cases"
    return neutral  # only among alike cases, or the other way round there: no line is fair to both


def satisfaction_heat_map(departments: Sequence[Estimate]) -> str:
    """The departments rated highest and lowest, over all facilities."""
    best, worst = clearly_highest(departments), clearly_lowest(departments)
    if best and worst:
        return (
            f"{short(best.name)} is rated highest ({best.text}), "
            f"{short(worst.name)} lowest ({worst.text})"
        )
    if worst:
        return f"{short(worst.name)} is rated lowest: {worst.text} on average"
    if best:
        return f"{short(best.name)} is rated highest: {best.text} on average"
    return "Patients’ satisfaction by department and facility"


@dataclass(frozen=True)
class Spread:
    """How much the scores of a department vary: its SD, and the SD against all others."""

    sd: Estimate
    ratio_low: float | None
    ratio_high: float | None
    ratio_text: str
    relative_variance: float | None


def satisfaction_spread(departments: Sequence[Spread]) -> str:
    """The department whose scores vary least, or most, when that is more than chance.

    Its interval must lie apart from every other's, the interval of its SD ratio must exclude 1,
    and its relative variance must agree: near the end of a scale any spread shrinks by itself.
    """
    if least := _apart(departments, clearly_lowest, -1):
        return (
            f"Satisfaction varies least in {short(least.sd.name)}: "
            f"its SD is {least.ratio_text} times that of all other departments"
        )
    if most := _apart(departments, clearly_highest, 1):
        return (
            f"Satisfaction varies most in {short(most.sd.name)}: "
            f"its SD is {most.ratio_text} times that of all other departments"
        )
    return "How much satisfaction varies within departments"


def _apart(departments: Sequence[Spread], choose: Callable, side: int) -> Spread | None:
    """The department that `choose` picks by its SD, if ratio and relative variance agree."""
    usable = [d for d in departments if d.sd.usable and d.relative_variance is not None]
    chosen = choose([d.sd for d in usable])
    if chosen is None:
        return None
    (one,) = (d for d in usable if d.sd is chosen)
    if one.ratio_low is None or one.ratio_high is None:
        return None
    if one.ratio_high >= 1 if side < 0 else one.ratio_low <= 1:
        return None
    others = [d.relative_variance for d in usable if d is not one]
    agrees = all((value - one.relative_variance) * side < 0 for value in others)
    return one if agrees else None


def team_psychological_safety(
    teams: Sequence[Team], difference_p: float | None, without_agreement: int
) -> str:
    """A department whose every team lies below all others; how many teams disagree.

    Where members disagree the mean describes nobody, so such teams are in no comparison.
    """
    agreed = [t for t in teams if t.is_agreed and t.low is not None and t.high is not None]
    lowest = _lowest_department(agreed)
    differ = difference_p is not None and difference_p < SIGNIFICANT
    split = (
        f"members disagree in {number_word(without_agreement)} of {len(teams):,} teams"
        if without_agreement
        else ""
    )
    if differ and lowest:
        line = f"{short(lowest)} teams find it least safe to speak up"
        return f"{line}; {split}" if split else line
    if split:
        return split[0].upper() + split[1:] + " on how safe it is to speak up"
    if difference_p is not None and not differ and len(agreed) > 1:
        return "No clear difference between teams in how safe it is to speak up"
    return "How safe teams find it to speak up"


def _lowest_department(teams: Sequence[Team]) -> str | None:
    """The department with two or more teams that lie, one and all, below every other team."""
    for department in sorted({team.department for team in teams}):
        own = [team for team in teams if team.department == department]
        others = [team for team in teams if team.department != department]
        if min(len(own), len(others)) < 2:
            continue
        if max(team.high for team in own) < min(team.low for team in others):
            return department
    return None


def cancer_distributions(types: Sequence[Estimate]) -> str:
    """The most frequent type of cancer, if one is clearly more frequent than every other."""
    if leader := clearly_highest(types):
        return f"{short(leader.name)} is the most frequent cancer in the registry: {leader.text}"
    return "Cancer cases by type, treatment, outcome and patient"


def cancer_outcomes_by_treatment(treatments: Sequence[Estimate], overall: str | None) -> str:
    """The treatments after which response is most and least frequent."""
    best, worst = clearly_highest(treatments), clearly_lowest(treatments)
    if best and worst:
        return (
            f"Response is most frequent after {short(best.name)} ({best.text}), "
            f"least after {short(worst.name)} ({worst.text})"
        )
    if best:
        return f"Response is most frequent after {short(best.name)}: {best.text} of cases"
    if worst:
        return f"Response is least frequent after {short(worst.name)}: {worst.text} of cases"
    if overall and sum(1 for treatment in treatments if treatment.usable) >= 2:
        return f"{overall} of cases responded; no treatment stands apart from all others"
    return "Response by treatment"


@dataclass(frozen=True)
class Group:
    """A group of cases and to how many others its hazard ratio excludes 1, on either side."""

    name: str
    compared: int
    lower: int  # its survival is lower than in so many others
    higher: int
    five_years: str = ""

    @property
    def stands_apart(self) -> bool:
        """Differs from most of the others, and always on the same side."""
        return min(self.lower, self.higher) == 0 and self._differs * 2 > self.compared

    @property
    def _differs(self) -> int:
        return max(self.lower, self.higher)

    @property
    def differs_from_all(self) -> bool:
        """Whether no other group is left that it could not be told from."""
        return self._differs == self.compared


@dataclass(frozen=True)
class SurvivalFinding:
    """The headline, and the groups that may be highlighted."""

    line: str
    apart: frozenset[str] = frozenset()


def survival_by_region(
    p_value: float | None, regions: Sequence[Group], _p: float | None = None, _alike: object = ()
) -> SurvivalFinding:
    """A region that differs from most others, when the log-rank test finds a difference at all."""
    line, one = _survival(p_value, regions, "region", lambda name: f"in {short(name)}")
    if one and one.differs_from_all and one.five_years:
        line = f"{line}: {one.five_years} after five years"
    return SurvivalFinding(line, _apart_groups(p_value, regions))


def survival_by_insurance(
    p_value: float | None,
    types: Sequence[Group],
    stratified_p: float | None,
    alike: Sequence[Group],
) -> SurvivalFinding:
    """A type that differs from most others, and whether it does among alike cases.

    Who has which insurance is found at which stage: a finding that the cases of the same stage and
    cancer type do not bear out is not highlighted, and the line says so.
    """
    line, one = _survival(p_value, types, "insurance type", _insured)
    if one is None:
        return SurvivalFinding(line)
    same = "among cases of the same stage and cancer type"
    if stratified_p is not None and stratified_p >= SIGNIFICANT:
        return SurvivalFinding(f"{line}, but not clearly so {same}")
    (again,) = [group for group in alike if group.name == one.name] or [None]
    sided = again and again.stands_apart and (again.lower > 0) == (one.lower > 0)
    if stratified_p is None or not sided:  # no line is fair to both
        return SurvivalFinding("Survival after a diagnosis of cancer, by insurance type")
    return SurvivalFinding(f"{line}, also {same}", _apart_groups(p_value, types))


def _insured(name: str) -> str:
    """The two common types in prose, any other as the source writes it."""
    if name.lower() in ("private", "public"):
        return f"with {name.lower()} insurance"
    return f"for insurance type {short(name)}"


def _apart_groups(p_value: float | None, groups: Sequence[Group]) -> frozenset[str]:
    if p_value is None or p_value >= SIGNIFICANT:
        return frozenset()
    return frozenset(group.name for group in groups if group.stands_apart)


def _survival(
    p_value: float | None, groups: Sequence[Group], kind: str, where: Callable[[str], str]
) -> tuple[str, Group | None]:
    """The line of a grouping, and the group that it names."""
    if len(groups) < 2 or p_value is None:
        return f"Survival after a diagnosis of cancer, by {kind}", None
    if p_value >= SIGNIFICANT:
        return f"No clear difference in survival between {kind}s", None
    apart = [group for group in groups if group.stands_apart]
    if not apart:
        return f"Survival differs between {kind}s, though none stands apart from most others", None
    one = max(apart, key=lambda group: (group.lower > 0, group.lower + group.higher))
    line, place = "Survival after a diagnosis of cancer is", where(one.name)
    if not one.differs_from_all:
        line = (
            f"{line} {'lower' if one.lower else 'higher'} {place} "
            f"than {place.split()[0]} {number_word(one.lower or one.higher)} of "
            f"{number_word(one.compared)} other {kind}s"
        )
    elif one.compared > 1:
        line = f"{line} {'lowest' if one.lower else 'highest'} {place}"
    else:
        line = f"{line} {'lower' if one.lower else 'higher'} {place}"
    return line, one
