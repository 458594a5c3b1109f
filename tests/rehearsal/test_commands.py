"""Run Command reaches the machines of a run, and tells how their scripts ended."""

from __future__ import annotations

import json
import subprocess
import time
from types import SimpleNamespace
from typing import Any

import pytest
from ministack.services import ec2, ssm

from rehearsal.cloud import commands

HERE, DEAD = "i-0123456789abcdef0", "i-0fedcba9876543210"


def _run(*command: str, **_: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two instances of which one has power; what stands for the machine is this system's own shell."""
    for module, name in (
        (ec2, "instance_is_managed"),
        (ec2, "exec_in_instance_blocking"),
        (ssm, "_send_command"),
    ):
        monkeypatch.setattr(module, name, getattr(module, name))  # put back afterwards
    for id in (HERE, DEAD):
        monkeypatch.setitem(ec2._instances, id, {"State": {"Name": "running"}})
    machines = {id: SimpleNamespace(alive=id == HERE, run=_run) for id in (HERE, DEAD)}
    commands.play(SimpleNamespace(machines=machines))  # type: ignore[arg-type]


def _ask(call: Any, **data: Any) -> tuple[int, dict[str, Any]]:
    status, _, body = call(data)
    return status, json.loads(body)


def _end(*lines: str) -> dict[str, Any]:
    status, told = _ask(
        ssm._send_command,
        DocumentName="AWS-RunShellScript",
        InstanceIds=[HERE],
        Parameters={"commands": list(lines)},
    )
    assert status == 200
    until = time.monotonic() + 10
    while time.monotonic() < until:
        _, found = _ask(ssm._get_command_invocation, CommandId=told["Command"]["CommandId"], InstanceId=HERE)
        if found["Status"] not in ("Pending", "InProgress"):
            return found
        time.sleep(0.02)
    raise AssertionError(found)


def test_a_script_runs_in_the_machine_and_its_words_come_back(played: None) -> None:
    found = _end("x=3", "echo it is $x", "echo trouble >&2")
    assert (found["Status"], found["ResponseCode"]) == ("Success", 0)
    assert (found["StandardOutputContent"], found["StandardErrorContent"]) == ("it is 3\n", "trouble\n")


def test_a_script_that_fails_is_said_to_have_failed(played: None) -> None:
    found = _end("echo no >&2; exit 7")
    assert (found["Status"], found["ResponseCode"], found["StandardErrorContent"]) == ("Failed", 7, "no\n")


def test_a_machine_without_power_is_not_reached(played: None) -> None:
    status, told = _ask(
        ssm._send_command,
        DocumentName="AWS-RunShellScript",
        InstanceIds=[DEAD],
        Parameters={"commands": ["true"]},
    )
    assert status == 400 and told["__type"] == "InvalidInstanceId"


def test_no_other_document_is_said_to_have_gone_well(played: None) -> None:
    status, told = _ask(ssm._send_command, DocumentName="AWS-RunPatchBaseline", InstanceIds=[HERE], Parameters={})
    assert status == 400 and told["__type"] == "InvalidDocument"
