"""Every tier keeps every policy, and every policy notices when it is broken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from policy_sentry.querying.actions import get_action_data

from tests.stacks.policies import POLICIES, Policy, data, machines, permissions, telling
from tests.stacks.synthesis import TIERS, Template, assemble, resources, synthesize


def _sentence(policy: Policy) -> str:
    return policy.__name__


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("policy", POLICIES, ids=_sentence)
def test_policy(policy: Policy, tier: str) -> None:
    assert policy(synthesize(tier=tier)) == []


@pytest.mark.parametrize("policy", POLICIES, ids=_sentence)
def test_a_policy_refuses_to_speak_about_nothing(policy: Policy) -> None:
    with pytest.raises(AssertionError, match="about nothing"):
        policy({"Resources": {}})


@pytest.mark.parametrize("tier", TIERS)
def test_every_action_in_a_policy_exists_in_aws(tier: str) -> None:
    actions = {
        action
        for policy in resources(synthesize(tier=tier), "AWS::IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert actions
    assert [action for action in sorted(actions) if not get_action_data(*action.split(":"))] == []


def test_an_app_that_opens_ssh_is_noticed(tmp_path: Path) -> None:
    def open_ssh(stack: cdk.Stack) -> None:
        (group,) = (c for c in stack.node.find_all() if isinstance(c, ec2.SecurityGroup))
        group.add_ingress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp_range(20, 30), "a door that nobody asked for")

    broken = assemble(tmp_path, open_ssh)
    assert machines.nobody_can_reach_ssh_from_the_internet(broken)
    assert machines.inbound_is_closed_but_for_http_https_and_dns(broken)


Break = Callable[[Template], object]


def _properties(template: Template, kind: str) -> dict[str, Any]:
    properties: dict[str, Any] = next(iter(resources(template, kind).values()))["Properties"]
    return properties


def _machine(template: Template) -> dict[str, Any]:
    found: dict[str, Any] = _properties(template, "AWS::EC2::LaunchTemplate")["LaunchTemplateData"]
    return found


def _let_in(template: Template, **rule: object) -> None:
    _properties(template, "AWS::EC2::SecurityGroup")["SecurityGroupIngress"].append({"CidrIp": "0.0.0.0/0", **rule})


def _allow(template: Template, role: str, action: str, resource: object) -> None:
    (policy,) = (
        p
        for p in resources(template, "AWS::IAM::Policy").values()
        if any(role in attached["Ref"] for attached in p["Properties"]["Roles"])
    )
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    policy["Properties"]["PolicyDocument"]["Statement"].append(statement)


def _statements(template: Template, kind: str) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = _properties(template, kind)["PolicyDocument"]["Statement"]
    return statements


BREAKS: dict[Policy, list[Break]] = {
    machines.nobody_can_reach_ssh_from_the_internet: [
        lambda t: _let_in(t, IpProtocol="-1"),
        lambda t: _let_in(t, IpProtocol="tcp", FromPort=0, ToPort=65535),
    ],
    machines.inbound_is_closed_but_for_http_https_and_dns: [
        lambda t: _let_in(t, IpProtocol="tcp", FromPort=5432, ToPort=5432),
        lambda t: _let_in(t, IpProtocol="tcp", FromPort=80, ToPort=443),
        lambda t: _let_in(t, IpProtocol="udp", FromPort=443, ToPort=443),
    ],
    machines.no_machine_has_a_key_for_ssh: [lambda t: _machine(t).update(KeyName="mine")],
    machines.machines_demand_imdsv2_and_hide_it_from_containers: [
        lambda t: _machine(t)["MetadataOptions"].update(HttpTokens="optional"),
        lambda t: _machine(t)["MetadataOptions"].update(HttpPutResponseHopLimit=2),
        lambda t: _machine(t).pop("MetadataOptions"),
    ],
    machines.disks_are_encrypted: [
        lambda t: _properties(t, "AWS::EC2::Volume").pop("Encrypted"),
        lambda t: _machine(t)["BlockDeviceMappings"][0]["Ebs"].pop("Encrypted"),
        lambda t: _machine(t).pop("BlockDeviceMappings"),
    ],
    machines.launch_templates_name_a_concrete_image_and_version: [
        lambda t: _machine(t).update(ImageId="resolve:ssm:/aws/service/debian/release/13/latest/arm64"),
        lambda t: _properties(t, "AWS::AutoScaling::AutoScalingGroup")["LaunchTemplate"].update(Version="$Latest"),
    ],
    data.buckets_are_private: [
        lambda t: _properties(t, "AWS::S3::Bucket").pop("PublicAccessBlockConfiguration"),
        lambda t: _properties(t, "AWS::S3::Bucket")["PublicAccessBlockConfiguration"].update(BlockPublicPolicy=False),
    ],
    data.buckets_are_encrypted_versioned_and_tidied: [
        lambda t: _properties(t, "AWS::S3::Bucket").pop("BucketEncryption"),
        lambda t: _properties(t, "AWS::S3::Bucket").pop("VersioningConfiguration"),
        lambda t: _properties(t, "AWS::S3::Bucket").pop("LifecycleConfiguration"),
    ],
    data.buckets_refuse_what_is_not_tls: [
        lambda t: _statements(t, "AWS::S3::BucketPolicy").clear(),
        lambda t: t["Resources"].pop(next(iter(resources(t, "AWS::S3::BucketPolicy")))),
    ],
    telling.topics_refuse_what_is_not_tls_and_let_alarms_publish: [
        lambda t: _statements(t, "AWS::SNS::TopicPolicy").pop(0),
        lambda t: _statements(t, "AWS::SNS::TopicPolicy").pop(1),
    ],
    telling.topics_hear_services_of_their_own_account_alone: [
        lambda t: [
            s.pop("Condition", None) for s in _statements(t, "AWS::SNS::TopicPolicy") if "Service" in s["Principal"]
        ]
    ],
    data.what_holds_data_is_kept_on_update_and_delete: [
        lambda t: next(iter(resources(t, "AWS::EC2::Volume").values())).update(UpdateReplacePolicy="Delete"),
        lambda t: next(iter(resources(t, "AWS::S3::Bucket").values())).pop("DeletionPolicy"),
        lambda t: next(iter(resources(t, "AWS::SecretsManager::Secret").values())).update(DeletionPolicy="Delete"),
    ],
    telling.logs_end_some_day: [lambda t: _properties(t, "AWS::Logs::LogGroup").pop("RetentionInDays")],
    telling.networks_log_their_flows: [
        lambda t: _properties(t, "AWS::EC2::FlowLog").update(ResourceId={"Ref": "AnotherNetwork"})
    ],
    telling.alarms_tell_people_when_they_go_off_and_when_it_is_over: [
        lambda t: _properties(t, "AWS::CloudWatch::Alarm").pop("AlarmActions"),
        lambda t: _properties(t, "AWS::CloudWatch::Alarm").update(OKActions=[]),
    ],
    permissions.no_permission_is_for_all_actions: [
        lambda t: _allow(t, "RolesHost", "s3:*", "arn:aws:s3:::a-bucket"),
        lambda t: _allow(t, "RolesHost", "*", "arn:aws:s3:::a-bucket"),
    ],
    permissions.permissions_on_everything_are_for_what_knows_no_resource: [
        lambda t: _allow(t, "RolesHost", "secretsmanager:GetSecretValue", "*")
    ],
    permissions.permissions_on_any_machine_ask_for_the_stacks_tag: [
        lambda t: _allow(t, "RolesHost", "ec2:DetachVolume", "arn:aws:ec2:us-east-1:111122223333:instance/*")
    ],
    permissions.no_role_can_be_taken_by_anybody: [
        lambda t: _trust(t, "*"),
        lambda t: _trust(t, {"AWS": "*"}),
        lambda t: _trust(t, {"AWS": "arn:aws:iam::111122223333:root"}),
    ],
    permissions.containers_cannot_touch_backups_or_the_secret: [
        lambda t: _allow(t, "RolesApp", "s3:GetObject", {"Fn::GetAtt": ["BucketsBackups", "Arn"]}),
        lambda t: _allow(t, "RolesApp", "secretsmanager:GetSecretValue", {"Ref": "Secret"}),
        lambda t: _allow(t, "RolesApp", "s3:GetObject", "*"),
    ],
    data.secrets_are_named_and_never_written_down: [
        lambda t: _properties(t, "AWS::SecretsManager::Secret").update(SecretString="a-value-that-all-can-read"),
        lambda t: _machine(t).update(UserData="password={{resolve:secretsmanager:name}}"),
    ],
    data.machines_and_data_carry_the_stacks_tag: [
        lambda t: _properties(t, "AWS::EC2::Volume").pop("Tags"),
        lambda t: _properties(t, "AWS::AutoScaling::AutoScalingGroup").update(Tags=[]),
    ],
}


def _trust(template: Template, principal: object) -> None:
    document = _properties(template, "AWS::IAM::Role")["AssumeRolePolicyDocument"]
    document["Statement"].append({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})


def test_every_policy_is_broken_on_purpose_somewhere() -> None:
    assert set(BREAKS) == set(POLICIES)


@pytest.mark.parametrize(
    ("policy", "break_it"),
    [
        pytest.param(policy, break_it, id=f"{policy.__name__}-{number}")
        for policy, breaks in BREAKS.items()
        for number, break_it in enumerate(breaks)
    ],
)
def test_a_broken_template_is_noticed(policy: Policy, break_it: Break) -> None:
    template = synthesize()
    break_it(template)
    assert policy(template) != []


def _node_group(template: Template) -> dict[str, Any]:
    return _properties(template, "AWS::EKS::Nodegroup")


OF_KUBERNETES: dict[Policy, list[Break]] = {
    machines.launch_templates_name_a_concrete_image_and_version: [
        lambda t: _node_group(t)["LaunchTemplate"].update(Version="$Latest"),
        lambda t: [
            _machine(t).update(ImageId="resolve:ssm:/latest"),
            _node_group(t)["LaunchTemplate"].update(Id="lt-1"),
        ],
    ],
    machines.machines_demand_imdsv2_and_hide_it_from_containers: [
        lambda t: _machine(t)["MetadataOptions"].update(HttpPutResponseHopLimit=2)
    ],
    machines.disks_are_encrypted: [lambda t: _machine(t)["BlockDeviceMappings"][0]["Ebs"].pop("Encrypted")],
    permissions.containers_cannot_touch_backups_or_the_secret: [
        lambda t: _allow(t, "RolesWeb", "s3:GetObject", {"Fn::GetAtt": ["BucketsBackups", "Arn"]}),
        lambda t: _allow(t, "RolesWeb", "secretsmanager:GetSecretValue", {"Ref": "DatabaseMaster"}),
    ],
    permissions.permissions_on_everything_are_for_what_knows_no_resource: [
        lambda t: _allow(t, "ControllerIdentity", "elasticloadbalancing:RegisterTargets", "*")
    ],
    permissions.no_permission_is_for_all_actions: [lambda t: _allow(t, "RolesWeb", "s3:*", "arn:aws:s3:::a-bucket")],
    telling.logs_end_some_day: [
        lambda t: [
            resource["Properties"].pop("RetentionInDays")
            for id, resource in resources(t, "AWS::Logs::LogGroup").items()
            if "HandlerLogGroup" in id
        ]
    ],
}


@pytest.mark.parametrize(
    ("policy", "break_it"),
    [
        pytest.param(policy, break_it, id=f"{policy.__name__}-{number}")
        for policy, breaks in OF_KUBERNETES.items()
        for number, break_it in enumerate(breaks)
    ],
)
def test_a_broken_template_of_kubernetes_is_noticed(policy: Policy, break_it: Break) -> None:
    template = synthesize(tier="eks")
    break_it(template)
    assert policy(template) != []
