"""A group waits for a host that ends as long as the host says that it is at work, and no longer."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from ministack.services import autoscaling, ec2

from rehearsal.cloud.fleet import Fleet
from rehearsal.cloud.group import Group
from rehearsal.cloud.groups import note_what_is_dropped
from rehearsal.cloud.hooks import Hooks

HOST, GROUP, HEARTBEAT = "i-0123456789abcdef0", "fines-test", 1
CALL = {"AutoScalingGroupName": [GROUP], "LifecycleHookName": ["stop-cleanly"], "InstanceId": [HOST]}


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A fleet whose one host is being ended in a thread; `ended` tells after how many seconds it was."""
    hook = {
        "LifecycleHookName": "stop-cleanly",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
        "HeartbeatTimeout": HEARTBEAT,
    }
    group = Group(GROUP, "stack", "HostGroup", {"LifecycleHookSpecificationList": [hook]}, lambda *_: "healthy")
    record = {"InstanceId": HOST, "LifecycleState": "InService"}
    monkeypatch.setitem(autoscaling._asgs, GROUP, {"Instances": [record]})
    monkeypatch.setitem(ec2._instances, HOST, {"State": {"Name": "running"}})
    fleet = Fleet.__new__(Fleet)
    fleet._groups, fleet._hooks = {GROUP: group}, Hooks()
    fleet._machines = SimpleNamespace(instance=lambda _: SimpleNamespace(), terminate=lambda _: None)  # type: ignore[assignment]
    fleet._seen = SimpleNamespace(add=lambda *_: None)  # type: ignore[assignment]
    began = time.monotonic()
    thread = threading.Thread(target=fleet._end, args=(group, record))
    thread.start()
    while record["LifecycleState"] != "Terminating:Wait":
        time.sleep(0.01)

    def ended() -> float:
        thread.join(timeout=10)
        assert not thread.is_alive()
        return time.monotonic() - began

    yield SimpleNamespace(fleet=fleet, ended=ended)
    thread.join(timeout=10)


def test_a_host_that_says_nothing_is_given_up_after_the_heartbeat(ending: Any) -> None:
    assert ending.ended() >= HEARTBEAT


def test_a_host_that_says_that_it_is_at_work_is_waited_for(ending: Any) -> None:
    for _ in range(3):
        time.sleep(HEARTBEAT * 0.6)
        assert ending.fleet._hooks.hear(CALL)[0] == 200
    assert ending.ended() >= 3 * 0.6 * HEARTBEAT + HEARTBEAT


def test_a_host_that_is_done_is_not_waited_for(ending: Any) -> None:
    ending.fleet._hooks.hear(CALL)
    assert ending.fleet._hooks.complete(CALL)[0] == 200
    assert ending.ended() < HEARTBEAT


def test_a_host_that_nobody_ends_is_told_so(ending: Any) -> None:
    status, _, body = ending.fleet._hooks.hear(CALL | {"InstanceId": ["i-0fedcba9876543210"]})
    assert status == 400
    assert b"No active Lifecycle Action" in (body if isinstance(body, bytes) else body.encode())


def test_a_policy_that_is_not_played_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(autoscaling._asgs, GROUP, {})
    policy = {"MinHealthyPercentage": 50, "MaxHealthyPercentage": 120}
    with pytest.raises(ValueError, match="of maintenance policies only 0 to 100 percent, and those that launch"):
        note_what_is_dropped(GROUP, {"InstanceMaintenancePolicy": policy})


def test_a_host_that_is_ended_while_it_is_launched_answers_the_hook_of_its_end() -> None:
    hooks, launched = Hooks(), threading.Event()
    launch = {"LifecycleHookName": "serve-first", "HeartbeatTimeout": 30}
    stop = {"LifecycleHookName": "stop-cleanly", "HeartbeatTimeout": 30}
    answers: list[tuple[str, bool]] = []

    def wait(hook: dict[str, Any], alive: Any) -> None:
        answers.append(hooks.wait(GROUP, HOST, hook, alive=alive))

    first = threading.Thread(target=wait, args=(launch, lambda: not launched.is_set()))
    first.start()
    while not hooks._actions:
        time.sleep(0.01)
    second = threading.Thread(target=wait, args=(stop, lambda: True))
    second.start()
    while hooks._actions[GROUP, HOST].hook != "stop-cleanly":
        time.sleep(0.01)
    launched.set()
    first.join(timeout=10)
    assert hooks.complete(CALL)[0] == 200
    second.join(timeout=10)
    assert answers == [("ABANDON", False), ("CONTINUE", True)]
