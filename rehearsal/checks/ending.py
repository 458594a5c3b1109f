"""The end of a stack by `cdk destroy`: what holds data is left, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from rehearsal.checks import CheckError, Subject

_LOOKS: dict[str, Callable[[Subject, str], Any]] = {
    "AWS::S3::Bucket": lambda subject, id: subject.tier.client("s3").head_bucket(Bucket=id),
    "AWS::SecretsManager::Secret": lambda subject, id: subject.tier.client("secretsmanager").get_secret_value(
        SecretId=id
    ),
    "AWS::Backup::BackupVault": lambda subject, id: subject.tier.client("backup").describe_backup_vault(
        BackupVaultName=id
    ),
    "AWS::EC2::Volume": lambda subject, id: subject.tier.client("ec2").describe_volumes(VolumeIds=[id])["Volumes"][0],
    "AWS::EC2::VPC": lambda subject, id: subject.tier.client("ec2").describe_vpcs(VpcIds=[id])["Vpcs"][0],
    "AWS::EC2::EIP": lambda subject, id: subject.tier.client("ec2").describe_addresses(PublicIps=[id])["Addresses"][0],
    "AWS::EC2::SecurityGroup": lambda subject, id: subject.tier.client("ec2").describe_security_groups(GroupIds=[id])[
        "SecurityGroups"
    ][0],
    "AWS::ElasticLoadBalancingV2::LoadBalancer": lambda subject, id: subject.tier.client(
        "elbv2"
    ).describe_load_balancers(LoadBalancerArns=[id])["LoadBalancers"][0],
    "AWS::IAM::Role": lambda subject, id: subject.tier.client("iam").get_role(RoleName=id),
    "AWS::Lambda::Function": lambda subject, id: subject.tier.client("lambda").get_function(FunctionName=id),
    "AWS::Logs::LogGroup": lambda subject, id: subject.tier.client("logs").describe_log_groups(logGroupNamePrefix=id)[
        "logGroups"
    ][0],
    "AWS::RDS::DBInstance": lambda subject, id: subject.tier.client("rds").describe_db_instances(
        DBInstanceIdentifier=id
    )["DBInstances"][0],
    "AWS::SSM::Parameter": lambda subject, id: subject.tier.client("ssm").get_parameter(Name=id),
    "AWS::AutoScaling::AutoScalingGroup": lambda subject, id: subject.tier.client(
        "autoscaling"
    ).describe_auto_scaling_groups(AutoScalingGroupNames=[id])["AutoScalingGroups"][0],
    "AWS::EKS::Cluster": lambda subject, id: subject.tier.client("eks").describe_cluster(name=id),
    "AWS::CloudFront::Distribution": lambda subject, id: subject.tier.client("cloudfront").get_distribution(Id=id),
    "AWS::CloudWatch::Alarm": lambda subject, id: subject.tier.client("cloudwatch").describe_alarms(AlarmNames=[id])[
        "MetricAlarms"
    ][0],
}


def see_the_end(subject: Subject) -> str:
    """Destroys the stack, and looks for each of its resources of the kinds that can be looked for.

    Raises:
        CdkError: it cannot be destroyed; with CloudFormation's reason.
        CheckError: a resource is left that should be gone, or gone that should be left.
    """
    resources, machines = _resources(subject), [] if subject.in_pods else subject.hosts
    # Of the kinds that the template retains, all: a check before this one has made another volume in the first one's place.
    kinds = {each["Type"] for each in subject.template["Resources"].values() if each.get("DeletionPolicy") == "Retain"}
    kept = {logical_id for logical_id, type, _ in resources if type in kinds}
    subject.tier.cdk.destroy(subject.assembly, lambda _: None)
    if alive := [machine.id for machine in machines if machine.alive]:
        raise CheckError(f"{', '.join(alive)} still have power")
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
