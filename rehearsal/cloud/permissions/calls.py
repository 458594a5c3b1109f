"""Calls of boto3 that need exactly one permission, to prove a statement on the local AWS itself.

A call that must pass is made only where `harmless` says so; one that must be refused changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.cloud.permissions.asking import Check


@dataclass(frozen=True)
class Call:
    """A call of a boto3 client: `client(service).operation(**parameters)`."""

    service: str
    operation: str
    parameters: Mapping[str, Any]
    harmless: bool = False


def call_for(check: Check) -> Call | None:
    """The call that poses a check's question; None where no single call does."""
    maker = _CALLS.get(check.action)
    if maker is None:
        return None
    service, operation, harmless, parameters = maker
    return Call(service, operation, parameters(_Named(check)), harmless)


class _Named:
    """The parts of a check that calls are made of."""

    def __init__(self, check: Check) -> None:
        self.arn, self.context = check.resource, check.context
        self.rest = check.resource.split(":", 5)[-1]

    @property
    def name(self) -> str:
        """What follows the first slash: a parameter's, a repository's or a volume's name."""
        return self.rest.partition("/")[2]

    @property
    def last(self) -> str:
        return self.rest.rpartition("/")[2]

    @property
    def bucket(self) -> str:
        return self.rest.partition("/")[0]

    @property
    def group(self) -> str:
        """A log group's name."""
        return self.rest.removeprefix("log-group:").partition(":")[0]

    @property
    def stream(self) -> str:
        return self.rest.rpartition("log-stream:")[2]


_DIGEST = "sha256:" + "0" * 64
_INSTANCE = "i-00000000000000000"
_Parameters = Callable[[_Named], dict[str, Any]]
_CALLS: Mapping[str, tuple[str, str, bool, _Parameters]] = {
    "autoscaling:CompleteLifecycleAction": (
        "autoscaling",
        "complete_lifecycle_action",
        False,
        lambda of: {
            "AutoScalingGroupName": of.last,
            "LifecycleHookName": "probe",
            "InstanceId": _INSTANCE,
            "LifecycleActionResult": "CONTINUE",
        },
    ),
    "autoscaling:RecordLifecycleActionHeartbeat": (
        "autoscaling",
        "record_lifecycle_action_heartbeat",
        False,
        lambda of: {
            "AutoScalingGroupName": of.last,
            "LifecycleHookName": "probe",
            "InstanceId": _INSTANCE,
        },
    ),
    "cloudformation:DescribeStackResource": (
        "cloudformation",
        "describe_stack_resource",
        True,
        lambda of: {"StackName": of.arn, "LogicalResourceId": "Probe"},
    ),
    "cloudformation:SignalResource": (
        "cloudformation",
        "signal_resource",
        False,
        lambda of: {"StackName": of.arn, "LogicalResourceId": "Probe", "UniqueId": "probe", "Status": "SUCCESS"},
    ),
    "cloudwatch:PutMetricData": (
        "cloudwatch",
        "put_metric_data",
        False,
        lambda of: {
            "Namespace": of.context.get("cloudwatch:namespace", "Probe"),
            "MetricData": [{"MetricName": "Probe", "Value": 0.0}],
        },
    ),
    "ec2:AttachVolume": (
        "ec2",
        "attach_volume",
        False,
        lambda of: (
            {"VolumeId": of.last, "InstanceId": _INSTANCE, "Device": "/dev/sdz"}
            if of.last.startswith("vol-")
            else {"VolumeId": "vol-00000000000000000", "InstanceId": of.last, "Device": "/dev/sdz"}
        ),
    ),
    "ec2:DescribeAddresses": ("ec2", "describe_addresses", True, lambda of: {}),
    "ec2:DescribeInstances": ("ec2", "describe_instances", True, lambda of: {}),
    "ec2:DescribeVolumes": ("ec2", "describe_volumes", True, lambda of: {}),
    "ecr:BatchCheckLayerAvailability": (
        "ecr",
        "batch_check_layer_availability",
        True,
        lambda of: {"repositoryName": of.name, "layerDigests": [_DIGEST]},
    ),
    "ecr:BatchGetImage": (
        "ecr",
        "batch_get_image",
        True,
        lambda of: {"repositoryName": of.name, "imageIds": [{"imageTag": "probe"}]},
    ),
    "ecr:GetAuthorizationToken": ("ecr", "get_authorization_token", True, lambda of: {}),
    "ecr:GetDownloadUrlForLayer": (
        "ecr",
        "get_download_url_for_layer",
        True,
        lambda of: {"repositoryName": of.name, "layerDigest": _DIGEST},
    ),
    "logs:CreateLogStream": (
        "logs",
        "create_log_stream",
        False,
        lambda of: {"logGroupName": of.group, "logStreamName": of.stream},
    ),
    "logs:DescribeLogStreams": ("logs", "describe_log_streams", True, lambda of: {"logGroupName": of.group}),
    "logs:PutLogEvents": (
        "logs",
        "put_log_events",
        False,
        lambda of: {
            "logGroupName": of.group,
            "logStreamName": of.stream,
            "logEvents": [{"timestamp": 1, "message": "probe"}],
        },
    ),
    "s3:DeleteObject": ("s3", "delete_object", False, lambda of: {"Bucket": of.bucket, "Key": of.name}),
    "s3:GetBucketLocation": ("s3", "get_bucket_location", True, lambda of: {"Bucket": of.bucket}),
    "s3:GetObject": ("s3", "get_object", True, lambda of: {"Bucket": of.bucket, "Key": of.name}),
    "s3:ListBucket": (
        "s3",
        "list_objects_v2",
        True,
        lambda of: {
            "Bucket": of.bucket,
            **({"Prefix": of.context["s3:prefix"]} if "s3:prefix" in of.context else {}),
        },
    ),
    "s3:PutObject": ("s3", "put_object", False, lambda of: {"Bucket": of.bucket, "Key": of.name, "Body": b""}),
    "secretsmanager:GetSecretValue": ("secretsmanager", "get_secret_value", True, lambda of: {"SecretId": of.arn}),
    "sns:Publish": ("sns", "publish", False, lambda of: {"TopicArn": of.arn, "Message": "probe"}),
    "ssm:GetParameter": ("ssm", "get_parameter", True, lambda of: {"Name": of.arn}),
    "ssm:GetParameters": ("ssm", "get_parameters", True, lambda of: {"Names": [of.arn]}),
    "ssm:PutParameter": (
        "ssm",
        "put_parameter",
        False,
        lambda of: {"Name": f"/{of.name}", "Value": "probe", "Type": "String", "Overwrite": True},
    ),
    "sts:AssumeRole": ("sts", "assume_role", True, lambda of: {"RoleArn": of.arn, "RoleSessionName": "probe"}),
}
