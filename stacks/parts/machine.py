"""Machines: what each is made from, and the single host, a group of one that replaces its machine by itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct, IDependable

from stacks import posture
from stacks.parts.network import PublicNetwork
from stacks.settings import Cpu, Settings

HOST_FILES = Path(__file__).parent.parent / "host"
HOOK = "stop-cleanly"
GROUP_LOGICAL_ID = "HostGroup"  # the host names the group when it signals, so the name cannot depend on the group
_PATIENCE = "PT15M"


class SingleHost(Construct):
    """One machine at a time. What its environment or files say is fixed for its life: a change replaces it.

    `after` is what must be in place before a machine boots: an instance profile alone waits for no policy.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        network: PublicNetwork,
        role: iam.Role,
        instance_type: str,
        machine_image: ec2.IMachineImage,
        environment: Mapping[str, str],
        after: IDependable,
    ) -> None:
        super().__init__(scope, id)
        name = cdk.Stack.of(self).stack_name
        template = launch_template(
            self,
            machine_image=machine_image,
            instance_type=instance_type,
            role=role,
            security_group=network.security_group,
            environment=environment,
        )
        self.group = autoscaling.CfnAutoScalingGroup(
            self,
            "Group",
            auto_scaling_group_name=name,
            min_size="1",
            max_size="1",
            vpc_zone_identifier=[network.subnet.subnet_id],
            launch_template=autoscaling.CfnAutoScalingGroup.LaunchTemplateSpecificationProperty(
                launch_template_id=template.launch_template_id, version=template.latest_version_number
            ),
            health_check_type="EC2",
            health_check_grace_period=300,
            # Said, since an account may have another default: two hosts never hold the volume at once.
            instance_maintenance_policy=autoscaling.CfnAutoScalingGroup.InstanceMaintenancePolicyProperty(
                min_healthy_percentage=0, max_healthy_percentage=100
            ),
            lifecycle_hook_specification_list=[
                autoscaling.CfnAutoScalingGroup.LifecycleHookSpecificationProperty(
                    lifecycle_hook_name=HOOK,
                    lifecycle_transition="autoscaling:EC2_INSTANCE_TERMINATING",
                    heartbeat_timeout=30,  # the least that AWS takes: a dead host cannot answer; a living one says that it is at work
                    default_result="CONTINUE",
                )
            ],
        )
        cdk.Tags.of(self.group).add("Name", name)
        self.group.override_logical_id(GROUP_LOGICAL_ID)
        self.group.cfn_options.creation_policy = cdk.CfnCreationPolicy(
            resource_signal=cdk.CfnResourceSignal(count=1, timeout=_PATIENCE)
        )
        self.group.cfn_options.update_policy = cdk.CfnUpdatePolicy(
            auto_scaling_rolling_update=cdk.CfnAutoScalingRollingUpdate(
                min_instances_in_service=0,  # the volume and the address belong to one machine at a time
                max_batch_size=1,
                wait_on_resource_signals=True,
                pause_time=_PATIENCE,
                suspend_processes=[
                    "HealthCheck",
                    "ReplaceUnhealthy",
                    "AZRebalance",
                    "AlarmNotification",
                    "ScheduledActions",
                ],
            )
        )
        self.group.node.add_dependency(after, network.subnet.internet_connectivity_established)
        posture.accept(
            self.group,
            "AwsSolutions-AS3",
            because="The alarms on the host's own metrics tell people when it fails; launches need no message besides.",
        )


def launch_template(
    scope: Construct,
    *,
    machine_image: ec2.IMachineImage,
    instance_type: str,
    role: iam.Role,
    security_group: ec2.ISecurityGroup,
    environment: Mapping[str, str],
    detailed_monitoring: bool | None = None,
    disk_gibibytes: int = 16,
) -> ec2.LaunchTemplate:
    """What a machine of any tier is made from: encrypted disk, metadata by token alone, the host's files by user data."""
    root_disk = ec2.BlockDeviceVolume.ebs(disk_gibibytes, encrypted=True, volume_type=ec2.EbsDeviceVolumeType.GP3)
    template = ec2.LaunchTemplate(
        scope,
        "Template",
        machine_image=machine_image,
        instance_type=ec2.InstanceType(instance_type),
        role=role,
        security_group=security_group,
        user_data=ec2.UserData.custom(user_data(environment)),
        require_imdsv2=True,
        detailed_monitoring=detailed_monitoring,
        http_put_response_hop_limit=1,  # a container is a hop away and gets nothing
        block_devices=[ec2.BlockDevice(device_name="/dev/xvda", volume=root_disk)],
    )
    cdk.Tags.of(template).add("Name", cdk.Stack.of(scope).stack_name)
    return template


def debian(settings: Settings) -> ec2.IMachineImage:
    """The launch template gets a concrete image id: the setting's own, or what a parameter names at each deployment."""
    arch = "arm64" if settings.cpu is Cpu.ARM64 else "amd64"
    image = settings.machine_image or f"/aws/service/debian/release/13/latest/{arch}"
    if image.startswith("ami-"):
        return ec2.MachineImage.generic_linux({settings.region: image})
    return ec2.MachineImage.from_ssm_parameter(image)


def user_data(environment: Mapping[str, str]) -> str:
    """What cloud-init runs: writes the machine's settings to /etc/fines/boot.env, then is stacks/host/user-data.sh.

    Raises:
        ValueError: a value that a quoted line cannot hold.
    """
    for key, value in environment.items():
        if "'" in value or "\n" in value:
            raise ValueError(f"{key} has a quote or a line end, which a line of boot.env cannot hold: {value!r}")
    lines = "".join(f"{key}='{value}'\n" for key, value in environment.items())
    return (
        "#!/bin/bash\n"
        "install -d -m 0755 /etc/fines\n"
        f"cat > /etc/fines/boot.env << 'SETTINGS'\n{lines}SETTINGS\n"
        "chmod 0644 /etc/fines/boot.env\n"
        f"{(HOST_FILES / 'user-data.sh').read_text()}"
    )
