"""What the tier needs fits into what the account may have and has."""

from __future__ import annotations

import pytest

from operate.account import Account
from operate.checks.quotas import family_quota
from operate.finding import State
from operate.needs import ROOT_DISK_GIB, needs_of
from operate.subject import Subject
from tests.operate.world import QUOTAS, World, look, service_quotas, subject_of
from tests.stacks.synthesis import resources, synthesize


def subject_with(*words: str, unchanged: tuple[str, ...] = (), **allowed: float) -> Subject:
    quotas = service_quotas(unchanged=unchanged, allowed=allowed)
    return subject_of(words, account=Account("us-east-1", clients={"service-quotas": quotas}))


def states(subject: Subject) -> dict[str, State]:
    return {
        finding.name.removeprefix("quota: ").split(" like")[0]: finding.state for finding in look("quotas", subject)
    }


def test_what_the_tier_needs_is_what_its_template_makes() -> None:
    template = synthesize()
    needs = needs_of(subject_of([]).settings)
    assert len(resources(template, "AWS::EC2::EIP")) == needs.addresses
    assert len(resources(template, "AWS::EC2::VPC")) == needs.networks
    assert len(resources(template, "AWS::EC2::InternetGateway")) == needs.networks
    (group,) = resources(template, "AWS::AutoScaling::AutoScalingGroup").values()
    assert int(group["Properties"]["MaxSize"]) == needs.machines
    (volume,) = resources(template, "AWS::EC2::Volume").values()
    (launch,) = resources(template, "AWS::EC2::LaunchTemplate").values()
    disks = launch["Properties"]["LaunchTemplateData"]["BlockDeviceMappings"]
    assert [disk["Ebs"]["VolumeSize"] for disk in disks] == [ROOT_DISK_GIB]
    assert volume["Properties"]["Size"] + ROOT_DISK_GIB == needs.gp3_gib


def test_a_new_account_has_room(world: World) -> None:
    assert set(states(subject_with()).values()) == {State.OK}
    assert len(states(subject_with())) == len(QUOTAS)


def test_a_figure_that_was_never_raised_is_awss_own(world: World) -> None:
    assert set(states(subject_with(unchanged=("L-0263D0A3", "L-1216C47A"))).values()) == {State.OK}


def test_each_quota_that_is_used_up_stops_alone_with_the_command(world: World) -> None:
    ec2 = world("ec2")
    for _ in range(5):
        ec2.allocate_address(Domain="vpc")
    for number in range(4):
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")  # the default one is there
    ec2.create_volume(AvailabilityZone="us-east-1a", Size=1000, VolumeType="gp3")
    ec2.create_volume(AvailabilityZone="us-east-1a", Size=1000, VolumeType="gp2")  # counts elsewhere
    subject = subject_with(L_7A658B76=1.0)
    found = {finding.name.removeprefix("quota: "): finding for finding in look("quotas", subject)}
    stopped = [name for name, finding in found.items() if finding.state is State.STOPS]
    assert stopped == ["Elastic IP addresses", "VPCs", "gp3 storage, TiB"]
    assert found["Elastic IP addresses"].seen == "5 of 5 in use, 1 more needed"
    assert "--service-code ec2 --quota-code L-0263D0A3 --desired-value 6" in found["Elastic IP addresses"].do
    assert "--service-code ebs --quota-code L-7A658B76 --desired-value 2" in found["gp3 storage, TiB"].do


def test_a_gateway_too_many_stops(world: World) -> None:
    for _ in range(5):
        world("ec2").create_internet_gateway()
    assert states(subject_with())["internet gateways"] is State.STOPS


def test_running_machines_of_the_family_count_and_others_do_not(world: World) -> None:
    image = {"ImageId": "ami-0a000000000001103", "MinCount": 1, "MaxCount": 1}
    ec2 = world("ec2")
    ec2.run_instances(InstanceType="g5g.xlarge", **image)
    stopped = ec2.run_instances(InstanceType="c7g.xlarge", **image)["Instances"][0]["InstanceId"]
    ec2.terminate_instances(InstanceIds=[stopped])
    assert states(subject_with())["running vCPUs"] is State.OK
    ec2.run_instances(InstanceType="c7g.xlarge", **image)
    found = next(finding for finding in look("quotas", subject_with()) if "vCPUs" in finding.name)
    assert found.state is State.STOPS and found.seen == "4 of 5 in use, 2 more needed"


def test_a_type_that_does_not_exist_hides_no_other_quota(world: World) -> None:
    found = states(subject_with("instance_type=t9g.small"))
    assert len(found) == len(QUOTAS)
    assert [name for name, state in found.items() if state is State.STOPS] == ["running vCPUs"]


def test_a_stack_that_serves_has_its_address_and_network_already(world: World) -> None:
    for _ in range(5):
        world("ec2").allocate_address(Domain="vpc")
    assert states(subject_with())["Elastic IP addresses"] is State.STOPS
    world.deploy({"Topic": {"Type": "AWS::SNS::Topic"}})
    assert states(subject_with())["Elastic IP addresses"] is State.OK


@pytest.mark.parametrize(
    ("instance_type", "code"),
    [
        ("t4g.small", "L-1216C47A"),
        ("im4gn.large", "L-1216C47A"),
        ("g5g.xlarge", "L-DB2E81BA"),
        ("inf2.xlarge", "L-1945791B"),
        ("p5.48xlarge", "L-417A185B"),
        ("u-6tb1.metal", "L-43DA4232"),
        ("x2gd.large", "L-7295265B"),
    ],
)
def test_each_family_counts_against_its_own_quota(instance_type: str, code: str) -> None:
    assert family_quota(instance_type) == code


def test_without_service_quotas_each_of_them_says_so(world: World) -> None:
    found = look("quotas", subject_of([]))  # the local AWS has none
    assert len(found) == len(QUOTAS)
    assert all(finding.state is not State.OK and "GetServiceQuota" in finding.seen for finding in found)
