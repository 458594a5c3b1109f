"""Alarms go off as CloudWatch's do: by points of their own periods, and by silence where silence is a failure."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ministack.services import cloudwatch

from rehearsal.cloud import alarms

AGE: dict[str, Any] = {
    "AlarmName": "BackupAge",
    "Namespace": "Fines/test",
    "MetricName": "BackupAgeSeconds",
    "Dimensions": [],
    "Statistic": "Maximum",
    "Period": 300,
    "EvaluationPeriods": 3,
    "Threshold": 93600.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "breaching",
    "StateValue": "INSUFFICIENT_DATA",
}


def state(*values: float, **changed: Any) -> str:
    points = [(100.0 * number, value) for number, value in enumerate(values, 1)]
    return alarms.state_of(AGE | changed, points, now=10_000.0)[0]


def test_three_points_over_the_threshold_set_it_off() -> None:
    assert state(170_000, 170_100, 170_200) == "ALARM"


def test_one_point_below_keeps_it_quiet() -> None:
    assert state(170_000, 170_100, 60) == "OK"


def test_older_points_than_the_newest_three_do_not_count() -> None:
    assert state(170_000, 10, 20, 30) == "OK"
    assert state(10, 170_000, 170_100, 170_200) == "ALARM"


@pytest.mark.parametrize(
    ("treat", "expected"), [("breaching", "ALARM"), ("notBreaching", "OK"), ("missing", "INSUFFICIENT_DATA")]
)
def test_silence_is_what_the_alarm_says_it_is(treat: str, expected: str) -> None:
    assert state(TreatMissingData=treat) == expected


def test_silence_that_is_ignored_keeps_the_state() -> None:
    assert state(TreatMissingData="ignore", StateValue="OK") == "OK"


def test_two_of_three_are_enough_where_the_alarm_says_so() -> None:
    assert state(170_000, 60, 170_000, DatapointsToAlarm=2) == "ALARM"
    assert state(170_000, 60, 60, DatapointsToAlarm=2) == "OK"


def test_a_figure_of_other_dimensions_is_another_metric() -> None:
    now = time.time()
    point = {"Timestamp": now - 10, "Value": 5.0, "Unit": "None", "Dimensions": {"Host": "i-1"}}
    cloudwatch._metrics["Fines/test", "BackupAgeSeconds", cloudwatch._dims_key({"Host": "i-1"})] = [point]
    try:
        assert alarms.points_of(AGE, now) == []
        assert alarms.points_of(AGE | {"Dimensions": [{"Name": "Host", "Value": "i-1"}]}, now) == [(now, 5.0)]
    finally:
        cloudwatch._metrics.clear()
