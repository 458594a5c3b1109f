"""Arithmetic between metrics comes to what CloudWatch's does, and what is not played is refused."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ministack.services import cloudwatch

from rehearsal.cloud import alarms
from rehearsal.cloud.metric_math import value_of

SHORT: dict[str, Any] = {
    "AlarmName": "FewMachines",
    "Metrics": [
        {"Id": "missing", "Expression": "wanted - serving"},
        *(
            {
                "Id": id,
                "ReturnData": False,
                "MetricStat": {
                    "Metric": {"Namespace": "Fines/test", "MetricName": id},
                    "Period": 60,
                    "Stat": "Maximum",
                },
            }
            for id in ("wanted", "serving")
        ),
    ],
    "EvaluationPeriods": 3,
    "Threshold": 0.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a - b", 3.0),
        ("a + b * 2", 9.0),
        ("(a + b) / 2", 3.5),
        ("FILL(a, 0) + FILL(c, 0)", 5.0),
        ("FILL(c, 7)", 7.0),
        ("a + c", None),
        ("a / z", None),
    ],
)
def test_an_expression_comes_to(expression: str, expected: float | None) -> None:
    assert value_of(expression, {"a": 5.0, "b": 2.0, "z": 0.0}) == expected


@pytest.mark.parametrize(
    "expression", ["SUM(METRICS())", "IF(a > 1, a, b)", "RATE(a)", "a ** b", "FILL(a, REPEAT)", "a.b"]
)
def test_what_is_not_played_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="are played here, not"):
        value_of(expression, {"a": 1.0, "b": 1.0})


def test_an_alarm_on_an_expression_has_a_point_for_each_period_in_which_all_its_metrics_have_one() -> None:
    now = time.time()
    told = {"wanted": [3.0, 3.0, 3.0], "serving": [3.0, 2.0]}  # the newest first, a minute apart
    for id, values in told.items():
        cloudwatch._metrics["Fines/test", id, cloudwatch._dims_key({})] = [
            {"Timestamp": now - 60 * nth - 5, "Value": value, "Unit": "None", "Dimensions": {}}
            for nth, value in enumerate(values)
        ]
    try:
        assert [value for _, value in alarms.points_of(SHORT, now)] == [1.0, 0.0]
    finally:
        cloudwatch._metrics.clear()
