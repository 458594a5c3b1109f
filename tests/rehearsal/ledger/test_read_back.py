"""What the ledger says of a deployed stack, and of one that somebody changed behind the template's back."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rehearsal.ledger import Ledger
from tests.rehearsal.ledger.bench import Aws, Deployed, small_template

_SNAPSHOT = Path(__file__).resolve().parents[2] / "snapshots" / "single" / "template.json"


def test_a_stack_as_it_was_deployed_is_whole(stack: Deployed) -> None:
    ledger = stack.read()
    assert ledger.missing == []
    assert ledger.differ == []
    assert ledger.created == ledger.resources == len(stack.template["Resources"]) - 1  # one has a false condition
    assert ledger.given - ledger.compared == len(ledger.unread)
    assert ledger.ok


def test_only_what_no_api_gives_back_is_left_uncompared(stack: Deployed) -> None:
    paths = [re.sub(r" \(\S+\)", "", each) for each in stack.read().unread]
    assert sorted(paths) == ["Answering Code.ZipFile", "Custom Size", "Served Count", "Served Handle", "Served Timeout"]


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


_CHANGES: list[tuple[str, Callable[[Deployed], None], list[str]]] = [
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
    ("a parameter's value", _value, ["Parameter Value", "other in the service"]),
    ("how long logs are kept", _retention, ["Lines RetentionInDays: 14 in the template, 1 in the service"]),
    ("a secret", _secret, ["PasswordLength: 64 in the template, 6 in", "ExcludePunctuation: true in the template"]),
    ("where a route leads", _route, ["Out GatewayId: igw-"]),
    ("a VPC's names", _names, ["Vpc EnableDnsHostnames: true in the template, false"]),
    ("a tag", _tag, ["Vpc Tags[Name]"]),
    ("a topic's policy", _topic, ["TopicPolicy PolicyDocument.Statement[0]"]),
]


@pytest.mark.parametrize(("change", "expected"), [c[1:] for c in _CHANGES], ids=[c[0] for c in _CHANGES])
def test_a_change_behind_the_templates_back_is_told(
    stack: Deployed, change: Callable[[Deployed], None], expected: list[str]
) -> None:
    change(stack)
    ledger = stack.read()
    told = re.sub(r" \(AWS::\S+\)", "", "\n".join(ledger.differ))
    assert [part for part in expected if part not in told] == [], told or "nothing differs"
    assert ledger.missing == []
    assert not ledger.ok


_DELETIONS: list[tuple[str, Callable[[Deployed], Any]]] = [
    ("Alarm", lambda s: s.cloud("cloudwatch").delete_alarms(AlarmNames=[s.id("Alarm")])),
    ("Associated", lambda s: s.cloud("ec2").disassociate_route_table(AssociationId=s.id("Associated"))),
    (
        "Attached",
        lambda s: s.cloud("ec2").detach_internet_gateway(InternetGatewayId=s.id("Gateway"), VpcId=s.id("Vpc")),
    ),
    ("Disk", lambda s: s.cloud("ec2").delete_volume(VolumeId=s.id("Disk"))),
    ("FilesPolicy", lambda s: s.cloud("s3").delete_bucket_policy(Bucket=s.id("Files"))),
    ("Lines", lambda s: s.cloud("logs").delete_log_group(logGroupName=s.id("Lines"))),
    ("Mail", lambda s: s.cloud("sns").unsubscribe(SubscriptionArn=s.id("Mail"))),
    ("Out", lambda s: s.cloud("ec2").delete_route(RouteTableId=s.id("Routes"), DestinationCidrBlock="0.0.0.0/0")),
    ("Parameter", lambda s: s.cloud("ssm").delete_parameter(Name=s.id("Parameter"))),
    ("Photographs", lambda s: s.cloud("s3").delete_bucket(Bucket=s.id("Photographs"))),
    ("Rights", lambda s: s.cloud("iam").delete_role_policy(RoleName=s.id("Role"), PolicyName="rights")),
    ("Watched", lambda s: s.cloud("ec2").delete_flow_logs(FlowLogIds=[s.id("Watched")])),
]


@pytest.fixture(scope="module")
def plundered(aws: Aws) -> Ledger:
    """The ledger of a stack after all those deletions."""
    stack = aws.deploy(small_template())
    for _, delete in _DELETIONS:
        delete(stack)
    return stack.read()


@pytest.mark.parametrize("id", [each[0] for each in _DELETIONS])
def test_a_resource_deleted_behind_the_stacks_back_is_missing(plundered: Ledger, id: str) -> None:
    assert id in [sentence.partition(" ")[0] for sentence in plundered.missing]


def test_only_what_was_deleted_is_missing(plundered: Ledger) -> None:
    assert len(plundered.missing) == len(_DELETIONS) == plundered.resources - plundered.created
    assert not plundered.ok


def test_what_refers_to_a_missing_resource_is_left_uncompared_with_the_reason(stack: Deployed) -> None:
    stack.cloud("logs").delete_log_group(logGroupName=stack.id("Lines"))
    told = "\n".join(stack.read().unread)
    assert "Rights (AWS::IAM::Policy) PolicyDocument.Statement[1]" in told


def test_a_type_without_a_reader_is_missing(stack: Deployed) -> None:
    stack.template["Resources"]["Strange"] = {"Type": "AWS::Braket::Circus", "Properties": {"Rings": 3}}
    ledger = stack.read()
    assert ledger.missing == ["Strange (AWS::Braket::Circus): no reader"]
    assert not ledger.ok


def test_a_resource_that_the_stack_never_made_is_missing(stack: Deployed) -> None:
    stack.template["Resources"]["Never"] = {"Type": "AWS::SNS::Topic"}
    assert stack.read().missing == ["Never (AWS::SNS::Topic): CloudFormation has no physical id of it"]


def test_a_property_that_no_reader_has_is_named(stack: Deployed) -> None:
    stack.template["Resources"]["Topic"]["Properties"]["ArchivePolicy"] = {"MessageRetentionPeriod": 3}
    ledger = stack.read()
    assert "Topic (AWS::SNS::Topic) ArchivePolicy.MessageRetentionPeriod" in ledger.unread
    assert ledger.differ == []


def test_the_report_has_the_shape_that_a_rehearsal_writes(stack: Deployed) -> None:
    stand_ins = {"AWS::EC2::EIP": "an address of this machine alone", "AWS::RDS::DBInstance": "not in this template"}
    report = stack.read().report(template=stack.template, stand_ins=stand_ins)
    assert report["created"] == report["resources"] > 30
    assert report["stand_ins"] == {"AWS::EC2::EIP": "an address of this machine alone"}
    assert report["properties"]["differ"] == []
    assert report["properties"]["compared"] == report["properties"]["given"] - len(report["unread"])


def test_an_empty_template_is_not_whole(stack: Deployed) -> None:
    stack.template["Resources"] = {}
    assert not stack.read().ok


def test_every_type_of_tier_single_has_a_reader_and_is_whole(aws: Aws) -> None:
    template = _deployable(json.loads(_named(_SNAPSHOT.read_text())))
    ledger = aws.deploy(template).read()
    assert ledger.missing == []
    assert ledger.differ == []
    assert ledger.compared / ledger.given > 0.98


def _named(text: str) -> str:
    """The snapshot with plain words where it only names a hash or a file: `<release>` is no part of a logical id."""
    return re.sub(r"<([\w.-]+)>", lambda found: re.sub(r"\W", "", found[1]), text)


def _deployable(template: dict[str, Any]) -> dict[str, Any]:
    """The template with a group that starts no machine, which nothing in this test could boot."""
    groups = [r for r in template["Resources"].values() if r["Type"] == "AWS::AutoScaling::AutoScalingGroup"]
    assert groups
    for group in groups:
        group.pop("CreationPolicy", None)
        group["Properties"].update(MinSize="0", MaxSize="0")
    return template


def test_the_small_template_itself_is_not_changed_by_reading(stack: Deployed) -> None:
    stack.read()
    assert stack.template == small_template()
