"""Target tracking of EC2 Auto Scaling: what a policy makes of the last minutes of its metric.

AWS keeps two alarms for a policy, and sizes the group so that the metric would be at its target. Here the same: above the target
for 3 minutes the group grows, in proportion and at once; below nine tenths of it for 15 minutes it shrinks, by one machine. (EC2
Auto Scaling User Guide, «Target tracking scaling policies», and the alarms that AWS makes.) How fast AWS shrinks it does not say.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

OUT_MINUTES, IN_MINUTES = 3, 15
LATE = 3  # minutes that are looked at besides, where some have no figure; AWS does not say how many it takes
_SLACK = 0.9


@dataclass(frozen=True)
class Metric:
    """Which figure a policy follows: as CloudWatch has it, and whether it grows with the time it is taken over."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str
    is_a_count: bool


def metric_of(policy: Mapping[str, Any]) -> Metric:
    """The metric of a target-tracking policy.

    Raises:
        ValueError: it is one that is not played here.
    """
    asked = policy["TargetTrackingConfiguration"].get("PredefinedMetricSpecification") or {}
    match asked.get("PredefinedMetricType"):
        case "ALBRequestCountPerTarget":
            group = "/".join(asked["ResourceLabel"].split("/")[-3:])
            if not group.startswith("targetgroup/"):
                raise ValueError(f"the resource label {asked['ResourceLabel']!r} names no target group")
            return Metric("AWS/ApplicationELB", "RequestCountPerTarget", {"TargetGroup": group}, "Sum", True)
        case "ASGAverageCPUUtilization":
            own = {"AutoScalingGroupName": policy["AutoScalingGroupName"]}
            return Metric("AWS/EC2", "CPUUtilization", own, "Average", False)
        case other:
            raise ValueError(f"{other or 'a metric of its own'} is not played here: {policy['PolicyName']}")


@dataclass(frozen=True)
class Wish:
    """What a policy wants: so many machines, and whether that is more or fewer than there are. None: it is content."""

    machines: int
    grows: bool


def wish(target: float, minutes: Sequence[float | None], *, machines: int, shrinks: bool = True) -> Wish | None:
    """What a policy wants of a group of so many machines, by its metric's value in each minute, the newest last.

    A minute without a figure is None: as an alarm does, the policy then goes by what came before it, if it is given.
    """
    values = [value for value in minutes[-OUT_MINUTES - LATE :] if value is not None][-OUT_MINUTES:]
    if len(values) == OUT_MINUTES and min(values) > target:
        return Wish(math.ceil(machines * fmean(values) / target), True)
    values = [value for value in minutes[-IN_MINUTES - LATE :] if value is not None][-IN_MINUTES:]
    if shrinks and machines > 1 and len(values) == IN_MINUTES and max(values) < target * _SLACK:
        needed = math.ceil(machines * fmean(values) / target)
        if needed < machines:
            return Wish(max(needed, machines - 1), False)
    return None


def size(wishes: Sequence[Wish | None], *, desired: int, least: int, most: int) -> int:
    """The size of a group whose policies want this: it grows for one of them, and shrinks only when all of them want it."""
    grown = [each.machines for each in wishes if each is not None and each.grows]
    if grown:
        return min(most, max(desired, *grown))
    shrunk = [each.machines for each in wishes if each is not None]
    if shrunk and len(shrunk) == len(wishes):
        return max(least, min(desired, max(shrunk)))
    return desired
