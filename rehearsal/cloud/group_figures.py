"""What Auto Scaling counts of a group each minute, for those figures that the group asks for (MetricsCollection)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import autoscaling, cloudwatch

from rehearsal.cloud.keeping import keep
from rehearsal.cloud.policies import Properties

_EVERY = 15.0  # seconds: more often than on AWS, so that a minute is never without


def _in_state(prefix: str) -> Callable[[Properties], int]:
    return lambda group: sum(each["LifecycleState"].startswith(prefix) for each in group["Instances"])


# Auto Scaling user guide, "Amazon CloudWatch metrics for Amazon EC2 Auto Scaling".
_FIGURES: dict[str, Callable[[Properties], int]] = {
    "GroupDesiredCapacity": lambda group: int(group["DesiredCapacity"]),
    "GroupMinSize": lambda group: int(group["MinSize"]),
    "GroupMaxSize": lambda group: int(group["MaxSize"]),
    "GroupInServiceInstances": _in_state("InService"),
    "GroupPendingInstances": _in_state("Pending"),
    "GroupStandbyInstances": _in_state("Standby"),
    "GroupTerminatingInstances": _in_state("Terminating"),
    "GroupTotalInstances": _in_state(""),
}


def play(region: str) -> None:
    """Sends them from now on."""
    keep("the figures of groups", send, region=region, every=_EVERY)


def send() -> None:
    """Sends what each group asks for, as it is now."""
    for name, group in list(autoscaling._asgs.items()):
        if counted := figures_of(group):
            dimensions = [{"Name": "AutoScalingGroupName", "Value": name}]
            data: list[dict[str, Any]] = [
                {"MetricName": metric, "Dimensions": dimensions, "Value": value, "Unit": "None"}
                for metric, value in counted.items()
            ]
            given = {"Namespace": "AWS/AutoScaling", "MetricData": data}
            cloudwatch._put_metric_data({}, given, False, is_json=True)


def figures_of(group: Properties) -> dict[str, float]:
    """The figures that a group's record asks for; those that are not played here are left out."""
    asked = group.get("EnabledMetrics") or []
    return {metric: float(_FIGURES[metric](group)) for metric in asked if metric in _FIGURES}
