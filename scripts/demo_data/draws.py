"""Random draws that give the same bytes on every platform and Python version.

Usage: imported by scripts/generate_demo_data.py; nothing to run.

Only `Random.random()` is used (its sequence is promised), floats are never passed to `sum()`
(compensated from Python 3.12 on), and exponentials are `Decimal` (the C library's differ).
Every entity has a stream of its own, so a change to one does not move all others.
"""

from bisect import bisect
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import accumulate
from random import Random
from typing import TypeVar

T = TypeVar("T")
SEED = "wardhouse-demo-1"


class Lottery:
    """Weighted drawing from a fixed list."""

    def __init__(self, weights: Mapping) -> None:
        """Keep the things of `weights` with their running totals."""
        self.things = list(weights)
        self.totals = list(accumulate(weights.values()))


class Stream:
    """A stream of random draws, named after what it is for."""

    def __init__(self, *names: object) -> None:
        """Seed the stream from the common seed and its own names."""
        self._random = Random("/".join(str(name) for name in (SEED, *names))).random

    def chance(self, probability: float | Decimal) -> bool:
        """Say yes with this probability."""
        return self._random() < probability

    def integer(self, low: int, high: int) -> int:
        """Draw a whole number, both ends included."""
        return low + int(self._random() * (high - low + 1))

    def one_of(self, things: Sequence[T]) -> T:
        """Draw one thing, all equally likely."""
        return things[self.integer(0, len(things) - 1)]

    def weighted(self, lottery: Lottery | Mapping):
        """Draw one thing by its weight."""
        if not isinstance(lottery, Lottery):
            lottery = Lottery(lottery)
        place = bisect(lottery.totals, self._random() * lottery.totals[-1])
        return lottery.things[min(place, len(lottery.things) - 1)]

    def sample(self, things: Sequence[T], number: int) -> list[T]:
        """Draw some different things, in random order."""
        rest = list(things)
        if number > len(rest):
            raise ValueError(f"{number} wanted, {len(rest)} there")
        return [rest.pop(self.integer(0, len(rest) - 1)) for _ in range(number)]

    def normal(self) -> Decimal:
        """Draw a standard normal number, as the sum of twelve uniform ones."""
        total = sum(self.integer(0, 999_999) for _ in range(12))
        return Decimal(total - 6_000_000) / 1_000_000

    def log_normal(self, mean: Decimal, sigma: Decimal) -> Decimal:
        """Draw a log-normal amount of this mean, rounded to cents."""
        centre = mean.ln() - sigma * sigma / 2
        return (centre + sigma * self.normal()).exp().quantize(Decimal("0.01"))


def logistic(log_odds: Decimal) -> Decimal:
    """Turn log odds into a probability."""
    return 1 / (1 + (-log_odds).exp())
