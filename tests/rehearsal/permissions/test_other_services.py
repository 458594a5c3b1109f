"""Services without a rule of their own go by the published ARN formats; what is unknown is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rehearsal.cloud.permissions import Policy, Role
from tests.rehearsal.permissions.world import ACCOUNT, REGION, TRUSTS_EC2, Bench, allow, arn, document

ADMIN = f"arn:aws:iam::{ACCOUNT}:role/admin"
BALANCER = arn("elasticloadbalancing", "loadbalancer/app/fines/50dc6c495c0c9188")
TARGETS = arn("elasticloadbalancing", "targetgroup/fines/50dc6c495c0c9188")
CALLS: dict[str, tuple[str, Callable[[Any], Any], set[tuple[str, str]]]] = {
    "a function by name": (
        "lambda",
        lambda c: c.invoke(FunctionName="migrate"),
        {("lambda:InvokeFunction", arn("lambda", "function:migrate"))},
    ),
    "a function by ARN": (
        "lambda",
        lambda c: c.get_function_configuration(FunctionName=arn("lambda", "function:migrate")),
        {("lambda:GetFunctionConfiguration", arn("lambda", "function:migrate"))},
    ),
    "a cluster": (
        "eks",
        lambda c: c.describe_cluster(name="fines"),
        {("eks:DescribeCluster", arn("eks", "cluster/fines"))},
    ),
    "an add-on": (
        "eks",
        lambda c: c.describe_addon(clusterName="fines", addonName="vpc-cni"),
        {("eks:DescribeAddon", arn("eks", "addon/fines/vpc-cni/*"))},
    ),
    "a database": (
        "rds",
        lambda c: c.reboot_db_instance(DBInstanceIdentifier="fines"),
        {("rds:RebootDBInstance", arn("rds", "db:fines"))},
    ),
    "targets": (
        "elbv2",
        lambda c: c.register_targets(TargetGroupArn=TARGETS, Targets=[{"Id": "i-1"}]),
        {("elasticloadbalancing:RegisterTargets", TARGETS)},
    ),
    "a load balancer's attributes": (
        "elbv2",
        lambda c: c.modify_load_balancer_attributes(LoadBalancerArn=BALANCER, Attributes=[]),
        {("elasticloadbalancing:ModifyLoadBalancerAttributes", BALANCER)},
    ),
    "an alarm": (
        "cloudwatch",
        lambda c: c.set_alarm_state(AlarmName="disk", StateValue="OK", StateReason="r"),
        {("cloudwatch:SetAlarmState", arn("cloudwatch", "alarm:disk"))},
    ),
    "a hosted zone": (
        "route53",
        lambda c: c.list_resource_record_sets(HostedZoneId="Z123"),
        {("route53:ListResourceRecordSets", "arn:aws:route53:::hostedzone/Z123")},
    ),
    "a key": (
        "kms",
        lambda c: c.decrypt(KeyId=arn("kms", "key/1234"), CiphertextBlob=b"x"),
        {("kms:Decrypt", arn("kms", "key/1234"))},
    ),
    "a role": (
        "iam",
        lambda c: c.get_role(RoleName="fines"),
        {("iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/fines")},
    ),
    "a queue": (
        "sqs",
        lambda c: c.send_message(QueueUrl=f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/q", MessageBody="m"),
        {("sqs:SendMessage", arn("sqs", "q"))},
    ),
    "several parameters": (
        "ssm",
        lambda c: c.get_parameters(Names=["/a", "b", arn("ssm", "parameter/c"), "/d:3"]),
        {("ssm:GetParameters", arn("ssm", f"parameter/{name}")) for name in "abcd"},
    ),
    "parameters below a path": (
        "ssm",
        lambda c: c.get_parameters_by_path(Path="/fines/dev/", Recursive=True),
        {("ssm:GetParametersByPath", arn("ssm", "parameter/fines/dev"))},
    ),
    "a snapshot with tags": (
        "ec2",
        lambda c: c.create_snapshot(
            VolumeId="vol-0a1b2c3d4e5f60719",
            TagSpecifications=[{"ResourceType": "snapshot", "Tags": [{"Key": "a", "Value": "b"}]}],
        ),
        {
            ("ec2:CreateSnapshot", arn("ec2", "volume/vol-0a1b2c3d4e5f60719")),
            ("ec2:CreateSnapshot", f"arn:aws:ec2:{REGION}::snapshot/*"),
            ("ec2:CreateTags", f"arn:aws:ec2:{REGION}::snapshot/*"),
        },
    ),
    "a new stack": (
        "cloudformation",
        lambda c: c.create_stack(StackName="other", TemplateBody="{}"),
        {("cloudformation:CreateStack", arn("cloudformation", "stack/other/*"))},
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_names_its_resource(bench: Bench, name: str) -> None:
    service, call, expected = CALLS[name]
    bench.roles[ADMIN] = Role(ADMIN, (Policy("All", document(allow("All", "*", "*"))),), TRUSTS_EC2)
    question = bench.passes(lambda: call(bench.client(service, role=ADMIN))).question
    assert question is not None
    assert {(check.action, check.resource) for check in question.checks} == expected


@pytest.mark.parametrize("name", CALLS)
def test_a_policy_for_just_that_resource_is_enough_and_one_for_another_is_not(bench: Bench, name: str) -> None:
    service, call, expected = CALLS[name]
    exact = [allow(f"S{n}", action, resource) for n, (action, resource) in enumerate(sorted(expected))]
    bench.roles[ADMIN] = Role(ADMIN, (Policy("Exact", document(*exact)),), TRUSTS_EC2)
    bench.passes(lambda: call(bench.client(service, role=ADMIN)))
    used = {name for name in bench.ledger.used(ADMIN) if not name.startswith("resource/")}
    assert used == {f"Exact/S{n}" for n in range(len(expected))}
    wrong = [{**s, "Resource": s["Resource"].replace(ACCOUNT, "1" * 12) + "x"} for s in exact]
    bench.roles[ADMIN] = Role(ADMIN, (Policy("Wrong", document(*wrong)),), TRUSTS_EC2)
    with pytest.raises(ClientError) as refused:
        call(bench.client(service, role=ADMIN))
    assert "is not authorized to perform" in refused.value.response["Error"]["Message"]


def test_the_tags_a_request_gives_are_keys(bench: Bench) -> None:
    needs = allow("Tag", "ec2:CreateTags", "*", StringEquals={"aws:RequestTag/stage": "dev"})
    only = {"ForAllValues:StringEquals": {"aws:TagKeys": ["stage"]}}
    needs["Condition"] |= only
    bench.roles[ADMIN] = Role(ADMIN, (Policy("Tag", document(needs)),), TRUSTS_EC2)
    client = bench.client("ec2", role=ADMIN)
    stage = {"Key": "stage", "Value": "dev"}
    bench.passes(lambda: client.create_tags(Resources=["vol-0a1b2c3d4e5f60719"], Tags=[stage]))
    for tags in ([{"Key": "stage", "Value": "prod"}], [stage, {"Key": "more", "Value": "x"}]):
        with pytest.raises(ClientError, match="ec2:CreateTags"):
            client.create_tags(Resources=["vol-0a1b2c3d4e5f60719"], Tags=tags)


@pytest.mark.parametrize(
    ("service", "headers", "body"),
    [
        ("ssm", {"x-amz-target": "AmazonSSM.NoSuchOperation"}, b"{}"),
        ("ssm", {"x-amz-target": "AnotherPrefix.GetParameter"}, b"{}"),
        ("sts", {"content-type": "application/x-www-form-urlencoded"}, b"Action=NoSuch&Version=2011-06-15"),
        ("ec2", {"content-type": "application/x-www-form-urlencoded"}, b"Action=NoSuch&Version=2016-11-15"),
        ("lambda", {}, b""),
        ("nosuchservice", {}, b""),
    ],
)
def test_a_request_the_gate_does_not_know_is_refused(
    bench: Bench, service: str, headers: dict[str, str], body: bytes
) -> None:
    bench.roles[ADMIN] = Role(ADMIN, (Policy("All", document(allow("All", "*", "*"))),), TRUSTS_EC2)
    verdict = bench.admit(bench.signed(service, headers=headers, body=body, path="/", role=ADMIN))
    assert not verdict.allowed and verdict.status == 400
    assert b"The gate knows no" in verdict.body
    assert bench.ledger.refused()[-1].reason.startswith(("UnknownOperation", "InvalidAction"))


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff\xfe", b'{"Name": {"deep": [1]}}'])
def test_a_body_that_cannot_be_read_never_passes(bench: Bench, body: bytes) -> None:
    headers = {"x-amz-target": "AmazonSSM.GetParameter", "content-type": "application/x-amz-json-1.1"}
    verdict = bench.admit(bench.signed("ssm", headers=headers, body=body))
    assert not verdict.allowed and verdict.status is not None


def test_the_keys_of_the_caller_are_known(bench: Bench) -> None:
    condition = {
        "StringEquals": {"aws:PrincipalTag/team": "fines", "aws:PrincipalAccount": ACCOUNT},
        "ArnEquals": {"aws:PrincipalArn": ADMIN},
        "IpAddress": {"aws:SourceIp": "10.0.0.0/24"},
        "Bool": {"aws:SecureTransport": "true"},
    }
    look = Policy("Look", document(allow("Look", "ec2:DescribeVolumes", "*", **condition)))
    bench.roles[ADMIN] = Role(ADMIN, (look,), TRUSTS_EC2, tags={"team": "fines"})
    bench.passes(lambda: bench.client("ec2", role=ADMIN).describe_volumes())
    bench.roles[ADMIN] = Role(ADMIN, (look,), TRUSTS_EC2, tags={"team": "others"})
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        bench.client("ec2", role=ADMIN).describe_volumes()
