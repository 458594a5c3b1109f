"""What somebody may change behind a template's back, and what the ledger must say of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable

from tests.rehearsal.ledger.bench import Deployed


def _threshold(stack: Deployed) -> None:
    alarm = stack.cloud("cloudwatch").describe_alarms(AlarmNames=[stack.id("Alarm")])["MetricAlarms"][0]
    kept = ("AlarmName", "ComparisonOperator", "EvaluationPeriods", "MetricName", "Namespace", "Period", "Statistic")
    stack.cloud("cloudwatch").put_metric_alarm(
        **{key: alarm[key] for key in kept},
        AlarmActions=alarm["AlarmActions"],
        TreatMissingData="breaching",
        Threshold=99,
    )


def _door(stack: Deployed) -> None:
    stack.cloud("ec2").authorize_security_group_ingress(
        GroupId=stack.id("Doors"), IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
    )


def _closed_door(stack: Deployed) -> None:
    stack.cloud("ec2").revoke_security_group_ingress(
        GroupId=stack.id("Doors"), IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp="0.0.0.0/0"
    )


def _encryption(stack: Deployed) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    stack.cloud("s3").put_bucket_encryption(
        Bucket=stack.id("Files"), ServerSideEncryptionConfiguration={"Rules": [rule]}
    )


def _public(stack: Deployed) -> None:
    stack.cloud("s3").delete_public_access_block(Bucket=stack.id("Files"))


def _expiry(stack: Deployed) -> None:
    rule = {"ID": "old", "Status": "Enabled", "Filter": {}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}
    stack.cloud("s3").put_bucket_lifecycle_configuration(
        Bucket=stack.id("Files"), LifecycleConfiguration={"Rules": [rule]}
    )


def _versions(stack: Deployed) -> None:
    stack.cloud("s3").put_bucket_versioning(Bucket=stack.id("Files"), VersioningConfiguration={"Status": "Suspended"})


def _everybody(stack: Deployed) -> None:
    bucket = stack.id("Files")
    policy = json.loads(stack.cloud("s3").get_bucket_policy(Bucket=bucket)["Policy"])
    stranger = {"AWS": "arn:aws:iam::111122223333:root"}
    more = {"Effect": "Allow", "Principal": stranger, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    policy["Statement"].append(more)
    stack.cloud("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def _rights(stack: Deployed) -> None:
    iam, role = stack.cloud("iam"), stack.id("Role")
    document = copy.deepcopy(iam.get_role_policy(RoleName=role, PolicyName="rights")["PolicyDocument"])
    del document["Statement"][2]["Condition"]
    iam.put_role_policy(RoleName=role, PolicyName="rights", PolicyDocument=json.dumps(document))


def _trust(stack: Deployed) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    stack.cloud("iam").update_assume_role_policy(
        RoleName=stack.id("Role"), PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )


def _administrator(stack: Deployed) -> None:
    stack.cloud("iam").attach_role_policy(
        RoleName=stack.id("Role"), PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )


def _version(stack: Deployed) -> None:
    stack.cloud("ec2").create_launch_template_version(
        LaunchTemplateId=stack.id("Machine"),
        SourceVersion="1",
        LaunchTemplateData={"MetadataOptions": {"HttpTokens": "optional"}},
    )


def _hook(stack: Deployed) -> None:
    stack.cloud("autoscaling").put_lifecycle_hook(
        AutoScalingGroupName=stack.id("Group"), LifecycleHookName="stop", HeartbeatTimeout=3600
    )


def _size(stack: Deployed) -> None:
    stack.cloud("autoscaling").update_auto_scaling_group(AutoScalingGroupName=stack.id("Group"), MaxSize=4)


def _maintenance(stack: Deployed) -> None:
    stack.cloud("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName=stack.id("Group"),
        InstanceMaintenancePolicy={"MinHealthyPercentage": 100, "MaxHealthyPercentage": 200},
    )


def _peak(stack: Deployed) -> None:
    stack.cloud("autoscaling").put_scheduled_update_group_action(
        AutoScalingGroupName=stack.id("Group"),
        ScheduledActionName=stack.id("Morning"),
        Recurrence="0 8 * * *",
        TimeZone="Etc/UTC",
        MinSize=3,
        DesiredCapacity=3,
    )


def _target(stack: Deployed) -> None:
    scaling, group = stack.cloud("autoscaling"), stack.id("Group")
    (policy,) = scaling.describe_policies(AutoScalingGroupName=group)["ScalingPolicies"]
    tracking = policy["TargetTrackingConfiguration"] | {"TargetValue": 90.0}
    arn = policy["PolicyARN"]
    scaling.put_scaling_policy(
        AutoScalingGroupName=group,
        PolicyName=policy["PolicyName"],
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration=tracking,
    )
    # MiniStack gives a policy that is put again another ARN; AWS keeps it.
    assert scaling.describe_policies(AutoScalingGroupName=group)["ScalingPolicies"][0]["PolicyARN"] == arn


def _value(stack: Deployed) -> None:
    stack.cloud("ssm").put_parameter(Name=stack.id("Parameter"), Value="other", Type="String", Overwrite=True)


def _retention(stack: Deployed) -> None:
    stack.cloud("logs").put_retention_policy(logGroupName=stack.id("Lines"), retentionInDays=1)


def _secret(stack: Deployed) -> None:
    stack.cloud("secretsmanager").put_secret_value(SecretId=stack.id("Secret"), SecretString='{"root": "short!"}')


def _route(stack: Deployed) -> None:
    ec2, table = stack.cloud("ec2"), stack.id("Routes")
    other = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.replace_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=other)


def _names(stack: Deployed) -> None:
    stack.cloud("ec2").modify_vpc_attribute(VpcId=stack.id("Vpc"), EnableDnsHostnames={"Value": False})


def _tag(stack: Deployed) -> None:
    stack.cloud("ec2").create_tags(Resources=[stack.id("Vpc")], Tags=[{"Key": "Name", "Value": "other"}])


def _topic(stack: Deployed) -> None:
    stack.cloud("sns").set_topic_attributes(
        TopicArn=stack.id("Topic"),
        AttributeName="Policy",
        AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": []}),
    )


def _plan(stack: Deployed) -> None:
    rule = {"RuleName": "Daily", "TargetBackupVaultName": stack.id("Vault"), "ScheduleExpression": "cron(0 6 * * ? *)"}
    lifecycle = {"StartWindowMinutes": 60, "Lifecycle": {"DeleteAfterDays": 1}}
    stack.cloud("backup").update_backup_plan(
        BackupPlanId=stack.id("Plan"), BackupPlan={"BackupPlanName": "plan", "Rules": [rule | lifecycle]}
    )


def _rule(stack: Deployed) -> None:
    stack.cloud("events").put_rule(Name=stack.id("Told"), EventPattern='{"source": ["aws.ec2"]}', State="DISABLED")


CHANGES: list[tuple[str, Callable[[Deployed], None], list[str]]] = [
    ("an alarm's threshold", _threshold, ["Alarm Threshold: 80 in the template, 99 in the service"]),
    ("one more rule of a security group", _door, ["Doors SecurityGroupIngress: nothing in the template"]),
    ("one rule less", _closed_door, ["Doors SecurityGroupIngress[1].FromPort: 443 in the template, nothing"]),
    ("a bucket's encryption", _encryption, ["SSEAlgorithm: AES256 in the template, aws:kms"]),
    ("a bucket that may be public", _public, ["Files PublicAccessBlockConfiguration.BlockPublicAcls: true"]),
    ("a bucket's lifecycle", _expiry, ["NoncurrentDays: 14 in the template, 1", "Rules[1].ExpirationInDays: 365"]),
    ("a bucket without versions", _versions, ["Status: Enabled in the template, Suspended in the service"]),
    ("a bucket policy with one more statement", _everybody, ["FilesPolicy PolicyDocument.Statement: nothing"]),
    ("a role's policy without its condition", _rights, ["Rights PolicyDocument.Statement[2]"]),
    ("whom a role trusts", _trust, ["Role AssumeRolePolicyDocument.Statement[0]"]),
    ("a managed policy of a role", _administrator, ["Role ManagedPolicyArns"]),
    ("a newer version of a launch template", _version, ["HttpTokens: required in the template, optional"]),
    ("a lifecycle hook", _hook, ["LifecycleHookSpecificationList[0].HeartbeatTimeout: 60 in the template, 3600"]),
    ("a group's size", _size, ["Group MaxSize: 0 in the template, 4"]),
    (
        "a group's maintenance policy",
        _maintenance,
        [
            "Group InstanceMaintenancePolicy.MaxHealthyPercentage: 100 in the template, 200",
            "Group InstanceMaintenancePolicy.MinHealthyPercentage: 0 in the template, 100",
        ],
    ),
    (
        "when a group is larger, and by whose clocks",
        _peak,
        [
            "Morning Recurrence: 50 7 * * * in the template, 0 8 * * * in the service",
            "Morning TimeZone: America/Argentina/Buenos_Aires in the template, Etc/UTC in the service",
        ],
    ),
    ("what a policy aims at", _target, ["Busy TargetTrackingConfiguration.TargetValue: 50 in the template, 90"]),
    ("a parameter's value", _value, ["Parameter Value", "other in the service"]),
    ("how long logs are kept", _retention, ["Lines RetentionInDays: 14 in the template, 1 in the service"]),
    ("a secret", _secret, ["PasswordLength: 64 in the template, 6 in", "ExcludePunctuation: true in the template"]),
    ("where a route leads", _route, ["Out GatewayId: igw-"]),
    ("a VPC's names", _names, ["Vpc EnableDnsHostnames: true in the template, false"]),
    ("a tag", _tag, ["Vpc Tags[Name]"]),
    (
        "when snapshots are taken, and how long they are kept",
        _plan,
        ["Plan BackupPlan.BackupPlanRule[0].ScheduleExpression: cron(0 9", "DeleteAfterDays: 14 in the template, 1 in"],
    ),
    (
        "what people are told of",
        _rule,
        ['Told EventPattern.source: ["aws.backup"] in', "Told State: ENABLED in the template"],
    ),
    ("a topic's policy", _topic, ["TopicPolicy PolicyDocument.Statement[0]"]),
]
