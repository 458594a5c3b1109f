"""Who deploys and where to: each way that this can be wrong is said, with what to do, and without a traceback."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from operate.account import Account
from operate.finding import State
from operate.trouble import explain
from tests.operate.world import World, look, one, subject_of

PROJECT = Path(__file__).resolve().parents[2]


def test_the_user_and_the_account_are_named(world: World) -> None:
    found = one("credentials", subject_of([]))
    assert found.state is State.OK
    assert found.seen == f"account {world.number}, as user/operator"


def test_the_root_user_is_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "AWS_ACCESS_KEY_ID", world.number
    )  # the local AWS takes an account's number for its root user's key
    found = one("credentials", subject_of([]))
    assert found.state is State.STOPS
    assert f"root user of account {world.number}" in found.seen and "AWS_PROFILE" in found.do


@pytest.fixture
def role(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A profile that takes a role, which the user may not take yet; the role's ARN."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{world.number}:root"}}
    arn = f"arn:aws:iam::{world.number}:role/deployer"
    world("iam").create_role(RoleName="deployer", AssumeRolePolicyDocument=_policy(trust))
    config = tmp_path / "config"
    config.write_text(
        f"[profile base]\naws_access_key_id = {world.key}\naws_secret_access_key = {world.secret}\n"
        f"[profile deployer]\nrole_arn = {arn}\nsource_profile = base\nrole_session_name = ana\n"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "deployer")
    return arn


def test_a_profile_whose_role_is_taken_is_named_by_the_role(
    world: World, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    may = _policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role})
    with monkeypatch.context() as without:
        without.delenv("AWS_PROFILE")
        world("iam").put_user_policy(UserName="operator", PolicyName="take", PolicyDocument=may)
    found = one("credentials", subject_of([]))
    assert found.state is State.OK and found.seen.endswith("as assumed-role/deployer/ana")


def test_a_profile_whose_role_cannot_be_taken_stops_without_a_traceback(role: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "operate", "preflight", "-c", "domain=fines.example"],
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and done.stderr == ""
    assert "the profile's credentials cannot be had" in done.stdout and "sts:AssumeRole" in done.stdout


def test_keys_that_aws_does_not_know_are_told_apart_from_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    unknown = one("credentials", subject_of([]))
    assert unknown.state is State.STOPS and "does not know the credentials" in unknown.seen
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    none = one("credentials", subject_of([]))
    assert none.state is State.STOPS and "no credentials" in none.seen and "aws configure" in none.do


def test_a_profile_that_does_not_exist_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    found = one("credentials", subject_of([]))
    assert found.state is State.STOPS and "nobody" in found.seen


def test_an_endpoint_that_cannot_be_reached_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # nobody listens
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        found = one("credentials", subject_of([]))
    assert found.state is State.STOPS
    assert "127.0.0.1" in found.seen and "network" in found.do


def test_a_user_who_may_not_look_is_told_which_permission_is_missing(world: World) -> None:
    world("iam").detach_user_policy(UserName="operator", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    subject = subject_of([])
    assert one("credentials", subject).state is State.OK  # who one is needs no permission
    denied = [*look("region", subject), *look("stack", subject), *look("machine image", subject)]
    assert [finding.state for finding in denied] == [State.WARNING] * 3
    assert "DescribeRegions" in denied[0].do and "ReadOnlyAccess" in denied[0].do


def test_the_region_and_the_zone_of_the_host_are_named(world: World) -> None:
    assert "us-east-1a" in one("region", subject_of([])).seen
    assert "us-east-1b" in one("region", subject_of(["zone=1"])).seen


def test_a_region_that_aws_does_not_have_stops(world: World) -> None:
    found = one("region", subject_of(["region=us-east-9"]))
    assert found.state is State.STOPS and "us-east-9" in found.seen


def test_a_region_that_is_not_enabled_stops_with_the_command() -> None:
    client = boto3.client("ec2", region_name="us-east-1", aws_access_key_id="stub", aws_secret_access_key="stub")
    with Stubber(client) as stubber:  # the local AWS has every region enabled
        stubber.add_response(
            "describe_regions", {"Regions": [{"RegionName": "us-east-1", "OptInStatus": "not-opted-in"}]}
        )
        found = one("region", subject_of([], account=Account("us-east-1", clients={"ec2": client})))
    assert found.state is State.STOPS and "aws account enable-region --region-name us-east-1" in found.do


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "RequestExpired"])
def test_credentials_that_have_expired_are_told_apart(code: str) -> None:
    found = explain("stack", ClientError({"Error": {"Code": code, "Message": "The token has expired"}}, "GetRole"))
    assert found.state is State.STOPS and "have expired" in found.seen and "aws sso login" in found.do


def test_zones_are_those_with_a_default_subnet_as_the_template_gets_them(world: World) -> None:
    ec2 = world("ec2")
    for subnet in ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]:
        if subnet["AvailabilityZone"] != "us-east-1c":
            ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    assert "us-east-1c" in one("region", subject_of([])).seen
    second = one("region", subject_of(["zone=1"]))
    assert second.state is State.STOPS and second.do == "cdk deploy -c tier=single -c domain=fines.example -c zone=0"


def _policy(statement: Mapping[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
