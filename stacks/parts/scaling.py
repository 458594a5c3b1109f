"""What the size of the fleet follows: the peaks that are known beforehand, and demand as it comes."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_autoscaling as autoscaling
from constructs import Construct

from stacks.parts.balancer import Balancer
from stacks.parts.fleet import Fleet
from stacks.peaks import Peak, clock, sizes


class Scaling(Construct):
    """Scheduled actions that move the group's minimum alone, and policies that move its size between minimum and maximum.

    An action that set a desired capacity would end machines that demand had called, and one that set a maximum would
    take back what an operator raised. When a minimum falls, the policies let the machines go once demand has gone.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        fleet: Fleet,
        balancer: Balancer,
        peaks: Sequence[Peak],
        timezone: str,
        least: int,
        requests_per_machine: int,
        cpu_percent: int,
    ) -> None:
        super().__init__(scope, id)
        name = fleet.group.ref
        for minute, machines in sizes(peaks, least):
            # One a time of day, and named by it: AWS takes no two actions of one time, and a new size is an update.
            autoscaling.CfnScheduledAction(
                self,
                f"At{clock(minute).replace(':', '')}",
                auto_scaling_group_name=name,
                min_size=machines,
                recurrence=f"{minute % 60} {minute // 60} * * *",
                time_zone=timezone,
            )
        label = f"{balancer.balancer.load_balancer_full_name}/{balancer.targets.target_group_full_name}"
        requests = _tracking(
            self, "Requests", name, "ALBRequestCountPerTarget", target=requests_per_machine, label=label
        )
        requests.node.add_dependency(balancer.https)  # AWS refuses the label of a target group that no listener names
        _tracking(self, "Cpu", name, "ASGAverageCPUUtilization", target=cpu_percent)


def _tracking(
    scope: Construct, id: str, group: str, metric: str, *, target: float, label: str | None = None
) -> autoscaling.CfnScalingPolicy:
    return autoscaling.CfnScalingPolicy(
        scope,
        id,
        auto_scaling_group_name=group,
        policy_type="TargetTrackingScaling",
        target_tracking_configuration=autoscaling.CfnScalingPolicy.TargetTrackingConfigurationProperty(
            predefined_metric_specification=autoscaling.CfnScalingPolicy.PredefinedMetricSpecificationProperty(
                predefined_metric_type=metric, resource_label=label
            ),
            target_value=target,
        ),
    )
