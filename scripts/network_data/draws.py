"""SQL fragments that draw: every draw is a function of the seed, an entity's number and a purpose.

Usage: imported by scripts/generate_network.py; nothing to run.

DuckDB's hash of a whole number mixes all its bits. Each purpose shifts the number by a constant
of its own, so that draws for different purposes have nothing to do with each other, no draw needs
another row, and any month can be made without the others.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence

MILLION = 1_000_000


class Draws:
    """The draws about one kind of entity, whose number is in one column."""

    def __init__(self, seed: str, entity: str, number: str) -> None:
        """Seed, what is drawn about, and the SQL of its number."""
        self.seed, self.entity, self.number = seed, entity, number

    def of(self, number: str) -> Draws:
        """The same draws under another name of the number."""
        return Draws(self.seed, self.entity, number)

    def bits(self, purpose: str) -> str:
        """64 random bits."""
        text = f"{self.seed}/{self.entity}/{purpose}"
        shift = int(hashlib.sha256(text.encode()).hexdigest()[:15], 16)
        return f"hash({self.number} + {shift})"

    def uniform(self, purpose: str) -> str:
        """A number from 0 to below 1."""
        return f"(({self.bits(purpose)} >> 11)::double * {1 / 2**53!r})"

    def below(self, purpose: str, end: int | str) -> str:
        """A whole number from 0 to below the end."""
        kind = "integer" if isinstance(end, int) and end < 2**31 else "bigint"
        return f"({self.bits(purpose)} % ({end}))::{kind}"

    def integer(self, purpose: str, low: int, high: int) -> str:
        """A whole number, both ends included."""
        return f"({low} + {self.below(purpose, high - low + 1)})"

    def chance(self, purpose: str, probability: float | str) -> str:
        """Say yes with this probability."""
        return f"({self.uniform(purpose)} < {probability})"

    def one_of(self, purpose: str, things: Sequence[str]) -> str:
        """One text of a list, all equally likely."""
        return f"{text_list(things)}[1 + {self.below(purpose, len(things))}]"

    def lottery(self, purpose: str, weights: Mapping) -> str:
        """One thing of a list, by its weight: texts, numbers or SQL."""
        return pick(self.below(purpose, MILLION), weights)

    def span(self, purpose: str, weights: Mapping[tuple[int, int], float]) -> str:
        """A whole number from one of several spans, which are drawn by their weights."""
        wide = {
            Sql(f"{low} + {self.below(purpose + ' within', high - low + 1)}"): weight
            for (low, high), weight in weights.items()
        }
        return self.lottery(purpose, wide)

    def normal(self, purpose: str) -> str:
        """A standard normal number (Box and Muller)."""
        first, second = self.uniform(purpose + " radius"), self.uniform(purpose + " angle")
        return f"(sqrt(-2 * ln(1 - {first})) * cos({2 * math.pi!r} * {second}))"

    def log_normal(self, purpose: str, mean: str | float, sigma: str | float) -> str:
        """A log-normal number of this mean."""
        return f"exp(ln({mean}) - ({sigma}) * ({sigma}) / 2 + ({sigma}) * {self.normal(purpose)})"


class Sql(str):
    """A text that is SQL and not a value."""


def literal(value: object) -> str:
    """A value as SQL."""
    if isinstance(value, Sql):
        return str(value)
    if value is None:
        return "null"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def text_list(things: Sequence[object]) -> str:
    """A list of values as SQL."""
    return "[" + ", ".join(literal(thing) for thing in things) + "]"


def pick(position: str, weights: Mapping) -> str:
    """The thing at a position from 0 to below a million, of a list with weights."""
    total, reached, cases = sum(weights.values()), 0.0, []
    for thing, weight in weights.items():
        reached += weight
        cases.append((round(reached / total * MILLION), literal(thing)))
    whens = " ".join(f"when {position} < {end} then {thing}" for end, thing in cases[:-1])
    return f"case {whens} else {cases[-1][1]} end" if whens else cases[-1][1]


def switch(value: str, cases: Mapping, otherwise: str = "null") -> str:
    """A value by a key."""
    whens = " ".join(f"when {literal(key)} then {literal(thing)}" for key, thing in cases.items())
    return f"case {value} {whens} else {otherwise} end" if whens else otherwise


def numbered(letter: str, number: str, width: int) -> str:
    """The id of a record."""
    return f"'{letter}' || lpad(cast({number} as varchar), {width}, '0')"


def minute_text(moment: str) -> str:
    """A moment to the minute."""
    return f"left(cast({moment} as varchar), 16)"


def cents(amount: str) -> str:
    """Whole cents as dollars."""
    whole = f"cast(({amount}) // 100 as varchar)"
    return f"{whole} || '.' || lpad(cast(({amount}) % 100 as varchar), 2, '0')"
