"""The fleet: a group of machines over several zones, each registered once it serves and replaced by launching first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct, IDependable

from stacks import posture
from stacks.parts.balancer import Balancer
from stacks.parts.machine import GROUP_LOGICAL_ID, HOOK, launch_template
from stacks.parts.network import ZonedNetwork

SERVING_HOOK = "serve-first"
_COUNTED = tuple(
    f"Group{what}" for what in ("DesiredCapacity", "InServiceInstances", "MaxSize", "MinSize", "PendingInstances")
)
_WARMUP = 90
_BAKE = 180  # seconds in which alarms may still speak against a release: their metrics come a minute late or two
_PATIENCE = 900  # seconds that a machine may take from its launch to its word that it serves


class Fleet(Construct):
    """Machines behind a load balancer. One is registered once it serves, and drained before it ends.

    What its environment or files say is fixed for a machine's life, the image of the service too: a change is an instance
    refresh, which launches before it terminates, and which CloudFormation rolls back when the new ones do not serve, or
    when one of the alarms `stop_on` goes off meanwhile.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        network: ZonedNetwork,
        balancer: Balancer,
        role: iam.Role,
        instance_type: str,
        disk_gibibytes: int,
        machine_image: ec2.IMachineImage,
        environment: Mapping[str, str],
        least: int,
        most: int,
        stop_on: Sequence[cloudwatch.Alarm],
        after: IDependable,
    ) -> None:
        super().__init__(scope, id)
        name = cdk.Stack.of(self).stack_name
        self.security_group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=network.vpc,
            description="The machines: reached by the load balancer alone",
            allow_all_outbound=True,
        )
        self.security_group.connections.allow_from(
            balancer.security_group, ec2.Port.tcp(443), "HTTPS of the load balancer"
        )
        template = launch_template(
            self,
            machine_image=machine_image,
            instance_type=instance_type,
            role=role,
            security_group=self.security_group,
            environment=environment,
            detailed_monitoring=True,  # a figure a minute: with one in five, scaling on it would come too late
            disk_gibibytes=disk_gibibytes,
        )
        self.group = autoscaling.CfnAutoScalingGroup(
            self,
            "Group",
            auto_scaling_group_name=name,
            min_size=str(least),
            max_size=str(most),
            vpc_zone_identifier=network.vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS).subnet_ids,
            launch_template=autoscaling.CfnAutoScalingGroup.LaunchTemplateSpecificationProperty(
                launch_template_id=template.launch_template_id, version=template.latest_version_number
            ),
            target_group_arns=[balancer.targets.target_group_arn],
            health_check_type="ELB",
            health_check_grace_period=15,  # counts from when a machine serves: before, the hook holds it back
            # Longer than the load balancer takes to find a machine unhealthy, so that a refresh does not go on from such a one.
            default_instance_warmup=_WARMUP,
            new_instances_protected_from_scale_in=False,
            # What the dashboard and the alarms on the group go by; Auto Scaling counts none of them unasked.
            metrics_collection=[
                autoscaling.CfnAutoScalingGroup.MetricsCollectionProperty(granularity="1Minute", metrics=list(_COUNTED))
            ],
            # Launched before it is terminated: demand is never met by fewer machines than there were.
            instance_maintenance_policy=autoscaling.CfnAutoScalingGroup.InstanceMaintenancePolicyProperty(
                min_healthy_percentage=100, max_healthy_percentage=150
            ),
            lifecycle_hook_specification_list=[
                autoscaling.CfnAutoScalingGroup.LifecycleHookSpecificationProperty(
                    lifecycle_hook_name=SERVING_HOOK,
                    lifecycle_transition="autoscaling:EC2_INSTANCE_LAUNCHING",
                    heartbeat_timeout=_PATIENCE,
                    default_result="ABANDON",  # what does not say that it serves is never sent a request
                ),
                autoscaling.CfnAutoScalingGroup.LifecycleHookSpecificationProperty(
                    lifecycle_hook_name=HOOK,
                    lifecycle_transition="autoscaling:EC2_INSTANCE_TERMINATING",
                    heartbeat_timeout=30,  # a dead machine cannot answer; a living one says that it is at work
                    default_result="CONTINUE",
                ),
            ],
        )
        cdk.Tags.of(self.group).add("Name", name)
        self.group.override_logical_id(GROUP_LOGICAL_ID)
        self.group.cfn_options.creation_policy = cdk.CfnCreationPolicy(
            resource_signal=cdk.CfnResourceSignal(count=least, timeout=f"PT{_PATIENCE}S")
        )
        self.group.cfn_options.update_policy = cdk.CfnUpdatePolicy(
            auto_scaling_instance_refresh=cdk.CfnAutoScalingInstanceRefresh(
                strategy="Rolling",
                preferences=cdk.CfnAutoScalingInstanceRefreshPreferences(
                    min_healthy_percentage=100,
                    max_healthy_percentage=150,
                    instance_warmup=_WARMUP,
                    skip_matching=True,
                    bake_time=_BAKE if stop_on else None,
                    alarm_specification=cdk.CfnAutoScalingInstanceRefreshAlarmSpecification(
                        alarms=[alarm.alarm_name for alarm in stop_on]
                    )
                    if stop_on
                    else None,
                ),
            ),
            # A deployment inside a peak keeps the size that the schedule made.
            auto_scaling_scheduled_action=cdk.CfnAutoScalingScheduledAction(
                ignore_unmodified_group_size_properties=True
            ),
        )
        self.group.node.add_dependency(after)
        self.group.node.add_dependency(network.vpc.internet_connectivity_established)
        posture.accept(
            self.group,
            "AwsSolutions-AS3",
            because="The alarms on group and load balancer tell people when they fail; launches need no message besides.",
        )
