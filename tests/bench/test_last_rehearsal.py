"""What the last whole rehearsal took is read from its report, and nothing is made up where there is none."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import last_rehearsal


def _report(
    folder: Path,
    *,
    seconds: float,
    tier: str = "single",
    figures: Sequence[Mapping[str, object]] = (),
    **timings: float,
) -> Path:
    file = folder / "single.json"
    body = {"tier": tier, "seconds": seconds, "timings": {"deploy": 80.0, **timings}, "checks": [{}, {}]}
    file.write_text(json.dumps(body | {"figures": list(figures)}))
    return file


def test_without_a_report_nothing_is_measured_and_that_is_said(tmp_path: Path) -> None:
    found, untold = last_rehearsal.ratios(tmp_path / "single.json")
    assert found == []
    assert "run 'make rehearse' twice" in untold[0]


def test_both_figures_come_from_the_report(tmp_path: Path) -> None:
    found, untold = last_rehearsal.ratios(_report(tmp_path, seconds=470.0, first_fine=100.0))
    assert [(each.value, each.goal, each.holds) for each in found] == [(470.0, 480.0, True), (100.0, 120.0, True)]
    assert untold == []


def test_a_slow_rehearsal_falls_short(tmp_path: Path) -> None:
    found, _ = last_rehearsal.ratios(_report(tmp_path, seconds=481.0, first_fine=121.0))
    assert [each.holds for each in found] == [False, False]


def test_a_first_rehearsal_is_not_a_second_one(tmp_path: Path) -> None:
    found, untold = last_rehearsal.ratios(_report(tmp_path, seconds=470.0, first_fine=100.0, root_file_system=95.0))
    assert found == []
    assert "root_file_system was made" in untold[0]


def test_a_report_that_did_not_time_the_first_fine_is_told_apart(tmp_path: Path) -> None:
    found, untold = last_rehearsal.ratios(_report(tmp_path, seconds=470.0))
    assert len(found) == 1
    assert "first fine" in untold[0]


def test_what_checks_measured_is_among_the_figures_and_each_tier_has_its_own_goal(tmp_path: Path) -> None:
    figure = {"name": "p99 against the steady one's", "value": 2.5, "goal": 2.0, "detail": "seen"}
    report = _report(tmp_path, seconds=800.0, tier="asg", figures=[figure], first_fine=60.0)
    found, _ = last_rehearsal.ratios(report)
    assert [(each.name.split(",")[0], each.goal, each.holds) for each in found] == [
        ("second make rehearse", 900.0, True),
        ("p99 against the steady one's", 2.0, False),
        ("first fine acknowledged in make rehearse", 120.0, True),
    ]
