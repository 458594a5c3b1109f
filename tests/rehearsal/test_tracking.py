"""A policy grows a group at once and in proportion, and shrinks it late, one by one, and only when all others agree."""

from __future__ import annotations

import pytest

from rehearsal.cloud.tracking import Wish, metric_of, size, wish

QUIET = [100.0] * 15


def test_three_minutes_above_the_target_ask_for_as_many_machines_as_bring_it_there() -> None:
    assert wish(1200, [2400, 2400, 2400], machines=2) == Wish(4, True)
    assert wish(1200, [1300, 1300, 1300], machines=2) == Wish(3, True)


def test_two_minutes_or_one_that_is_not_above_it_ask_for_nothing() -> None:
    assert wish(1200, [2400, 2400], machines=2) is None
    assert wish(1200, [2400, 1200, 2400], machines=2) is None


def test_fifteen_minutes_of_quiet_let_one_machine_go() -> None:
    assert wish(1200, QUIET, machines=6) == Wish(5, False)
    assert wish(1200, QUIET[1:], machines=6) is None
    assert wish(1200, [1100.0, *QUIET[1:]], machines=6) is None  # above nine tenths of the target
    assert wish(1200, [1000.0] * 15, machines=3) is None  # fewer could not bear it
    assert wish(1200, QUIET, machines=6, shrinks=False) is None
    assert wish(1200, QUIET, machines=1) is None


def test_a_minute_without_a_figure_is_passed_over_and_silence_decides_nothing() -> None:
    assert wish(1200, [2400, None, 2400, 2400], machines=2) == Wish(4, True)
    assert wish(1200, [100.0, *[None] * 3, *QUIET[1:]], machines=2) == Wish(1, False)
    assert wish(1200, [None] * 18, machines=2) is None


def test_a_group_grows_for_one_policy_and_never_beyond_its_maximum() -> None:
    assert size([Wish(3, True), Wish(1, False)], desired=2, least=2, most=8) == 3
    assert size([Wish(3, True), Wish(5, True), None], desired=2, least=2, most=8) == 5
    assert size([Wish(9, True)], desired=2, least=2, most=8) == 8
    assert size([Wish(3, True)], desired=4, least=2, most=8) == 4  # machines that are still on their way


def test_a_group_shrinks_when_all_policies_want_it_and_never_below_its_minimum() -> None:
    assert size([Wish(5, False), None], desired=6, least=2, most=8) == 6
    assert size([Wish(5, False), Wish(5, False)], desired=6, least=2, most=8) == 5
    assert size([Wish(2, False), Wish(2, False)], desired=3, least=3, most=8) == 3
    assert size([], desired=3, least=2, most=8) == 3


def test_a_policy_names_its_metric() -> None:
    def policy(**specification: str) -> dict[str, object]:
        tracking = {"PredefinedMetricSpecification": specification, "TargetValue": 50}
        return {"AutoScalingGroupName": "g", "PolicyName": "p", "TargetTrackingConfiguration": tracking}

    label = "app/b/0123456789abcdef/targetgroup/t/fedcba9876543210"
    requests = metric_of(policy(PredefinedMetricType="ALBRequestCountPerTarget", ResourceLabel=label))
    assert (requests.name, requests.dimensions) == (
        "RequestCountPerTarget",
        {"TargetGroup": "targetgroup/t/fedcba9876543210"},
    )
    assert metric_of(policy(PredefinedMetricType="ASGAverageCPUUtilization")).dimensions == {
        "AutoScalingGroupName": "g"
    }
    with pytest.raises(ValueError, match="names no target group"):
        metric_of(policy(PredefinedMetricType="ALBRequestCountPerTarget", ResourceLabel="app/b/0123456789abcdef"))
    with pytest.raises(ValueError, match="ASGAverageNetworkIn is not played here"):
        metric_of(policy(PredefinedMetricType="ASGAverageNetworkIn"))
