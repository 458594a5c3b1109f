"""What a look at an account, a name or a machine found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How much a finding weighs."""

    OK = "ok"
    WARNING = "warning"
    STOPS = "stops"


@dataclass(frozen=True)
class Finding:
    """One line of what was seen and one of what to do, which a finding that is not ok always has."""

    name: str
    state: State
    seen: str
    do: str = ""

    def __post_init__(self) -> None:
        if self.state is not State.OK and not self.do:
            raise ValueError(f"{self.name}: {self.seen!r} is not ok and does not say what to do")


def ok(name: str, seen: str, do: str = "") -> Finding:
    """All is well; `do` may tell what comes later."""
    return Finding(name, State.OK, seen, do)


def warning(name: str, seen: str, do: str) -> Finding:
    """The deployment works, and something else does not."""
    return Finding(name, State.WARNING, seen, do)


def stops(name: str, seen: str, do: str) -> Finding:
    """The deployment would fail, or do harm."""
    return Finding(name, State.STOPS, seen, do)
