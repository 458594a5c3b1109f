"""The cluster and its nodes: who reaches them, who gets in, what is encrypted, and what is pinned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stacks.kubernetes_versions import ADD_ONS, VERSIONS
from tests.stacks.synthesis import Template, assemble, flat, resources, synthesize, the_only

ADMINISTRATORS = "arn:aws:iam::111122223333:role/administrators"


def eks(**settings: object) -> Template:
    return synthesize(tier="eks", **settings)


def cluster(**settings: object) -> dict[str, Any]:
    found: dict[str, Any] = the_only(eks(**settings), "AWS::EKS::Cluster")["Properties"]
    return found


def test_the_api_is_private_unless_ranges_are_named() -> None:
    closed = cluster()["ResourcesVpcConfig"]
    assert closed["EndpointPrivateAccess"] is True and closed["EndpointPublicAccess"] is False
    opened = cluster(endpoint_public_ranges='["203.0.113.0/24", "198.51.100.7/32"]')["ResourcesVpcConfig"]
    assert opened["EndpointPrivateAccess"] is True and opened["EndpointPublicAccess"] is True
    assert opened["PublicAccessCidrs"] == ["203.0.113.0/24", "198.51.100.7/32"]


def test_all_logs_of_the_control_plane_are_kept_and_its_secrets_have_a_key_of_their_own() -> None:
    found = cluster()
    kinds = {each["Type"] for each in found["Logging"]["ClusterLogging"]["EnabledTypes"]}
    assert kinds == {"api", "audit", "authenticator", "controllerManager", "scheduler"}
    (encryption,) = found["EncryptionConfig"]
    assert encryption["Resources"] == ["secrets"]
    key = flat(encryption["Provider"]["KeyArn"])
    assert key.startswith("${ClusterSecretsKey") and the_only(eks(), "AWS::KMS::Key")["Properties"]["EnableKeyRotation"]


def test_two_roles_get_in_and_who_made_the_cluster_does_not() -> None:
    template = eks()
    access = cluster()["AccessConfig"]
    assert access == {"AuthenticationMode": "API", "BootstrapClusterCreatorAdminPermissions": False}
    entries = resources(template, "AWS::EKS::AccessEntry").values()
    principals = sorted(flat(each["Properties"]["PrincipalArn"]) for each in entries)
    (kubectl,) = (id for id in resources(template, "AWS::IAM::Role") if id.startswith("ClusterKubectlRole"))
    assert principals == sorted([ADMINISTRATORS, f"${{{kubectl}.Arn}}"])


def test_both_functions_that_speak_to_the_cluster_have_its_role_in_private_subnets() -> None:
    template = eks()
    (kubectl,) = (id for id in resources(template, "AWS::IAM::Role") if id.startswith("ClusterKubectlRole"))
    private = {f"${{{id}}}" for id in resources(template, "AWS::EC2::Subnet") if "PrivateSubnet" in id}
    theirs = [
        each["Properties"]
        for each in resources(template, "AWS::Lambda::Function").values()
        if flat(each["Properties"]["Role"]) == f"${{{kubectl}.Arn}}"
    ]
    assert len(theirs) == 2
    for function in theirs:
        assert {flat(subnet) for subnet in function["VpcConfig"]["SubnetIds"]} == private
        assert len(function["Layers"]) == 2


def test_every_add_on_is_pinned_and_hands_its_role_by_pod_identity() -> None:
    found = {
        each["Properties"]["AddonName"]: each["Properties"] for each in resources(eks(), "AWS::EKS::Addon").values()
    }
    wanted = ADD_ONS | {"kube-proxy": VERSIONS["1.36"].kube_proxy}
    assert {name: each["AddonVersion"] for name, each in found.items()} == wanted
    assert json.loads(found["vpc-cni"]["ConfigurationValues"])["enableNetworkPolicy"] == "true"
    with_roles = {name for name, each in found.items() if each.get("PodIdentityAssociations")}
    assert with_roles == {"vpc-cni", "aws-ebs-csi-driver", "amazon-cloudwatch-observability"}
    assert not any("ServiceAccountRoleArn" in each for each in found.values())


@pytest.mark.parametrize("version", list(VERSIONS))
def test_each_version_has_its_own_pins(version: str) -> None:
    template = eks(kubernetes_version=version)
    assert the_only(template, "AWS::EKS::Cluster")["Properties"]["Version"] == version
    proxy = next(
        each["Properties"]["AddonVersion"]
        for each in resources(template, "AWS::EKS::Addon").values()
        if each["Properties"]["AddonName"] == "kube-proxy"
    )
    assert proxy.startswith(f"v{version}.")


def test_charts_are_pinned_and_are_told_what_pods_cannot_ask() -> None:
    charts = {
        each["Properties"]["Chart"]: each["Properties"]
        for each in resources(eks(), "Custom::AWSCDK-EKS-HelmChart").values()
    }
    assert set(charts) == {"aws-load-balancer-controller", "cluster-autoscaler"}
    for chart in charts.values():
        assert chart["Version"].count(".") == 2 and chart["Wait"] is True and chart["Namespace"] == "kube-system"
    values = json.loads(flat(charts["aws-load-balancer-controller"]["Values"]))
    assert values["region"] == "us-east-1" and values["vpcId"].startswith("${NetworkVpc")
    assert values["podMutatorWebhookConfig"] == {"failurePolicy": "Fail"}


def test_the_controller_may_register_targets_of_one_group_and_make_nothing() -> None:
    template = eks()
    statements = [
        statement
        for id, policy in resources(template, "AWS::IAM::Policy").items()
        if id.startswith("ControllerIdentity")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    changing = [s for s in statements if not all(":Describe" in action for action in s["Action"])]
    (only,) = changing
    assert sorted(only["Action"]) == [
        "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:RegisterTargets",
    ]
    (targets,) = resources(template, "AWS::ElasticLoadBalancingV2::TargetGroup")
    assert flat(only["Resource"]) == f"${{{targets}}}"


@pytest.mark.parametrize(("cpu", "image"), [("arm64", "AL2023_ARM_64_STANDARD"), ("x86_64", "AL2023_x86_64_STANDARD")])
def test_nodes_are_amazon_linux_2023_in_private_subnets_as_many_as_the_least_and_of_the_clusters_version(
    cpu: str, image: str
) -> None:
    template = eks(cpu=cpu, node_release="1.36.1-20261101", max_nodes=9)
    group = the_only(template, "AWS::EKS::Nodegroup")["Properties"]
    assert group["AmiType"] == image and group["ReleaseVersion"] == "1.36.1-20261101"
    assert group["ScalingConfig"] == {"MinSize": 2, "DesiredSize": 2, "MaxSize": 9}
    assert group["Version"] == the_only(template, "AWS::EKS::Cluster")["Properties"]["Version"]
    assert group["UpdateConfig"] == {"MaxUnavailable": 1}
    private = {f"${{{id}}}" for id in resources(template, "AWS::EC2::Subnet") if "PrivateSubnet" in id}
    assert {flat(subnet) for subnet in group["Subnets"]} == private and len(private) == 2
    disk = the_only(template, "AWS::EC2::LaunchTemplate")["Properties"]["LaunchTemplateData"]["BlockDeviceMappings"][0]
    assert disk["Ebs"]["VolumeType"] == "gp3" and disk["Ebs"]["Encrypted"] is True


def test_production_protects_the_cluster_too() -> None:
    assert cluster()["DeletionProtection"] is False
    assert cluster(deletion_protection="true")["DeletionProtection"] is True


def test_pods_are_reached_by_the_load_balancer_alone_from_outside_of_the_cluster() -> None:
    template = eks()
    rules = [
        each["Properties"]
        for each in resources(template, "AWS::EC2::SecurityGroupIngress").values()
        if "ClusterSecurityGroupId" in flat(each["Properties"]["GroupId"])
    ]
    (rule,) = rules
    assert (rule["FromPort"], rule["ToPort"]) == (443, 443)
    assert flat(rule["SourceSecurityGroupId"]).startswith("${BalancerSecurityGroup")
    targets = the_only(template, "AWS::ElasticLoadBalancingV2::TargetGroup")["Properties"]
    assert targets["TargetType"] == "ip" and targets["Protocol"] == "HTTPS" and targets["HealthCheckPath"] == "/healthz"


def test_operators_rotate_restore_and_look_and_have_no_shell_and_no_machine() -> None:
    template = eks(
        operators="arn:aws:iam::111122223333:user/olga", reviewers="arn:aws:iam::111122223333:role/reviewers"
    )
    actions = {
        action
        for id, policy in resources(template, "AWS::IAM::Policy").items()
        if id.startswith("PeopleOperator")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    assert {"secretsmanager:RotateSecret", "rds:RebootDBInstance", "lambda:InvokeFunction"} <= actions
    assert not {each for each in actions if each.startswith(("ssm:", "autoscaling:Start", "eks:"))}


def test_nodes_and_their_disks_carry_the_stacks_tag() -> None:
    data = the_only(eks(), "AWS::EC2::LaunchTemplate")["Properties"]["LaunchTemplateData"]
    tagged = {
        each["ResourceType"]
        for each in data["TagSpecifications"]
        if {"Key": "fines:stack", "Value": "fines-dev-eks"} in each["Tags"]
    }
    assert tagged == {"instance", "volume"}


def test_a_version_in_extended_support_is_a_warning_of_synth(tmp_path: Path) -> None:
    for version, warned in (("1.36", False), ("1.34", True)):
        assemble(tmp_path / version, tier="eks", kubernetes_version=version)
        said = (tmp_path / version / "fines-dev-eks.metadata.json").read_text()
        assert ("is in extended support" in said) is warned
