"""Apps are measured in turns, the first turn is not counted, and an app that fails is no fast app."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import synth
from bench.turns import in_turns

CLI = {"tier through the CLI": [4.0], "empty through the CLI": [2.5]}


def test_the_figure_is_of_the_medians_of_the_whole_processes() -> None:
    ratio = synth.ratio_of({"tier": [3.0, 2.8, 9.0], "empty": [1.5, 1.6, 1.4], **CLI})
    assert ratio.value == pytest.approx(2.0)
    assert ratio.holds
    assert "through the CLI 4.00 s against 2.50 s, 1.60" in ratio.detail


def test_a_slow_synth_falls_short() -> None:
    assert not synth.ratio_of({"tier": [3.1], "empty": [1.5], **CLI}).holds


def test_measurements_take_turns_and_the_first_turn_is_not_counted() -> None:
    order: list[str] = []

    def measure(name: str) -> float:
        order.append(name)
        return float(len(order))

    times = in_turns({"a": lambda: measure("a"), "b": lambda: measure("b")}, 2, lambda what: None)
    assert order == ["a", "b"] * 3
    assert times == {"a": [3.0, 5.0], "b": [4.0, 6.0]}


def test_an_app_that_does_not_synthesize_is_an_error_with_its_last_lines(tmp_path: Path) -> None:
    with pytest.raises(synth.SynthError, match="no such setting"):
        synth._seconds(["sh", "-c", "echo no such setting >&2; exit 2"], tmp_path)


def test_both_apps_are_really_synthesized(tmp_path: Path) -> None:
    runs = synth.runs(tmp_path)
    assert all(runs[name]() > 0 for name in ("tier", "empty"))
    assert (tmp_path / "tier.out/fines-dev-single.template.json").exists()
    assert (tmp_path / "empty.out/Empty.template.json").exists()


@pytest.mark.parametrize(("last", "tiers"), [("asg", ["asg", "single"]), ("eks", ["asg", "eks", "single"])])
def test_a_tier_and_those_before_it_are_really_synthesized_in_one_process(
    tmp_path: Path, last: str, tiers: list[str]
) -> None:
    assert synth.runs_up_to(last, tmp_path)["all"]() > 0
    assert sorted(folder.name for folder in (tmp_path / "all.out").iterdir()) == tiers
    for tier in tiers:
        assert (tmp_path / f"all.out/{tier}/fines-dev-{tier}.template.json").exists()
