"""Each call that the host makes, as boto3 sends it: allowed on its own resource, refused on any other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.rehearsal.permissions.world import ADDRESS, GROUP, INSTANCE, SECRET, STACK, TOPIC, VOLUME, Bench, arn

METRIC = [{"MetricName": "DiskUsedPercent", "Value": 41.0}]


@dataclass(frozen=True)
class Case:
    """A call that must pass, the checks it must pose, and calls of the same kind that must be refused."""

    service: str
    passes: Callable[[Any], Any]
    checks: tuple[tuple[str, str], ...]
    refused: tuple[Callable[[Any], Any], ...] = ()
    code: str = "AccessDeniedException"


CASES = {
    "reads the release parameter": Case(
        "ssm",
        lambda c: c.get_parameter(Name="/fines/dev/single/release"),
        (("ssm:GetParameter", arn("ssm", "parameter/fines/dev/single/release")),),
        (
            lambda c: c.get_parameter(Name="/fines/dev/single/release2"),
            lambda c: c.get_parameter(Name="/fines/staging/single/release"),
            lambda c: c.get_parameters(Names=["/fines/dev/single/release"]),
        ),
    ),
    "writes the DS parameter": Case(
        "ssm",
        lambda c: c.put_parameter(Name="/fines/dev/single/ds", Value="x", Type="String", Overwrite=True),
        (("ssm:PutParameter", arn("ssm", "parameter/fines/dev/single/ds")),),
        (lambda c: c.put_parameter(Name="/fines/dev/single/release", Value="x", Type="String", Overwrite=True),),
    ),
    "reads the secret by its ARN": Case(
        "secretsmanager",
        lambda c: c.get_secret_value(SecretId=SECRET),
        (("secretsmanager:GetSecretValue", SECRET),),
        (lambda c: c.get_secret_value(SecretId=SECRET[:-1] + "g"), lambda c: c.put_secret_value(SecretId=SECRET)),
    ),
    "reads the secret by its name": Case(
        "secretsmanager",
        lambda c: c.get_secret_value(SecretId="fines/dev/root"),
        (("secretsmanager:GetSecretValue", SECRET),),
        (lambda c: c.get_secret_value(SecretId="fines/dev/other"),),
    ),
    "reads the secret by its partial ARN": Case(
        "secretsmanager",
        lambda c: c.get_secret_value(SecretId=SECRET[:-7]),
        (("secretsmanager:GetSecretValue", SECRET),),
        (lambda c: c.get_secret_value(SecretId=SECRET[:-8]),),
    ),
    "puts a backup": Case(
        "s3",
        lambda c: c.put_object(Bucket="backups", Key="pgbackrest/archive/a b+c.gz", Body=b"wal"),
        (("s3:PutObject", "arn:aws:s3:::backups/pgbackrest/archive/a b+c.gz"),),
        (
            lambda c: c.put_object(Bucket="backups", Key="escrow/keys", Body=b""),
            lambda c: c.put_object(Bucket="media", Key="pgbackrest/archive", Body=b""),
        ),
        "AccessDenied",
    ),
    "reads a backup": Case(
        "s3",
        lambda c: c.get_object(Bucket="backups", Key="pgbackrest/backup.info"),
        (("s3:GetObject", "arn:aws:s3:::backups/pgbackrest/backup.info"),),
        (lambda c: c.get_object(Bucket="backups", Key="pgbackrest/backup.info", VersionId="1"),),
        "AccessDenied",
    ),
    "lists the backups": Case(
        "s3",
        lambda c: c.list_objects_v2(Bucket="backups", Prefix="pgbackrest/"),
        (("s3:ListBucket", "arn:aws:s3:::backups"),),
        (lambda c: c.list_objects_v2(Bucket="media"), lambda c: c.list_buckets()),
        "AccessDenied",
    ),
    "logs in to the image registry's twin, the API": Case(
        "ecr",
        lambda c: c.batch_get_image(repositoryName="cdk-assets", imageIds=[{"imageTag": "a"}]),
        (("ecr:BatchGetImage", arn("ecr", "repository/cdk-assets")),),
        (
            lambda c: c.batch_get_image(repositoryName="others", imageIds=[{"imageTag": "a"}]),
            lambda c: c.batch_delete_image(repositoryName="cdk-assets", imageIds=[{"imageTag": "a"}]),
        ),
    ),
    "attaches its volume": Case(
        "ec2",
        lambda c: c.attach_volume(VolumeId=VOLUME, InstanceId=INSTANCE, Device="/dev/sdf"),
        (
            ("ec2:AttachVolume", arn("ec2", f"volume/{VOLUME}")),
            ("ec2:AttachVolume", arn("ec2", f"instance/{INSTANCE}")),
        ),
        (
            lambda c: c.attach_volume(VolumeId="vol-0f0f0f0f0f0f0f0f0", InstanceId=INSTANCE, Device="/dev/sdf"),
            lambda c: c.attach_volume(VolumeId=VOLUME, InstanceId="i-0f0f0f0f0f0f0f0f0", Device="/dev/sdf"),
            lambda c: c.delete_volume(VolumeId=VOLUME),
        ),
        "UnauthorizedOperation",
    ),
    "detaches its volume": Case(
        "ec2",
        lambda c: c.detach_volume(VolumeId=VOLUME, InstanceId=INSTANCE),
        (
            ("ec2:DetachVolume", arn("ec2", f"volume/{VOLUME}")),
            ("ec2:DetachVolume", arn("ec2", f"instance/{INSTANCE}")),
        ),
        (lambda c: c.detach_volume(VolumeId="vol-0f0f0f0f0f0f0f0f0", InstanceId=INSTANCE),),
        "UnauthorizedOperation",
    ),
    "looks for volumes": Case(
        "ec2",
        lambda c: c.describe_volumes(VolumeIds=[VOLUME]),
        (("ec2:DescribeVolumes", "*"),),
        (lambda c: c.describe_snapshots(),),
        "UnauthorizedOperation",
    ),
    "takes its address": Case(
        "ec2",
        lambda c: c.associate_address(AllocationId=ADDRESS, InstanceId=INSTANCE, AllowReassociation=True),
        (
            ("ec2:AssociateAddress", arn("ec2", f"elastic-ip/{ADDRESS}")),
            ("ec2:AssociateAddress", arn("ec2", f"instance/{INSTANCE}")),
        ),
        (lambda c: c.associate_address(AllocationId="eipalloc-0f0f0f0f0f0f0f0f0", InstanceId=INSTANCE),),
        "UnauthorizedOperation",
    ),
    "takes its address by its number": Case(
        "ec2",
        lambda c: c.associate_address(PublicIp="203.0.113.7", InstanceId=INSTANCE),
        (
            ("ec2:AssociateAddress", arn("ec2", f"elastic-ip/{ADDRESS}")),
            ("ec2:AssociateAddress", arn("ec2", f"instance/{INSTANCE}")),
        ),
    ),
    "signals its stack by name": Case(
        "cloudformation",
        lambda c: c.signal_resource(
            StackName="fines-dev-single", LogicalResourceId="Group", UniqueId=INSTANCE, Status="SUCCESS"
        ),
        (("cloudformation:SignalResource", STACK),),
        (
            lambda c: c.signal_resource(
                StackName="fines-dev-asg", LogicalResourceId="Group", UniqueId=INSTANCE, Status="SUCCESS"
            ),
            lambda c: c.delete_stack(StackName="fines-dev-single"),
        ),
        "AccessDenied",
    ),
    "describes its stack's resource": Case(
        "cloudformation",
        lambda c: c.describe_stack_resource(StackName=STACK, LogicalResourceId="Group"),
        (("cloudformation:DescribeStackResource", STACK),),
        (lambda c: c.describe_stack_resources(StackName=STACK),),
        "AccessDenied",
    ),
    "completes its lifecycle action": Case(
        "autoscaling",
        lambda c: c.complete_lifecycle_action(
            LifecycleHookName="stop",
            AutoScalingGroupName="fines-dev-single-Group",
            InstanceId=INSTANCE,
            LifecycleActionResult="CONTINUE",
        ),
        (("autoscaling:CompleteLifecycleAction", GROUP),),
        (
            lambda c: c.complete_lifecycle_action(
                LifecycleHookName="stop",
                AutoScalingGroupName="other",
                InstanceId=INSTANCE,
                LifecycleActionResult="CONTINUE",
            ),
        ),
        "AccessDenied",
    ),
    "beats its lifecycle action's heart": Case(
        "autoscaling",
        lambda c: c.record_lifecycle_action_heartbeat(
            LifecycleHookName="stop", AutoScalingGroupName="fines-dev-single-Group", InstanceId=INSTANCE
        ),
        (("autoscaling:RecordLifecycleActionHeartbeat", GROUP),),
    ),
    "puts metrics in its namespace": Case(
        "cloudwatch",
        lambda c: c.put_metric_data(Namespace="Fines/fines-dev-single", MetricData=METRIC),
        (("cloudwatch:PutMetricData", "*"),),
        (lambda c: c.put_metric_data(Namespace="Fines/fines-dev-asg", MetricData=METRIC),),
        "AccessDenied",
    ),
    "puts so many metrics that the request is compressed": Case(
        "cloudwatch",
        lambda c: c.put_metric_data(Namespace="Fines/fines-dev-single", MetricData=METRIC * 500),
        (("cloudwatch:PutMetricData", "*"),),
        (lambda c: c.put_metric_data(Namespace="Fines/fines-dev-asg", MetricData=METRIC * 500),),
        "AccessDenied",
    ),
    "makes a log stream": Case(
        "logs",
        lambda c: c.create_log_stream(logGroupName="/fines/dev/single/nginx", logStreamName=INSTANCE),
        (("logs:CreateLogStream", arn("logs", f"log-group:/fines/dev/single/nginx:log-stream:{INSTANCE}")),),
        (
            lambda c: c.create_log_stream(logGroupName="/fines/dev/asg/nginx", logStreamName=INSTANCE),
            lambda c: c.create_log_group(logGroupName="/fines/dev/single/nginx"),
        ),
    ),
    "puts log events": Case(
        "logs",
        lambda c: c.put_log_events(
            logGroupName="/fines/dev/single/nginx",
            logStreamName=INSTANCE,
            logEvents=[{"timestamp": 1, "message": "m"}],
        ),
        (("logs:PutLogEvents", arn("logs", f"log-group:/fines/dev/single/nginx:log-stream:{INSTANCE}")),),
    ),
    "looks for log streams": Case(
        "logs",
        lambda c: c.describe_log_streams(logGroupName="/fines/dev/single/nginx"),
        (("logs:DescribeLogStreams", arn("logs", "log-group:/fines/dev/single/nginx:*")),),
        (lambda c: c.describe_log_streams(logGroupName="/aws/lambda/x"),),
    ),
    "raises an alarm": Case(
        "sns",
        lambda c: c.publish(TopicArn=TOPIC, Message="m"),
        (("sns:Publish", TOPIC),),
        (lambda c: c.publish(TopicArn=TOPIC + "2", Message="m"), lambda c: c.delete_topic(TopicArn=TOPIC)),
        "AccessDenied",
    ),
    "asks who it is": Case("sts", lambda c: c.get_caller_identity(), (("sts:GetCallerIdentity", "*"),)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_host(bench: Bench, name: str) -> None:
    case = CASES[name]
    verdict = bench.passes(lambda: case.passes(bench.client(case.service)))
    assert verdict.question is not None
    assert {(check.action, check.resource) for check in verdict.question.checks} == set(case.checks)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.refused])
def test_the_host_is_refused_where_another(bench: Bench, name: str) -> None:
    case = CASES[name]
    for call in case.refused:
        with pytest.raises(ClientError) as refused:
            call(bench.client(case.service))
        assert refused.value.response["Error"]["Code"] == case.code
        assert "is not authorized to perform" in refused.value.response["Error"]["Message"]


def test_a_resource_with_tags_of_any_service_is_judged(bench: Bench) -> None:
    tags = {"aws:cloudformation:stack-name": "fines-dev-single", "fines:stack": "fines-dev-single"}
    bench.cloud.tagged |= dict.fromkeys((SECRET, STACK, TOPIC, arn("ssm", "parameter/fines/dev/single/release")), tags)
    for name in (
        "reads the secret by its ARN",
        "signals its stack by name",
        "raises an alarm",
        "reads the release parameter",
    ):
        case = CASES[name]
        question = bench.passes(partial(case.passes, bench.client(case.service))).question
        assert question is not None
        # the tags are among what the policy is asked with
        assert {check.context.get("aws:ResourceTag/fines:stack") for check in question.checks} == {"fines-dev-single"}


def test_a_refusal_reads_like_one_of_aws(bench: Bench) -> None:
    with pytest.raises(ClientError) as refused:
        bench.client("ssm").get_parameter(Name="/other")
    assert refused.value.response["Error"]["Message"] == (
        f"User: arn:aws:sts::123456789012:assumed-role/fines-dev-single-HostRole/{INSTANCE} is not authorized to"
        f" perform: ssm:GetParameter on resource: {arn('ssm', 'parameter/other')} because no identity-based policy"
        " allows the ssm:GetParameter action"
    )
