"""What the CDK needs first: not there, too old, broken, or left over."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from operate.checks import bootstrap
from operate.finding import State
from tests.operate.world import NEVER_SIGNALLED, World, one, subject_of
from tests.stacks.synthesis import assemble

PROJECT = Path(__file__).resolve().parents[2]


def toolkit(world: World, *, version: str | None, bucket: bool = True) -> str:
    """The bootstrap stack as the CLI makes it, as far as the check looks; returns its command."""
    resources: dict[str, Any] = {"Topic": {"Type": "AWS::SNS::Topic"}}
    if version is not None:
        resources["Version"] = {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": bootstrap.PARAMETER, "Type": "String", "Value": version},
        }
    if bucket:
        make_bucket(world)
    assert world.deploy(resources, name="CDKToolkit") == "CREATE_COMPLETE"
    return f"cdk bootstrap aws://{world.number}/{world.region}"


def make_bucket(world: World) -> str:
    name = f"cdk-hnb659fds-assets-{world.number}-{world.region}"
    world("s3").create_bucket(Bucket=name)
    return name


def test_the_version_that_the_pinned_cli_brings_is_read_from_its_own_template() -> None:
    assert bootstrap.wanted_version() >= 30
    assert bootstrap.wanted_version(Path("no-such-template")) == 0


def test_the_version_that_is_asked_for_at_least_is_the_assemblys() -> None:
    with tempfile.TemporaryDirectory() as folder:
        assemble(Path(folder))
        manifest = json.loads((Path(folder) / "manifest.json").read_text())
    versions = {
        artifact["properties"]["requiresBootstrapStackVersion"]
        for artifact in manifest["artifacts"].values()
        if "requiresBootstrapStackVersion" in artifact.get("properties", {})
    }
    assert versions == {bootstrap.LEAST}


def test_a_bootstrap_of_the_pinned_version_is_good(world: World) -> None:
    toolkit(world, version=str(bootstrap.wanted_version()))
    assert one("bootstrap", subject_of([])).state is State.OK


def test_none_stops_with_the_command(world: World) -> None:
    found = one("bootstrap", subject_of([]))
    assert found.state is State.STOPS and found.do == f"cdk bootstrap aws://{world.number}/us-east-1"


@pytest.mark.parametrize(("version", "state"), [("5", State.STOPS), ("20", State.WARNING)])
def test_an_old_one_stops_or_warns(world: World, version: str, state: State) -> None:
    command = toolkit(world, version=version)
    found = one("bootstrap", subject_of([]))
    assert found.state is state and found.do == command and f"version {version}" in found.seen


def test_a_stack_without_its_parameter_or_its_bucket_stops(world: World) -> None:
    toolkit(world, version=None)
    assert "is not" in one("bootstrap", subject_of([])).seen
    world("ssm").put_parameter(Name=bootstrap.PARAMETER, Value="33", Type="String")
    assert one("bootstrap", subject_of([])).state is State.OK
    world("s3").delete_bucket(Bucket=f"cdk-hnb659fds-assets-{world.number}-{world.region}")
    gone = one("bootstrap", subject_of([]))
    assert gone.state is State.STOPS and "is gone" in gone.seen and "CDKToolkit" in gone.do


def test_a_bucket_that_an_earlier_bootstrap_left_stops(world: World) -> None:
    bucket = make_bucket(world)
    found = one("bootstrap", subject_of([]))
    assert found.state is State.STOPS and f"aws s3 rb s3://{bucket} --force" in found.do


def test_a_bootstrap_that_was_rolled_back_stops_with_the_reason(world: World) -> None:
    assert world.deploy(NEVER_SIGNALLED, name="CDKToolkit") == "ROLLBACK_COMPLETE"
    found = one("bootstrap", subject_of([]))
    assert found.state is State.STOPS and "ROLLBACK_COMPLETE" in found.seen and "Wait: " in found.seen
