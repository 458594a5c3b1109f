"""A moment of a database comes back as another instance, if it lies within what was kept; that one goes with its machine."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ministack.services import rds

from rehearsal.cloud import moments, postgresql
from rehearsal.cloud.databases import PAST_OF, Database, Databases
from rehearsal.cloud.moments import Moments

NAME, THEN = "fines-dev-asg", "fines-dev-asg-restored-then"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An instance that was backed up an hour ago; `done` is what was asked of those behind the calls."""
    monkeypatch.setattr(rds, "_instances", {})
    monkeypatch.setattr(rds, "_ACTION_MAP", dict(rds._ACTION_MAP))
    rds._ACTION_MAP["CreateDBInstance"](
        {"DBInstanceIdentifier": NAME, "DBInstanceClass": "db.t4g.medium", "Engine": "postgres"}
    )
    record = rds._instances[NAME]
    record |= {
        "DBInstanceStatus": "available",
        "BackupRetentionPeriod": 7,
        "MultiAZ": True,
        "DeletionProtection": True,
        "Endpoint": {"Address": f"{NAME}.0a1b.us-east-1.rds.amazonaws.com", "Port": 5432},
    }
    done: list[tuple[str, ...]] = []
    primary = cast(Any, SimpleNamespace(machine=SimpleNamespace(id="rds-1", alive=True)))
    source = Database(NAME, cast(Any, SimpleNamespace(name="")), primary, backed_up_at=time.time() - 3600)
    running = {NAME: source}

    def bring_back(of: Database, record: dict[str, Any], moment: str) -> None:
        done.append(("made", record["DBInstanceIdentifier"], record[PAST_OF], moment))
        running[record["DBInstanceIdentifier"]] = source

    stage = SimpleNamespace(running=running.get, bring_back=bring_back, end=lambda id: done.append(("ended", id)))
    monkeypatch.setattr(postgresql, "keep_until_now", lambda server: done.append(("kept", server.machine.id)))
    Moments(cast(Databases, stage))
    return SimpleNamespace(done=done, record=record, source=source)


def asked(call: str, **params: str) -> tuple[int, str]:
    """The status and the body of a call's answer, once what it began is over."""
    status, _, body = rds._ACTION_MAP[call](params)
    for thread in threading.enumerate():
        if thread.name.startswith("restore "):
            thread.join(10)
    return status, body.decode() if isinstance(body, bytes) else body


def restored(**params: str) -> tuple[int, str]:
    names = {"SourceDBInstanceIdentifier": NAME, "TargetDBInstanceIdentifier": THEN}
    return asked("RestoreDBInstanceToPointInTime", **names, **params)


def at(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def test_a_moment_of_the_last_hour_is_another_instance_with_a_name_of_its_own(world: Any) -> None:
    status, _ = restored(RestoreTime=at(-60), MultiAZ="false", **{"VpcSecurityGroupIds.VpcSecurityGroupId.1": "sg-1"})
    assert status == 200
    assert [step[0] for step in world.done] == ["kept", "made"]
    assert world.done[1][1:3] == (THEN, NAME)
    made = rds._instances[THEN]
    assert made["DBInstanceStatus"] == "available"
    assert made["Endpoint"]["Address"].startswith(f"{THEN}.0a1b.")
    assert made["DBInstanceArn"].endswith(f":{THEN}")
    assert [group["VpcSecurityGroupId"] for group in made["VpcSecurityGroups"]] == ["sg-1"]
    assert not made["MultiAZ"] and not made["DeletionProtection"]
    assert world.record["Endpoint"]["Address"].startswith(f"{NAME}.0a1b.")


@pytest.mark.parametrize(
    "given", [{"RestoreTime": at(3600)}, {"RestoreTime": at(-7200)}, {"RestoreTime": "yesterday"}, {}]
)
def test_a_moment_that_was_not_kept_is_refused_with_what_to_write(world: Any, given: dict[str, str]) -> None:
    status, body = restored(**given)
    assert status == 400 and "InvalidParameterValue" in body and "in UTC, as in" in body
    assert THEN not in rds._instances and world.done == []


def test_an_instance_that_keeps_no_backups_or_is_not_there_has_no_moments(world: Any) -> None:
    world.record["BackupRetentionPeriod"] = 0
    assert "PointInTimeRestoreNotEnabled" in restored(UseLatestRestorableTime="true")[1]
    names = {"SourceDBInstanceIdentifier": "another", "TargetDBInstanceIdentifier": THEN}
    assert asked("RestoreDBInstanceToPointInTime", **names)[0] == 404


def test_a_name_that_is_taken_is_refused(world: Any) -> None:
    taken = {"SourceDBInstanceIdentifier": NAME, "TargetDBInstanceIdentifier": NAME, "UseLatestRestorableTime": "true"}
    assert "DBInstanceAlreadyExists" in asked("RestoreDBInstanceToPointInTime", **taken)[1]


def test_what_cannot_be_made_is_failed_and_says_so(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(server: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(postgresql, "keep_until_now", full)
    assert restored(UseLatestRestorableTime="true")[0] == 200
    assert rds._instances[THEN]["DBInstanceStatus"] == "failed"


def test_what_was_brought_back_goes_with_its_machine_and_a_protected_one_stays(world: Any) -> None:
    restored(UseLatestRestorableTime="true")
    assert asked("DeleteDBInstance", DBInstanceIdentifier=NAME, SkipFinalSnapshot="true")[0] == 400
    assert asked("DeleteDBInstance", DBInstanceIdentifier=THEN, SkipFinalSnapshot="true")[0] == 200
    assert THEN not in rds._instances and world.done[-1] == ("ended", THEN)
    assert [step for step in world.done if step[0] == "ended"] == [("ended", THEN)]


def test_moments_are_read_in_utc() -> None:
    assert moments._moment("2026-01-31T12:00:00") == moments._moment("2026-01-31T12:00:00Z")
