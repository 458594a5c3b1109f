"""What an earlier deployment of the name left in the way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from operate.checks import stack
from operate.finding import State
from operate.stack import Deployed
from tests.operate.world import NEVER_SIGNALLED, World, look, one, subject_of, waiting
from tests.stacks.synthesis import synthesize

TOPIC: dict[str, Any] = {"Topic": {"Type": "AWS::SNS::Topic"}}


def test_a_first_deployment_and_a_later_one_are_told_apart(world: World) -> None:
    assert "first deployment" in one("stack", subject_of([])).seen
    world.deploy(TOPIC)
    found = one("stack", subject_of([]))
    assert found.state is State.OK and "fines-dev-single is CREATE_COMPLETE" in found.seen


def test_the_stack_is_the_one_of_the_stage(world: World) -> None:
    world.deploy(TOPIC)
    assert "no fines-staging-single yet" in one("stack", subject_of(["stage=staging"])).seen


def test_a_first_deployment_that_was_rolled_back_stops_with_its_reason(world: World) -> None:
    assert world.deploy(TOPIC | NEVER_SIGNALLED) == "ROLLBACK_COMPLETE"
    found = one("stack", subject_of([]))
    assert found.state is State.STOPS and "Wait: " in found.seen
    assert found.do == "aws cloudformation delete-stack --region us-east-1 --stack-name fines-dev-single"


def test_a_deployment_under_way_stops_until_it_has_ended(world: World) -> None:
    body = json.dumps({"Resources": waiting(60)})
    formation = world("cloudformation")
    formation.create_stack(StackName="fines-dev-single", TemplateBody=body)
    try:
        found = one("stack", subject_of([]))
        assert found.state is State.STOPS and "CREATE_IN_PROGRESS" in found.seen
        assert found.do.endswith("wait stack-create-complete --region us-east-1 --stack-name fines-dev-single")
    finally:
        formation.delete_stack(StackName="fines-dev-single")


@pytest.mark.parametrize(
    ("status", "command"),
    [
        ("UPDATE_IN_PROGRESS", "wait stack-update-complete"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "describe-stack-events"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("UPDATE_FAILED", "describe-stack-events"),
        ("DELETE_FAILED", "delete-stack"),
        ("DELETE_IN_PROGRESS", "wait stack-delete-complete"),
        ("ROLLBACK_IN_PROGRESS", "wait stack-rollback-complete"),
        ("REVIEW_IN_PROGRESS", "delete-stack"),
    ],
)
def test_each_state_that_blocks_has_its_command(world: World, status: str, command: str) -> None:
    subject = subject_of([])
    subject._found.append(Deployed(name="fines-dev-single", status=status))
    found = one("stack", subject)
    assert found.state is State.STOPS and f"aws cloudformation {command} " in found.do


def test_a_protected_stack_is_unlocked_before_it_is_deleted(world: World) -> None:
    subject = subject_of([])
    subject._found.append(Deployed(name="fines-dev-single", status="ROLLBACK_COMPLETE", protected=True))
    unlock, _, delete = one("stack", subject).do.partition("; ")
    assert "--no-enable-termination-protection" in unlock and "delete-stack" in delete


def test_the_names_that_can_collide_are_those_of_the_template() -> None:
    named = {"AutoScalingGroupName", "LogGroupName", "Name", "BucketName", "RoleName", "FunctionName", "TopicName"}
    given: dict[str, set[str]] = {}
    for resource in synthesize()["Resources"].values():
        for key, value in resource.get("Properties", {}).items():
            if key in named and isinstance(value, str):
                given.setdefault(resource["Type"], set()).add(value)
    assert given == stack.fixed_names(subject_of([]))


def test_nothing_left_over_is_said(world: World) -> None:
    assert one("leftovers", subject_of([])).state is State.OK


def test_each_leftover_that_collides_stops_with_its_command(world: World) -> None:
    world("logs").create_log_group(logGroupName="/fines/dev/single/host")
    world("logs").create_log_group(logGroupName="/fines/dev/single/other")  # nothing makes it
    world("ssm").put_parameter(Name="/fines/fines-dev-single/release", Value="{}", Type="String")
    ec2 = world("ec2")
    template = ec2.create_launch_template(
        LaunchTemplateName="left", LaunchTemplateData={"ImageId": "ami-0a000000000001103", "InstanceType": "t4g.small"}
    )["LaunchTemplate"]
    world("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="fines-dev-single",
        MinSize=0,
        MaxSize=0,
        AvailabilityZones=["us-east-1a"],
        LaunchTemplate={"LaunchTemplateId": template["LaunchTemplateId"], "Version": "1"},
    )
    found = look("leftovers", subject_of([]))
    assert [finding.state for finding in found] == [State.STOPS] * 3
    commands = [finding.do for finding in found]
    assert "--auto-scaling-group-name fines-dev-single" in commands[0]
    assert commands[1].endswith("--log-group-name /fines/dev/single/host")
    assert commands[2].endswith("--name /fines/fines-dev-single/release")


def test_an_earlier_data_volume_is_told_with_how_to_keep_its_data(world: World) -> None:
    volume = world("ec2").create_volume(
        AvailabilityZone="us-east-1a",
        Size=30,
        VolumeType="gp3",
        TagSpecifications=[{"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": "fines-dev-single-data"}]}],
    )["VolumeId"]
    found = one("leftovers", subject_of([]))
    assert found.state is State.WARNING and volume in found.do and "data_volume_snapshot" in found.do
    assert one("leftovers", subject_of(["data_volume_snapshot=snap-0123456789abcdef0"])).state is State.OK


def test_with_the_stack_in_place_its_own_things_are_no_leftovers(world: World) -> None:
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/fines/dev/single/host"}}
    world.deploy({"Group": group})
    assert one("leftovers", subject_of([])).state is State.OK
