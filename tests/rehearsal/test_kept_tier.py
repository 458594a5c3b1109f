"""A tier that somebody uses is ended by `make down` alone; one that a crash left is in nobody's way."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from rehearsal import tier as of_tiers
from rehearsal.machines.traces import Traces
from rehearsal.places import CloudRun
from rehearsal.screen import Screen
from rehearsal.tier import TierError, keep_up, must_be_free, running


@pytest.fixture
def run(tmp_path: Path) -> CloudRun:
    found = CloudRun("single", tmp_path)
    found.make()
    return found


def test_a_tier_that_is_up_is_not_ended_by_another_rehearsal(run: CloudRun, monkeypatch: pytest.MonkeyPatch) -> None:
    process = subprocess.Popen(["sleep", "60"])
    try:
        Traces(run.traces).process(process)
        keep_up(run)
        monkeypatch.setattr(of_tiers, "end", lambda _: pytest.fail("it was ended"))
        with pytest.raises(TierError, match="make down TIER=single"), running(run, Screen()):
            pytest.fail("another one began")
    finally:
        process.kill()
        process.wait()


def test_a_tier_that_died_is_in_nobodys_way(run: CloudRun) -> None:
    process = subprocess.Popen(["true"])
    Traces(run.traces).process(process)
    keep_up(run)
    process.wait()
    must_be_free(run)


def test_a_tier_that_nobody_kept_is_ended_by_the_next(run: CloudRun) -> None:
    process = subprocess.Popen(["sleep", "60"])
    try:
        Traces(run.traces).process(process)
        must_be_free(run)
    finally:
        process.kill()
        process.wait()
