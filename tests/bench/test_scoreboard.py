"""The file has the agreed shape, and one figure that falls short makes the whole fall short."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

from rich.console import Console

from bench.ratio import Ratio
from bench.scoreboard import Scoreboard
from rehearsal.screen import Screen

GOOD, BAD = Ratio("boot", 1.1, 1.3, "seen"), Ratio("synth", 2.5, 2.0, "seen too")


def test_one_figure_above_its_goal_makes_the_whole_fall_short() -> None:
    assert Scoreboard([GOOD]).holds
    assert not Scoreboard([GOOD, BAD]).holds


def test_a_figure_is_told_when_it_is_there() -> None:
    out, board = StringIO(), Scoreboard()
    board.add(Screen(Console(file=out, width=120)), GOOD, BAD)
    assert board.ratios == [GOOD, BAD]
    assert out.getvalue().split("\n")[:2] == ["  boot: 1.1, at most 1.3", "  synth: 2.5, at most 2: falls short"]


def test_nothing_measured_is_nothing_reached() -> None:
    assert not Scoreboard([], ["boot: no root"]).holds


def test_the_file_has_what_machines_read(tmp_path: Path) -> None:
    file = tmp_path / "build/bench.json"
    Scoreboard([GOOD, BAD], ["boot: no root"]).write(file)
    body = json.loads(file.read_text())
    assert [each["holds"] for each in body["ratios"]] == [True, False]
    assert all(each.keys() == {"name", "value", "goal", "holds", "detail"} for each in body["ratios"])
    assert body["not_measured"] == ["boot: no root"]
    assert not list(file.parent.glob("*.draft"))


def test_the_table_names_what_falls_short_and_what_was_not_measured() -> None:
    out = StringIO()
    Scoreboard([GOOD, BAD], ["boot: no root"]).show(Screen(Console(file=out, width=120)))
    lines = out.getvalue().splitlines()
    assert any("✗" in line and "synth" in line for line in lines)
    assert any("✓" in line and "boot" in line for line in lines)
    assert "not measured: boot: no root" in lines
