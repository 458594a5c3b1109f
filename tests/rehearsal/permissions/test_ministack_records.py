"""What the gate asks of MiniStack's records: MiniStack's own code makes them, and the gate reads them back."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

os.environ.setdefault("MINISTACK_REGION", "us-east-1")

from ministack.core.responses import request_scope
from ministack.services import ec2, iam, s3, secretsmanager, sns, ssm, sts
from ministack.services.cloudformation import provisioners

from rehearsal.cloud.permissions import Sessions
from rehearsal.cloud.permissions.lookup_ministack import MiniStack
from tests.rehearsal.permissions.world import ACCOUNT, REGION, TRUSTS_EC2, allow, document

STACK = "fines-test"


def make(type_: str, logical_id: str, **properties: Any) -> tuple[str, dict[str, Any]]:
    made: tuple[str, dict[str, Any]] = provisioners._RESOURCE_HANDLERS[type_]["create"](logical_id, properties, STACK)
    return made


@pytest.fixture
def cloud() -> Iterator[MiniStack]:
    with request_scope(ACCOUNT, REGION):
        yield MiniStack(account=ACCOUNT, region=REGION)
        for service in (ec2, iam, s3, secretsmanager, sns, ssm, sts):
            service.reset()


def test_a_role_is_read_with_all_its_policies(cloud: MiniStack) -> None:
    inline = document(allow("Read", "ssm:GetParameter", "*"))
    name, attributes = make(
        "AWS::IAM::Role",
        "Role",
        AssumeRolePolicyDocument=TRUSTS_EC2,
        Policies=[{"PolicyName": "Inline", "PolicyDocument": inline}],
        ManagedPolicyArns=["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"],
        Tags=[{"Key": "team", "Value": "fines"}],
    )
    make("AWS::IAM::Policy", "More", PolicyName="More", PolicyDocument=inline, Roles=[name])
    role = cloud.role(attributes["Arn"])
    assert role is not None and role.trust == TRUSTS_EC2
    assert [policy.name for policy in role.policies] == [
        "Inline",
        "More",
        "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
    ]
    assert role.policies[0].document == inline == role.policies[1].document
    assert role.tags == {"team": "fines"} and role.id.startswith("AROA")
    assert cloud.role(attributes["Arn"] + "x") is None
    assert MiniStack(account="999999999999", region=REGION).role(attributes["Arn"]) is None


def test_an_issued_session_is_known_to_ministack(cloud: MiniStack) -> None:
    _, attributes = make("AWS::IAM::Role", "Role", AssumeRolePolicyDocument=TRUSTS_EC2)
    given = Sessions(announce=cloud.announce).issue(attributes["Arn"], source="i-1")
    known = sts._sessions[given.access_key]
    assert known["AccountId"] == ACCOUNT and known["Arn"].endswith("/i-1")


def test_a_secret_is_found_by_name_arn_and_partial_arn_and_by_nothing_less(cloud: MiniStack) -> None:
    make(
        "AWS::SecretsManager::Secret", "Secret", Name="fines/root", SecretString="x", Tags=[{"Key": "a", "Value": "b"}]
    )
    arn = cloud.secret_arn("fines/root")
    assert arn is not None and arn.startswith(f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:fines/root-")
    assert [cloud.secret_arn(given) for given in ("fines/root", arn, arn[:-7])] == [arn] * 3
    assert [cloud.secret_arn(given) for given in ("fines", arn[:-8], arn[:-3], arn + "x")] == [None] * 4
    assert cloud.tags(arn) == {"a": "b"}


def test_ec2s_resources_are_known_by_tags_and_keys(cloud: MiniStack) -> None:
    ec2._volumes["vol-1"] = {"AvailabilityZone": f"{REGION}a", "Encrypted": True, "Size": 20, "VolumeType": "gp3"}
    ec2._tags["vol-1"] = [{"Key": "stage", "Value": "dev"}]
    ec2._addresses["eipalloc-1"] = {"PublicIp": "203.0.113.9", "AssociationId": "eipassoc-1", "Domain": "vpc"}
    assert cloud.tags(f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/vol-1") == {"stage": "dev"}
    assert cloud.ec2_facts("vol-1")["ec2:Encrypted"] == "true"
    assert cloud.address_of("203.0.113.9") == cloud.address_of("eipassoc-1") == "eipalloc-1"
    assert cloud.address_of("203.0.113.8") is None
    assert cloud.ec2_facts("i-unknown") == {}


def test_buckets_and_topics_bring_their_policies(cloud: MiniStack) -> None:
    bucket, _ = make("AWS::S3::Bucket", "Bucket", BucketName="backups")
    policy = document({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"})
    assert cloud.bucket_exists(bucket) and not cloud.bucket_exists("others")
    assert cloud.resource_policy(f"arn:aws:s3:::{bucket}") is None
    make("AWS::S3::BucketPolicy", "Policy", Bucket=bucket, PolicyDocument=policy)
    assert cloud.resource_policy(f"arn:aws:s3:::{bucket}") == policy
    topic, _ = make("AWS::SNS::Topic", "Topic", TopicName="alarms")
    sns._topics[topic]["attributes"]["Policy"] = json.dumps(policy)
    assert cloud.resource_policy(topic) == policy


def test_groups_and_stacks_have_full_names(cloud: MiniStack) -> None:
    from ministack.services import autoscaling
    from ministack.services.cloudformation import _stacks

    autoscaling._asgs["group"] = {
        "AutoScalingGroupARN": f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:1:x/group"
    }
    _stacks[STACK] = {
        "StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/1",
        "StackStatus": "CREATE_COMPLETE",
    }
    assert str(cloud.group_arn("group")).endswith("/group") and cloud.group_arn("other") is None
    assert str(cloud.stack_arn(STACK)).endswith("/1") and cloud.stack_arn("other") is None
    _stacks[STACK]["StackStatus"] = "DELETE_COMPLETE"
    assert cloud.stack_arn(STACK) is None
    autoscaling.reset()
    _stacks.clear()
