"""A figure and its goal: the figure holds when it is not above the goal, or, where more is better, not below it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """A measured figure. `value` and `goal` are in one unit, which the name says where they are no plain ratio.

    `at_least`: the goal is the least that will do, not the most.
    """

    name: str
    value: float
    goal: float
    detail: str
    at_least: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and self.value > 0 and self.goal > 0):
            raise ValueError(f"{self.name}: {self.value} against a goal of {self.goal} was not measured")

    @property
    def holds(self) -> bool:
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    @property
    def bound(self) -> str:
        return f"at {'least' if self.at_least else 'most'} {self.goal:g}"

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "value": round(self.value, 3),
            "goal": self.goal,
            "holds": self.holds,
            "detail": self.detail,
        } | ({"at_least": True} if self.at_least else {})


def median(seconds: Sequence[float]) -> float:
    """The median; of nothing there is none.

    Raises:
        ValueError: nothing was measured.
    """
    if not seconds:
        raise ValueError("nothing was measured")
    return statistics.median(seconds)


def listed(seconds: Sequence[float]) -> str:
    """Measurements for a detail: `3.1, 2.9, 3.0 s`."""
    return f"{', '.join(f'{each:.1f}' for each in seconds)} s"
