"""A tier that somebody uses is ended by `make down` alone; one that a crash left is in nobody's way."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal import tier as of_tiers
from rehearsal.machines.traces import Traces
from rehearsal.places import CloudRun
from rehearsal.screen import Screen
from rehearsal.tier import TierError, keep_up, running


@pytest.fixture
def run(tmp_path: Path) -> CloudRun:
    found = CloudRun("single", tmp_path)
    found.make()
    return found


@pytest.fixture
def began(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a rehearsal does with a tier, without one: the words in their order."""
    seen: list[str] = []
    monkeypatch.setattr(of_tiers, "start", lambda *_: seen.append("started"))
    monkeypatch.setattr(of_tiers, "keep_logs", lambda *_: None)

    def end(_: CloudRun) -> list[str]:
        seen.append("ended")
        return []

    monkeypatch.setattr(of_tiers, "end", end)
    return seen


@pytest.fixture
def cloud(run: CloudRun) -> Iterator[subprocess.Popen[bytes]]:
    """A process that stands for a tier's local AWS, and is on the run's list."""
    process = subprocess.Popen(["sleep", "60"])
    Traces(run.traces).process(process, kind="maker")
    yield process
    process.kill()
    process.wait()


def test_a_tier_that_is_up_is_not_ended_by_another_rehearsal(
    run: CloudRun, cloud: subprocess.Popen[bytes], began: list[str]
) -> None:
    keep_up(run)
    with pytest.raises(TierError, match="make down TIER=single"), running(run, Screen()):
        pytest.fail("another one began")
    assert began == []
    assert cloud.poll() is None


def test_a_tier_that_died_is_in_nobodys_way(run: CloudRun, cloud: subprocess.Popen[bytes], began: list[str]) -> None:
    keep_up(run)
    cloud.kill()
    cloud.wait()
    with running(run, Screen()):
        assert began == ["started"]
    assert began == ["started", "ended"]


def test_a_tier_that_nobody_kept_is_ended_by_the_next(
    run: CloudRun, cloud: subprocess.Popen[bytes], began: list[str]
) -> None:
    with running(run, Screen()):
        assert cloud.poll() is None
        assert began == ["started"]
    assert began == ["started", "ended"]
