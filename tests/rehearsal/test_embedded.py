"""The stand-in takes out of a log what CloudWatch would, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ministack.services import cloudwatch, cloudwatch_logs

from rehearsal.cloud import embedded
from rehearsal.cloud.embedded import Metric, metrics_in

_DIRECTIVE = {
    "Namespace": "Fines/test",
    "Dimensions": [["Call"]],
    "Metrics": [{"Name": "Latency", "Unit": "Milliseconds"}],
}


def line(directive: Any = _DIRECTIVE, **members: Any) -> str:
    about = {"Timestamp": 1772630430500, "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": about, "Call": "docs", "Latency": 1.5} | members)


def test_a_metric_has_its_value_time_unit_and_dimensions() -> None:
    expected = Metric("Fines/test", "Latency", (("Call", "docs"),), "Milliseconds", (1.5,), 1772630430.5)
    assert list(metrics_in(line())) == [expected]


def test_each_set_of_dimensions_is_a_metric_of_its_own_and_values_may_be_many() -> None:
    directive = _DIRECTIVE | {"Dimensions": [["Call"], ["Call", "Stage"], []], "Metrics": [{"Name": "Latency"}]}
    found = list(metrics_in(line(directive, Stage="dev", Latency=[1, 2])))
    assert [metric.dimensions for metric in found] == [(("Call", "docs"),), (("Call", "docs"), ("Stage", "dev")), ()]
    assert {metric.values for metric in found} == {(1.0, 2.0)}
    assert {metric.unit for metric in found} == {"None"}


@pytest.mark.parametrize(
    "text",
    [
        "GET /docs 200",
        "[]",
        '{"Latency": 1}',
        '{"_aws": 7}',
        line(None),
        line(_DIRECTIVE | {"Namespace": ""}),
        line(_DIRECTIVE | {"Dimensions": "Call"}),
        line(_DIRECTIVE | {"Dimensions": [["Nobody"]]}),
        line(_DIRECTIVE | {"Dimensions": [[f"d{n}" for n in range(31)]]}),
        line(Call=7),
        line(Latency="1.5"),
        line(Latency=True),
        line(Latency=[]),
        line(Latency=[1] * 101),
        line().replace("1772630430500", '"now"'),
    ],
)
def test_what_breaks_the_format_makes_no_metric(text: str) -> None:
    assert list(metrics_in(text)) == []


def test_the_values_of_a_minute_are_put_at_once_and_none_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    put: list[Any] = []
    monkeypatch.setattr(cloudwatch, "_put_metric_data", lambda *given, **_: put.append(given[1]))
    monkeypatch.setattr(cloudwatch_logs, "_put_log_events", lambda data: (200, {}, b"{}"))
    embedded.play()
    later = json.loads(line(Latency=4.0))
    later["_aws"]["Timestamp"] += 60_000
    lines = [line(), line(Latency=[2.0, 3.0]), json.dumps(later), "GET /docs 200"]
    cloudwatch_logs._put_log_events({"logEvents": [{"message": each} for each in lines]})
    (told,) = put
    assert told["Namespace"] == "Fines/test"
    assert [datum["Values"] for datum in told["MetricData"]] == [[1.5, 2.0, 3.0], [4.0]]
    assert {datum["MetricName"] for datum in told["MetricData"]} == {"Latency"}
