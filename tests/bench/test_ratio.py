"""A figure that is above its goal does not hold, and one that was not measured is none."""

from __future__ import annotations

import pytest

from bench.ratio import Ratio, listed, median


def test_a_figure_at_its_goal_holds_and_one_above_it_does_not() -> None:
    assert Ratio("synth", 2.0, 2.0, "seen").holds
    assert not Ratio("synth", 2.001, 2.0, "seen").holds


def test_rounding_for_the_file_does_not_make_a_figure_hold() -> None:
    body = Ratio("synth", 2.0004, 2.0, "seen").as_json()
    assert body == {"name": "synth", "value": 2.0, "goal": 2.0, "holds": False, "detail": "seen"}


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_what_was_not_measured_is_no_figure(value: float) -> None:
    with pytest.raises(ValueError, match="was not measured"):
        Ratio("boot", value, 1.3, "seen")


def test_one_slow_run_does_not_move_the_median() -> None:
    assert median([3.0, 90.0, 2.0]) == 3.0
    assert median([2.0, 3.0]) == 2.5


def test_of_nothing_there_is_no_median() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        median([])


def test_measurements_are_listed_in_their_order() -> None:
    assert listed([3.14, 2.0]) == "3.1, 2.0 s"
