"""What must be true of a running tier: each check is a function whose name is a sentence."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from rehearsal.machines.machine import Machine
from rehearsal.report import Result
from rehearsal.screen import Screen
from rehearsal.tier import Tier


class CheckError(AssertionError):
    """What was checked is not true; the message says what was seen instead."""


@dataclass
class Subject:
    """A deployed tier as checks see it."""

    tier: Tier
    stack: str
    assembly: Path
    template: dict[str, Any]
    domain: str
    context: dict[str, object]
    provoked: list[tuple[float, float]] = field(
        default_factory=list
    )  # when refusals were asked for, in seconds since 1970
    ledger: dict[str, Any] = field(
        default_factory=lambda: {
            "resources": 0,
            "created": 0,
            "missing": ["the ledger was not read"],
            "stand_ins": {},
            "properties": {"given": 0, "compared": 0, "differ": []},
        }
    )

    @cached_property
    def outputs(self) -> dict[str, str]:
        return self.tier.outputs(self.stack)

    @property
    def host(self) -> Machine:
        """The machine in service now."""
        return self.tier.host(self.stack)

    @property
    def address(self) -> str:
        return self.outputs["PublicAddress"]


Check = Callable[[Subject], str]
_checks: dict[str, list[Check]] = {}


def check(tier: str) -> Callable[[Check], Check]:
    """Registers a check of a tier, to be run in the order of registration; it returns what was seen, or raises."""

    def register(function: Check) -> Check:
        _checks.setdefault(tier, []).append(function)
        return function

    return register


def sentence(function: Check) -> str:
    return function.__name__.replace("_", " ")


def run_checks(subject: Subject, screen: Screen, *, words: Iterable[str] = ()) -> list[Result]:
    """Runs the checks of the subject's tier whose sentences have all the words."""
    importlib.import_module(f"rehearsal.checks.{subject.tier.run.tier}")
    chosen = [c for c in _checks[subject.tier.run.tier] if all(word in sentence(c) for word in words)]
    if not chosen:
        raise CheckError(
            f"no check has the words {' '.join(words)!r}: the checks are\n"
            + "\n".join(sentence(c) for c in _checks[subject.tier.run.tier])
        )
    results = []
    began = time.monotonic()
    with screen.step("checks", f"{len(chosen)} checks") as say:
        for each in chosen:
            say(sentence(each))
            start = time.monotonic()
            try:
                ok, detail = True, each(subject)
            except Exception as error:  # whatever goes wrong in a check makes that check red, and no other
                ok, detail = False, f"{'' if isinstance(error, CheckError) else type(error).__name__ + ': '}{error}"
            results.append(Result(sentence(each), ok, round(time.monotonic() - start, 1), detail))
            screen.console.print(
                f"  {'[green]✓[/]' if ok else '[red]✗[/]'}",
                sentence(each),
                f"[dim]{time.monotonic() - began:.0f} s[/]",
                soft_wrap=True,
            )
    return results
