"""What stands behind CloudWatch's alarms: each period is a point of its own, and silence counts as the alarm says.

MiniStack pools all figures of an alarm's window into one and leaves an alarm without figures alone. Here, as CloudWatch does it:
the newest `EvaluationPeriods` points are looked at, of which `DatapointsToAlarm` must be over the threshold; where fewer points
are there than that, `TreatMissingData` says what the missing ones are.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ministack.services import cloudwatch

from rehearsal.cloud.keeping import keep

log = logging.getLogger("rehearsal.alarms")
Alarm = Mapping[str, Any]
_MORE = 2  # periods that are looked at besides, for points that came late; CloudWatch does not say how many it takes
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


def play(region: str, *, every: float = 5.0) -> None:
    """Evaluates all alarms again and again, and as often as MiniStack itself would."""
    cloudwatch._evaluate_alarm = _evaluate
    keep("the alarms", cloudwatch._evaluate_all_alarms, region=region, every=every)


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
    period = int(alarm.get("Period", 60))
    periods = int(alarm.get("EvaluationPeriods", 1)) + _MORE
    dimensions = cloudwatch._dims_key(cloudwatch._dims_from_list(alarm.get("Dimensions") or []))
    figures = cloudwatch._metrics.get((alarm.get("Namespace"), alarm.get("MetricName"), dimensions)) or []
    result = []
    for nth in range(periods, 0, -1):
        start, end = now - nth * period, now - (nth - 1) * period
        if inside := [point for point in figures if max(start, since) < point["Timestamp"] <= end]:
            statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
            value = cloudwatch._stat_value(cloudwatch._calc_stats(inside), statistic, inside)
            if value is not None:
                result.append((end, float(value)))
    return result


def _evaluate(alarm: dict[str, Any]) -> None:
    if not alarm.get("Namespace") or alarm.get("ComparisonOperator") not in _COMPARE:
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
