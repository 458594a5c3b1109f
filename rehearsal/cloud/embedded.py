"""What stands in for CloudWatch Logs' own extraction of metrics: lines in the embedded metric format become metrics.

The format is AWS's (CloudWatch User Guide, «Specification: Embedded metric format»). What breaks it makes no metric, as there.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ministack.services import cloudwatch, cloudwatch_logs

log = logging.getLogger("rehearsal.embedded")
_PERIOD = 60  # seconds: a metric has a figure a minute
_MOST_DIMENSIONS, _MOST_METRICS, _MOST_VALUES = 30, 100, 100


@dataclass(frozen=True)
class Metric:
    """One metric of a line: its values, at one time (seconds since 1970), under one set of dimensions."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    unit: str
    values: tuple[float, ...]
    time: float


def play() -> None:
    """Wraps PutLogEvents: what is written to a log group is looked through for metrics."""
    plain = cloudwatch_logs._put_log_events

    def put(data: dict[str, Any]) -> Any:
        answer = plain(data)
        if answer[0] == 200:
            events = data.get("logEvents", [])
            _store(metric for event in events for metric in metrics_in(event.get("message", "")))
        return answer

    cloudwatch_logs._put_log_events = put


def metrics_in(line: str) -> Iterator[Metric]:
    """The metrics of a line of a log; none where it is in no such format."""
    try:
        root = json.loads(line)
    except ValueError:
        return
    about = root.get("_aws") if isinstance(root, dict) else None
    if not isinstance(about, dict) or not _is_number(about.get("Timestamp")):
        return
    directives = about.get("CloudWatchMetrics")
    for directive in directives if isinstance(directives, list) else []:
        yield from _of(directive, root, about["Timestamp"] / 1000)


def _of(directive: Any, root: Mapping[str, Any], time: float) -> Iterator[Metric]:
    if not isinstance(directive, dict):
        return
    namespace, sets, metrics = (directive.get(key) for key in ("Namespace", "Dimensions", "Metrics"))
    if not isinstance(namespace, str) or not namespace or not isinstance(sets, list) or not isinstance(metrics, list):
        return
    for definition in metrics[:_MOST_METRICS]:
        name = definition.get("Name") if isinstance(definition, dict) else None
        given = root.get(name) if isinstance(name, str) else None
        values = given if isinstance(given, list) else [given]
        if not name or not 1 <= len(values) <= _MOST_VALUES or not all(map(_is_number, values)):
            continue
        for names in sets:
            if not isinstance(names, list) or len(names) > _MOST_DIMENSIONS:
                continue
            if not all(isinstance(root.get(each), str) and root[each] for each in names):
                continue
            dimensions = tuple((each, root[each]) for each in names)
            yield Metric(namespace, name, dimensions, definition.get("Unit", "None"), tuple(map(float, values)), time)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _store(metrics: Iterable[Metric]) -> None:
    """Puts them all at once: values of one metric in one minute are one datum, and the alarms are looked at once."""
    found: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}
    for each in metrics:
        minute = each.time // _PERIOD
        datum = found.setdefault(each.namespace, {}).setdefault(
            (each.name, each.dimensions, each.unit, minute),
            {
                "MetricName": each.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in each.dimensions],
                "Timestamp": each.time,
                "Values": [],
                "Unit": each.unit,
            },
        )
        datum["Values"] += each.values
    for namespace, data in found.items():
        cloudwatch._put_metric_data(
            {}, {"Namespace": namespace, "MetricData": list(data.values())}, False, is_json=True
        )
