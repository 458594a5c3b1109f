"""The figures of the service on a deployed tier, with limits that do not limit it."""

from __future__ import annotations

from dataclasses import replace

from bench.ratio import Ratio
from bench.service.batches import batches
from bench.service.fines import fines
from bench.service.reports import reports
from rehearsal.checks.people import People
from rehearsal.places import Run
from rehearsal.prerequisites import install
from rehearsal.rehearse import deploy
from rehearsal.screen import Screen
from rehearsal.tier import running

ROUNDS = 3
_LIMITS = {"calls_per_minute": 100_000, "reports_per_minute": 100_000, "calls_per_minute_of_an_address": 1_000_000}
_OFFICERS = 32  # each with a limit of its own
_RAISED = "; the limits on calls were raised for this figure"


def measure(run: Run, screen: Screen, *, rounds: int = ROUNDS) -> list[Ratio]:
    """Boots the tier and measures fines, uploads and reports on it.

    Raises:
        PrerequisiteError: wrk, whose clients these are, could not be installed.
        ClientsError: they saw an error.
    """
    with screen.step("clients", "the clients' program") as say:
        install(say, {"wrk": "wrk"})
    with running(run, screen) as tier:
        subject = deploy(tier, screen, settings=_LIMITS)
        people = People.make(subject, officers=_OFFICERS, owners=5)
        found = []
        for name, figures in (("fines", fines), ("uploads", batches), ("reports", reports)):
            with screen.step(name, f"{name}, {rounds} rounds") as say:
                found += [replace(each, detail=each.detail + _RAISED) for each in figures(subject, people, rounds, say)]
        return found
