"""The end of a stack: what holds data is left, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from rehearsal.checks import CheckError, Subject, check

_LOOKS: dict[str, Callable[[Subject, str], Any]] = {
    "AWS::S3::Bucket": lambda subject, id: subject.tier.client("s3").head_bucket(Bucket=id),
    "AWS::SecretsManager::Secret": lambda subject, id: subject.tier.client("secretsmanager").get_secret_value(
        SecretId=id
    ),
    "AWS::EC2::Volume": lambda subject, id: subject.tier.client("ec2").describe_volumes(VolumeIds=[id])["Volumes"][0],
    "AWS::EC2::VPC": lambda subject, id: subject.tier.client("ec2").describe_vpcs(VpcIds=[id])["Vpcs"][0],
    "AWS::EC2::EIP": lambda subject, id: subject.tier.client("ec2").describe_addresses(PublicIps=[id])["Addresses"][0],
    "AWS::EC2::SecurityGroup": lambda subject, id: subject.tier.client("ec2").describe_security_groups(GroupIds=[id])[
        "SecurityGroups"
    ][0],
    "AWS::IAM::Role": lambda subject, id: subject.tier.client("iam").get_role(RoleName=id),
    "AWS::SSM::Parameter": lambda subject, id: subject.tier.client("ssm").get_parameter(Name=id),
    "AWS::AutoScaling::AutoScalingGroup": lambda subject, id: subject.tier.client(
        "autoscaling"
    ).describe_auto_scaling_groups(AutoScalingGroupNames=[id])["AutoScalingGroups"][0],
    "AWS::CloudWatch::Alarm": lambda subject, id: subject.tier.client("cloudwatch").describe_alarms(AlarmNames=[id])[
        "MetricAlarms"
    ][0],
}


@check("single")
def a_destroyed_stack_leaves_what_holds_data_and_nothing_else(subject: Subject) -> str:
    resources, host = _resources(subject), subject.host
    # Of the kinds that the template retains, all: a check before this one has made another volume in the first one's place.
    kinds = {each["Type"] for each in subject.template["Resources"].values() if each.get("DeletionPolicy") == "Retain"}
    kept = {logical_id for logical_id, type, _ in resources if type in kinds}
    subject.tier.cdk.destroy(subject.assembly, lambda _: None)
    if host.alive:
        raise CheckError(f"the host {host.id} still has power")
    left: list[str] = []
    gone: list[str] = []
    for logical_id, type, id in resources:
        if type in _LOOKS:
            there = _is_there(subject, type, id)
            if there and logical_id not in kept:
                raise CheckError(f"{logical_id} ({type} {id}) is still there")
            if not there and logical_id in kept:
                raise CheckError(f"{logical_id} ({type} {id}) is gone, and what it held with it")
            (left if there else gone).append(type.rpartition("::")[2])
    if not left or not gone:
        raise CheckError(
            f"of {len(resources)} resources {len(left)} are left and {len(gone)} are gone: nothing was seen"
        )
    told = ", ".join(f"{left.count(kind)} {kind}" for kind in sorted(set(left)))
    return f"{told} left; {len(gone)} others looked for and gone"


def _resources(subject: Subject) -> list[tuple[str, str, str]]:
    """The stack's resources: logical id, type, physical id."""
    pages = subject.tier.client("cloudformation").get_paginator("list_stack_resources")
    return [
        (each["LogicalResourceId"], each["ResourceType"], each["PhysicalResourceId"])
        for page in pages.paginate(StackName=subject.stack)
        for each in page["StackResourceSummaries"]
        if each.get("PhysicalResourceId")
    ]


def _is_there(subject: Subject, type: str, id: str) -> bool:
    try:
        return bool(_LOOKS[type](subject, id))
    except (ClientError, IndexError):
        return False
