"""A database's standby takes over when it has all that was acknowledged, and only once the primary can take nothing any more."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from ministack.services import rds

from rehearsal.cloud import databases, postgresql
from rehearsal.cloud.databases import Database, Databases
from rehearsal.cloud.instances import tell_what_is_left_out
from rehearsal.cloud.interfaces import Interface, exposures
from rehearsal.machines.network import Opening

NAME, ADDRESS = "fines-dev-asg", "fines-dev-asg.0a1b.us-east-1.rds.amazonaws.com"


def appliance(number: int, zone: str) -> Any:
    return SimpleNamespace(
        machine=SimpleNamespace(id=f"rds-{NAME}-{number}", alive=True), address=f"10.0.{number}.10", zone=zone
    )


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An instance whose standby is in step; `done` is what was done to its machines, in order."""
    record = {
        "DBInstanceIdentifier": NAME,
        "DBInstanceArn": f"arn:aws:rds:us-east-1:000000000000:db:{NAME}",
        "DBInstanceStatus": "available",
        "MultiAZ": True,
        "BackupRetentionPeriod": 7,
        "AvailabilityZone": "us-east-1a",
        "SecondaryAvailabilityZone": "us-east-1b",
    }
    monkeypatch.setitem(rds._instances, NAME, record)
    done: list[tuple[str, str]] = []
    stage = Databases.__new__(Databases)
    stage._appliances = SimpleNamespace(end=lambda gone: done.append(("power off", gone.machine.id)))  # type: ignore[assignment]
    stage._names = SimpleNamespace(lead=lambda name, to: done.append(("name", *to)))  # type: ignore[assignment]
    stage._seen = SimpleNamespace(add=lambda machine, what: None)  # type: ignore[assignment]
    stage._plain_reboot = lambda params: (404, {}, b"DBInstanceNotFound")
    monkeypatch.setattr(postgresql, "promote", lambda server: done.append(("promote", server.machine.id)))
    monkeypatch.setattr(postgresql, "restart", lambda server: done.append(("restart", server.machine.id)))
    monkeypatch.setattr(postgresql, "is_followed", lambda server: True)
    monkeypatch.setattr(
        postgresql, "wait_for_copy", lambda server, wanted: done.append((f"wait {wanted}", server.machine.id))
    )
    kind = postgresql.Kind(ADDRESS, SimpleNamespace(), {}, "")  # type: ignore[arg-type]
    first, second = appliance(1, "us-east-1a"), appliance(2, "us-east-1b")
    database = Database(NAME, kind, first, standby=second, in_step=True, made=2, backed_up_at=time.time())
    stage._running = {NAME: database}
    return SimpleNamespace(stage=stage, database=database, record=record, done=done, first=first, second=second)


def noticed(world: Any) -> None:
    """Looks twice, with as much time between as it takes to believe what is seen."""
    world.stage._look_at_all()
    if world.database.lost_at is not None:
        world.database.lost_at -= databases.NOTICE
    world.stage._look_at_all()


def test_a_primary_without_power_is_done_away_with_before_its_standby_takes_writes_and_the_name(world: Any) -> None:
    world.first.machine.alive = False
    noticed(world)
    assert world.done == [
        ("power off", world.first.machine.id),
        ("promote", world.second.machine.id),
        ("name", world.second.address),
    ]
    assert (world.record["AvailabilityZone"], world.record["SecondaryAvailabilityZone"]) == ("us-east-1b", "")
    assert world.database.primary is world.second and world.database.standby is None


def test_a_moment_without_power_is_no_reason_to_fail_over(world: Any) -> None:
    world.first.machine.alive = False
    world.stage._look_at_all()
    world.stage._look_at_all()
    assert not world.done


def test_a_standby_that_may_lack_something_is_never_promoted(world: Any) -> None:
    world.database.in_step = False
    world.first.machine.alive = False
    noticed(world)
    assert not world.done
    assert world.record["DBInstanceStatus"] == "failed"


def test_commits_wait_no_longer_for_a_standby_that_lost_power(world: Any) -> None:
    world.second.machine.alive = False
    world.stage._look_at_all()
    assert world.done == [("wait False", world.first.machine.id), ("power off", world.second.machine.id)]
    assert world.record["SecondaryAvailabilityZone"] == ""


def test_commits_wait_no_longer_for_a_standby_that_does_not_follow(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "is_followed", lambda server: False)
    world.stage._look_at_all()
    assert world.done == [("wait False", world.first.machine.id), ("power off", world.second.machine.id)]
    assert not world.database.in_step


def test_an_instance_that_is_to_be_in_one_zone_loses_its_standby(world: Any) -> None:
    world.record["MultiAZ"] = False
    world.stage._look_at_all()
    assert world.done == [("wait False", world.first.machine.id), ("power off", world.second.machine.id)]
    world.stage._look_at_all()
    assert len(world.done) == 2


@pytest.mark.parametrize(
    ("multi_az", "in_step", "code"),
    [(False, False, b"InvalidParameterCombination"), (True, False, b"InvalidDBInstanceState")],
)
def test_a_failover_is_refused_where_nobody_could_take_over(
    world: Any, multi_az: bool, in_step: bool, code: bytes
) -> None:
    world.record["MultiAZ"], world.database.in_step = multi_az, in_step
    status, _, body = world.stage._reboot({"DBInstanceIdentifier": [NAME], "ForceFailover": ["true"]})
    assert status == 400 and code in body
    assert not world.done


@pytest.mark.parametrize(("forced", "did"), [("true", "promote"), ("false", "restart")])
def test_a_reboot_fails_over_only_where_it_is_asked_to(world: Any, forced: str, did: str) -> None:
    world.record |= {"DBInstanceClass": "db.t4g.medium", "Engine": "postgres", "EngineVersion": "17.6"}
    world.record |= {"MasterUsername": "m", "AllocatedStorage": 20}
    status, _, body = world.stage._reboot({"DBInstanceIdentifier": [NAME], "ForceFailover": [forced]})
    assert status == 200 and b"rebooting" in body
    deadline = time.monotonic() + 5
    while world.record["DBInstanceStatus"] != "available" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert did in [what for what, *_ in world.done]
    assert ("promote" in [what for what, *_ in world.done]) is (forced == "true")


def test_both_machines_end_with_the_instance(world: Any) -> None:
    world.stage._plain = {"delete": lambda id, properties: world.done.append(("record", id))}
    world.stage._delete(NAME, {})
    assert world.done == [
        ("name",),
        ("power off", world.second.machine.id),
        ("power off", world.first.machine.id),
        ("record", NAME),
    ]


def test_rds_tells_the_standbys_zone_once_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rds, "_instance_xml", lambda record: "<EnabledCloudwatchLogsExports/>")
    tell_what_is_left_out()
    assert "Secondary" not in rds._instance_xml({"SecondaryAvailabilityZone": ""})
    told = rds._instance_xml({"SecondaryAvailabilityZone": "us-east-1b", "EnabledCloudwatchLogsExports": ["upgrade"]})
    assert "<SecondaryAvailabilityZone>us-east-1b</SecondaryAvailabilityZone>" in told
    assert "<member>upgrade</member>" in told


def test_machines_of_one_service_reach_each_other_behind_their_security_groups() -> None:
    between = Opening("tcp", 5432, 5432, "10.0.2.10/32")
    (told,) = exposures({"10.0.1.10": Interface((), None, [between])})
    assert told.openings == (between,)
