"""What a deployment needs and which names it gives, as preflight computes them, against what the templates make."""

from __future__ import annotations

import pytest

from operate.account import Account
from operate.checks import stack
from operate.needs import ROOT_DISK_GIB, needs_of
from tests.operate.world import subject_of
from tests.stacks.synthesis import resources, synthesize

ACCOUNT = Account("us-east-1")
_NAME = ("domain=fines.example", "hosted_zone_name=fines.example", "hosted_zone_id=Z0123456789ABCDEFGHIJ")
MACHINES = ["tier=asg", *_NAME]
KUBERNETES = [
    "tier=eks",
    *_NAME,
    "admin_role=arn:aws:iam::111122223333:role/administrators",
]


def test_what_the_tier_needs_is_what_its_template_makes() -> None:
    for settings in ({}, {"nat_gateways": 2, "min_machines": 3, "max_machines": 7, "machine_disk_gb": 24}):
        template = synthesize(tier="asg", **settings)
        needs = needs_of(
            subject_of([*MACHINES, *(f"{key}={value}" for key, value in settings.items())], account=ACCOUNT).settings
        )
        assert len(resources(template, "AWS::EC2::EIP")) == needs.addresses
        assert len(resources(template, "AWS::EC2::VPC")) == needs.networks
        assert len(resources(template, "AWS::ElasticLoadBalancingV2::LoadBalancer")) == needs.balancers
        assert len(resources(template, "AWS::RDS::DBInstance")) == needs.databases
        (group,) = resources(template, "AWS::AutoScaling::AutoScalingGroup").values()
        sizes = (group["Properties"]["MinSize"], group["Properties"]["MaxSize"])
        assert sizes == (str(needs.machines), str(needs.machines_at_most))
        assert needs.gp3_gib == int(settings.get("machine_disk_gb", ROOT_DISK_GIB)) * needs.machines_at_most
        (launch,) = resources(template, "AWS::EC2::LaunchTemplate").values()
        disks = launch["Properties"]["LaunchTemplateData"]["BlockDeviceMappings"]
        assert [disk["Ebs"]["VolumeSize"] * needs.machines_at_most for disk in disks] == [needs.gp3_gib]


def test_what_the_tier_on_kubernetes_needs_is_what_its_template_makes() -> None:
    for settings in ({}, {"nat_gateways": 2, "min_nodes": 3, "max_nodes": 7, "node_disk_gb": 64}):
        template = synthesize(tier="eks", **settings)
        given = [*KUBERNETES, *(f"{key}={value}" for key, value in settings.items())]
        needs = needs_of(subject_of(given, account=ACCOUNT).settings)
        assert len(resources(template, "AWS::EC2::EIP")) == needs.addresses
        (group,) = resources(template, "AWS::EKS::Nodegroup").values()
        sizes = group["Properties"]["ScalingConfig"]
        assert (sizes["MinSize"], sizes["MaxSize"]) == (needs.machines, needs.machines_at_most)
        (launch,) = resources(template, "AWS::EC2::LaunchTemplate").values()
        disks = launch["Properties"]["LaunchTemplateData"]["BlockDeviceMappings"]
        assert [disk["Ebs"]["VolumeSize"] * needs.machines_at_most for disk in disks] == [needs.gp3_gib]


@pytest.mark.parametrize("tier", ["asg", "eks"])
def test_the_names_that_can_collide_are_those_of_the_template(tier: str) -> None:
    named = {"AutoScalingGroupName", "LogGroupName", "BucketName", "RoleName", "FunctionName", "TopicName"}
    named |= {"DBInstanceIdentifier"}
    given: dict[str, set[str]] = {}
    for resource in synthesize(tier=tier)["Resources"].values():
        properties = resource.get("Properties", {})
        for key, value in properties.items():
            if key in named and isinstance(value, str):
                given.setdefault(resource["Type"], set()).add(value)
            if resource["Type"].startswith("AWS::CloudFront::") and isinstance(value, dict) and "Name" in value:
                given.setdefault(resource["Type"], set()).add(value["Name"])
    subject = subject_of(MACHINES if tier == "asg" else KUBERNETES, account=ACCOUNT)
    assert given == stack.fixed_names(subject)
