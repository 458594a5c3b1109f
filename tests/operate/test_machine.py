"""The machine that the settings name can be had, or it is said why not."""

from __future__ import annotations

import boto3
import pytest
from botocore.stub import Stubber

from operate.account import Account
from operate.finding import Finding, State
from tests.operate.server import IMAGES, NEWEST, RELEASE
from tests.operate.world import World, one, subject_of


def registered(world: World, *, architecture: str = "arm64", root: str = "/dev/xvda", gib: int = 8) -> str:
    answer = world("ec2").register_image(
        Name=f"own-{architecture}-{gib}-{root.replace('/', '-')}",
        Architecture=architecture,
        RootDeviceName=root,
        VirtualizationType="hvm",
        BlockDeviceMappings=[{"DeviceName": root, "Ebs": {"VolumeSize": gib, "SnapshotId": "snap-0123456789abcdef0"}}],
    )
    return str(answer["ImageId"])


def test_the_default_type_is_to_be_had_in_the_zone(world: World) -> None:
    assert one("instance type", subject_of([])).state is State.OK
    assert one("instance type", subject_of(["cpu=x86_64"])).seen.startswith("t3.small (x86_64)")


def test_a_type_that_the_region_lacks_stops(world: World) -> None:
    found = one("instance type", subject_of(["instance_type=t9g.small"]))
    assert found.state is State.STOPS and "t9g.small" in found.seen and "describe-instance-types" in found.do


def test_a_type_of_the_other_processor_stops(world: World) -> None:
    found = one("instance type", subject_of(["instance_type=m99.large", "cpu=x86_64"]))
    assert found.state is State.STOPS and found.seen == "m99.large is arm64, and cpu=x86_64"
    assert found.do.endswith("-c cpu=arm64")


def test_a_type_that_another_zone_has_stops_with_that_zone(world: World) -> None:
    words = ["instance_type=m7g.large"]
    found = one("instance type", subject_of(words))
    assert (
        found.state is State.STOPS
        and found.do == "cdk deploy -c tier=single -c domain=fines.example -c instance_type=m7g.large -c zone=1"
    )
    assert one("instance type", subject_of([*words, "zone=1"])).state is State.OK
    third = one("instance type", subject_of(["instance_type=c7g.xlarge"]))
    assert third.state is State.STOPS and "us-east-1c" in third.seen and "instance_type=TYPE" in third.do


@pytest.mark.parametrize(("cpu", "place"), [("arm64", 0), ("x86_64", 1)])
def test_without_a_setting_the_image_is_debians_newest(world: World, cpu: str, place: int) -> None:
    found = one("machine image", subject_of([f"cpu={cpu}"]))
    assert found.state is State.OK and IMAGES[NEWEST][place] in found.seen and "newest" in found.seen


def test_an_image_of_ones_own_is_good_when_it_fits(world: World) -> None:
    found = one("machine image", subject_of([f"machine_image={registered(world)}"]))
    assert found.state is State.OK and "own-arm64" in found.seen


def test_a_parameter_or_an_image_that_is_not_there_stops(world: World) -> None:
    missing = one("machine image", subject_of([f"machine_image={RELEASE}/20200101-1/arm64"]))
    assert missing.state is State.STOPS and "20200101-1" in missing.seen and "upgrade-check" in missing.do
    gone = one("machine image", subject_of(["machine_image=ami-0123456789abcdef0"]))
    assert gone.state is State.STOPS and "ami-0123456789abcdef0" in gone.seen


def test_an_image_for_another_processor_stops(world: World) -> None:
    found = one("machine image", subject_of([f"machine_image={registered(world, architecture='x86_64')}"]))
    assert found.state is State.STOPS and "x86_64, and cpu=arm64" in found.seen and "-c cpu=x86_64" in found.do


@pytest.mark.parametrize(("root", "gib"), [("/dev/sda1", 8), ("/dev/xvda", 40)])
def test_an_image_whose_root_disk_the_template_would_miss_stops(world: World, root: str, gib: int) -> None:
    found = one("machine image", subject_of([f"machine_image={registered(world, root=root, gib=gib)}"]))
    assert found.state is State.STOPS and root in found.seen and str(gib) in found.seen


@pytest.mark.parametrize(("end", "state"), [("2020-01-01", State.WARNING), ("2999-01-01", State.OK)])
def test_an_image_that_its_makers_gave_up_is_a_warning(end: str, state: State) -> None:
    found = described(DeprecationTime=f"{end}T00:00:00.000Z")
    assert found.state is state and (end in found.seen) == (state is State.WARNING)


def test_an_image_that_cannot_be_started_yet_stops() -> None:
    found = described(State="pending")
    assert found.state is State.STOPS and found.seen.endswith("is pending")


def described(**changed: str) -> Finding:
    """What is found of an image; the local AWS deprecates none, and has none that is not there yet."""
    image = {
        "ImageId": "ami-0123456789abcdef0",
        "Name": "debian-13-arm64",
        "State": "available",
        "Architecture": "arm64",
        "RootDeviceName": "/dev/xvda",
    } | changed
    client = boto3.client("ec2", region_name="us-east-1", aws_access_key_id="stub", aws_secret_access_key="stub")
    with Stubber(client) as stubber:
        stubber.add_response("describe_images", {"Images": [image]})
        account = Account("us-east-1", clients={"ec2": client})
        return one("machine image", subject_of(["machine_image=ami-0123456789abcdef0"], account=account))
