"""What stands behind CloudWatch's alarms: each period is a point of its own, and silence counts as the alarm says.

MiniStack pools all figures of an alarm's window into one and leaves an alarm without figures alone. Here, as CloudWatch does it:
the newest `EvaluationPeriods` points are looked at, of which `DatapointsToAlarm` must be over the threshold; where fewer points
are there than that, `TreatMissingData` says what the missing ones are.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners

from rehearsal.cloud.keeping import keep
from rehearsal.cloud.metric_math import value_of

log = logging.getLogger("rehearsal.alarms")
Alarm = Mapping[str, Any]
_MORE = 2  # periods that are looked at besides, for points that came late; CloudWatch does not say how many it takes
_LATE = 900.0  # seconds that a figure may be behind those that came before it
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


def play(region: str, *, every: float = 5.0) -> None:
    """Evaluates all alarms again and again; not with each figure that comes, as MiniStack would: thousands come under load."""
    cloudwatch._evaluate_alarm = _evaluate
    _alarms_on_several_metrics_are_kept()
    keep("the alarms", cloudwatch._evaluate_all_alarms, region=region, every=every)
    cloudwatch._evaluate_all_alarms = lambda: None


def state_of(alarm: Alarm, points: Sequence[tuple[float, float]], now: float) -> tuple[str, str]:
    """The state of an alarm (OK, ALARM or INSUFFICIENT_DATA) and its reason.

    `points` are the times (seconds since 1970) and values of the alarm's statistic, one a period that had figures, oldest first.
    """
    wanted = int(alarm.get("EvaluationPeriods", 1))
    needed = int(alarm.get("DatapointsToAlarm") or wanted)
    values = [value for moment, value in points if moment <= now][-wanted:]
    threshold = float(alarm.get("Threshold", 0))
    over = _COMPARE[alarm["ComparisonOperator"]]
    breaching = sum(over(value, threshold) for value in values)
    missing = wanted - len(values)
    treat = alarm.get("TreatMissingData") or "missing"
    if not values and treat in ("missing", "ignore"):
        return ("INSUFFICIENT_DATA" if treat == "missing" else str(alarm["StateValue"])), "no figure came"
    if treat == "breaching":
        breaching += missing
    seen = ", ".join(f"{value:g}" for value in values) or "none"
    reason = f"Threshold Crossed: the last points are {seen}, {missing} of {wanted} are missing ({treat}), {alarm['ComparisonOperator']} {threshold:g}"
    return ("ALARM" if breaching >= needed else "OK"), reason


def points_of(alarm: Alarm, now: float, *, since: float = 0.0) -> list[tuple[float, float]]:
    """The alarm's statistic for each period of its window that has figures, oldest first; times are the periods' ends.

    Figures that came until `since` (seconds since 1970) are left out.
    """
    if alarm.get("Metrics"):
        return _computed(alarm, now)
    period = int(alarm.get("Period", 60))
    periods = int(alarm.get("EvaluationPeriods", 1)) + _MORE
    dimensions = cloudwatch._dims_key(cloudwatch._dims_from_list(alarm.get("Dimensions") or []))
    figures = cloudwatch._metrics.get((alarm.get("Namespace"), alarm.get("MetricName"), dimensions)) or []
    figures = _newest(figures, now - periods * period - _LATE)
    result = []
    for nth in range(periods, 0, -1):
        start, end = now - nth * period, now - (nth - 1) * period
        if inside := [point for point in figures if max(start, since) < point["Timestamp"] <= end]:
            statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
            value = cloudwatch._stat_value(cloudwatch._calc_stats(inside), statistic, inside)
            if value is not None:
                result.append((end, float(value)))
    return result


def _newest(figures: Sequence[Any], since: float) -> list[Any]:
    """The figures that came after the last one that is older than a moment: they come in the order of their times, or nearly so."""
    found = list(itertools.takewhile(lambda point: point["Timestamp"] > since, reversed(figures)))
    return found[::-1]


def _computed(alarm: Alarm, now: float) -> list[tuple[float, float]]:
    """The same of an alarm on an expression: what it comes to in each period in which its metrics have figures."""
    metrics = {each["Id"]: each for each in alarm["Metrics"]}
    values: dict[float, dict[str, float]] = {}
    for id, each in metrics.items():
        if (told := each.get("MetricStat")) is None:
            continue
        one = {**told["Metric"], "Period": told["Period"], "Statistic": told["Stat"]}
        for end, value in points_of({**one, "EvaluationPeriods": alarm.get("EvaluationPeriods", 1)}, now):
            values.setdefault(end, {})[id] = value
    (wanted,) = (each for each in metrics.values() if str(each.get("ReturnData", True)).lower() != "false")
    computed = [(end, value_of(wanted["Expression"], values[end])) for end in sorted(values)]
    return [(end, value) for end, value in computed if value is not None]


def _alarms_on_several_metrics_are_kept() -> None:
    """MiniStack refuses an alarm on an expression: here it is kept with the metrics that it was given."""
    record_plain, put_plain = provisioners._cw_metric_alarm_record, cloudwatch._put_metric_alarm
    of_one = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Dimensions", "Unit")

    def without(given: Mapping[str, Any]) -> dict[str, Any]:
        return {**{key: given[key] for key in given if key != "Metrics"}, "MetricName": "none", "Namespace": "none"}

    def told(alarm: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        for key in of_one:
            alarm.pop(key, None)
        return alarm | {"Metrics": given["Metrics"]}

    def record(name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        if not properties.get("Metrics"):
            return dict(record_plain(name, properties))
        return told(dict(record_plain(name, without(properties))), properties)

    def put(params: Any, given: Any, *how: Any, **more: Any) -> Any:
        if not (isinstance(given, dict) and given.get("Metrics")):
            return put_plain(params, given, *how, **more)
        answer = put_plain(params, without(given) | {"Period": 60, "Statistic": "Average"}, *how, **more)
        if answer[0] == 200:
            cloudwatch._alarms[given["AlarmName"]] = told(dict(cloudwatch._alarms[given["AlarmName"]]), given)
        return answer

    provisioners._cw_metric_alarm_record, cloudwatch._put_metric_alarm = record, put


def _evaluate(alarm: dict[str, Any]) -> None:
    if not (alarm.get("Namespace") or alarm.get("Metrics")) or alarm.get("ComparisonOperator") not in _COMPARE:
        return
    now, old = time.time(), alarm["StateValue"]
    new, reason = state_of(alarm, points_of(alarm, now), now)
    if new == old:
        return
    alarm |= {"StateValue": new, "StateReason": reason, "StateUpdatedTimestamp": int(now)}
    log.info("alarm %s: %s to %s: %s", alarm["AlarmName"], old, new, reason)
    cloudwatch._record_history(alarm["AlarmName"], old, new, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, new, reason)
    cloudwatch._evaluate_parent_alarms(alarm)
