"""A deployed tier is found by its stack, and what cannot be moved is said before anything is."""

from __future__ import annotations

import pytest

from operate.__main__ import promote
from operate.account import Account
from operate.context import read_settings
from operate.side import CHANGES, MoveError, Side
from tests.operate.world import NEVER_SIGNALLED, World

BUCKETS = {
    "BucketsMedia1A2B3C4D": {"Type": "AWS::S3::Bucket"},
    "BucketsBackups1A2B3C4D": {"Type": "AWS::S3::Bucket"},
    "BucketsLogs1A2B3C4D": {"Type": "AWS::S3::Bucket"},
}
SINGLE = read_settings(["tier=single", "domain=multas.example"])
ZONE = ["domain=multas.example", "hosted_zone_id=Z0123456789ABCDEFGHIJ", "hosted_zone_name=multas.example"]


def found(world: World) -> Side:
    return Side.find(Account(world.region, changes=CHANGES), SINGLE)


def test_a_tier_has_a_group_and_two_buckets(world: World) -> None:
    world.deploy(BUCKETS, outputs={"GroupName": "group-of-the-tier"})
    side = found(world)
    assert (side.tier, side.name, side.group) == ("single", "fines-dev-single", "group-of-the-tier")
    assert side.media.startswith("fines-dev-single-bucketsmedia")
    assert side.backups.startswith("fines-dev-single-bucketsbackups")


def test_a_tier_that_is_not_there_is_to_be_deployed_first(world: World) -> None:
    with pytest.raises(MoveError, match="fines-dev-single is not there: deploy it first"):
        found(world)


def test_a_tier_that_was_rolled_back_is_told_with_its_state(world: World) -> None:
    world.deploy(BUCKETS | NEVER_SIGNALLED)
    with pytest.raises(MoveError, match="fines-dev-single is ROLLBACK_COMPLETE"):
        found(world)


def test_a_group_without_machines_moves_nothing(world: World) -> None:
    world.deploy(BUCKETS, outputs={"GroupName": "group-of-the-tier"})
    with pytest.raises(MoveError, match="no machine in service"):
        found(world).run("state")


def test_closed_paths_are_said_with_the_setting(capsys: pytest.CaptureFixture[str]) -> None:
    assert promote("single", "asg", ZONE) == 2
    assert "moves_between=single,asg" in capsys.readouterr().err


def test_a_tier_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert promote("single", "three", ZONE) == 2
    assert "tier='three': use one of" in capsys.readouterr().err


def test_what_stops_a_move_is_told_on_one_line(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert promote("single", "asg", [*ZONE, "moves_between=single,asg"]) == 1
    assert "✗ the stack fines-dev-single is not there" in capsys.readouterr().out
