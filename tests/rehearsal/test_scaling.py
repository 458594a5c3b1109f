"""The clockwork behind a group: it stands with its clock, and moves the group's sizes within their bounds when that runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ministack.services import autoscaling, cloudwatch

from rehearsal.cloud.clock import Clock, Setting
from rehearsal.cloud.figures import note
from rehearsal.cloud.group import Group
from rehearsal.cloud.groups import sizes, sizes_after
from rehearsal.cloud.scaling import Scaling

NAME = "fines-scaled"
MORNING = datetime(2027, 3, 1, 7, 49, 30, tzinfo=UTC)
PACE = 60.0
SIZES = {"MinSize": 2, "MaxSize": 4, "DesiredCapacity": 2}


@pytest.fixture(autouse=True)
def records() -> Iterator[None]:
    names = ["i-1", "i-2"]
    serving = [{"InstanceId": each, "LifecycleState": "InService", "AvailabilityZone": "a"} for each in names]
    autoscaling._asgs[NAME] = {"AutoScalingGroupName": NAME, **SIZES, "Instances": serving}
    yield
    for store in (autoscaling._asgs, autoscaling._scheduled_actions, autoscaling._policies, cloudwatch._metrics):
        store.clear()


class Bench:
    """A group's clockwork whose time a test lets pass."""

    def __init__(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock, self.suspended, self.now = Clock(file), set[str](), 1_800_000_000.0
        self.group = Group(NAME, "stack", "HostGroup", {"DefaultInstanceWarmup": 90}, lambda *_: "healthy")
        self.group.entered = dict.fromkeys(["i-1", "i-2", "i-3"], -1e9)
        self.scaling = Scaling(clock=self.clock, groups=lambda: [self.group], suspended=lambda _: self.suspended)
        monkeypatch.setattr(time, "time", lambda: self.now)

    def minutes(self, count: int) -> None:
        for _ in range(count):
            self.now += 60 / PACE
            self.scaling.step()

    def requests(self, a_minute: float, *, minutes: int) -> None:
        """So many requests a minute for each target, told as the load balancer does, while minutes pass."""
        for _ in range(minutes):
            note(
                "AWS/ApplicationELB",
                "RequestCountPerTarget",
                a_minute / PACE,
                {"TargetGroup": "targetgroup/t/1"},
                at=self.now + 0.5,
            )
            self.minutes(1)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path / "clock.json", monkeypatch)


def plan(recurrence: str, **given: int) -> None:
    record = {"MinSize": -1, "MaxSize": -1, "DesiredCapacity": -1, **given}
    about = {"ScheduledActionName": recurrence, "AutoScalingGroupName": NAME, "Recurrence": recurrence}
    autoscaling._scheduled_actions[f"{NAME}/{recurrence}"] = about | record


def follow() -> None:
    specification = {
        "PredefinedMetricType": "ALBRequestCountPerTarget",
        "ResourceLabel": "app/b/0/targetgroup/t/1",
    }
    autoscaling._policies[f"{NAME}/requests"] = {
        "PolicyName": "requests",
        "AutoScalingGroupName": NAME,
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingConfiguration": {"PredefinedMetricSpecification": specification, "TargetValue": 1200.0},
    }


def test_a_clock_that_stands_moves_nothing(bench: Bench) -> None:
    plan("* * * * *", MinSize=4)
    bench.minutes(5)
    assert sizes(NAME) == SIZES


def test_an_action_moves_the_minimum_and_with_it_a_size_below_and_no_size_above(bench: Bench) -> None:
    plan("50 7 * * *", MinSize=3)
    plan("0 9 * * *", MinSize=2)
    with bench.clock.running(MORNING, pace=PACE):
        bench.minutes(2)
        assert sizes(NAME) == {"MinSize": 3, "MaxSize": 4, "DesiredCapacity": 3}
        bench.minutes(70)
        assert sizes(NAME) == {"MinSize": 2, "MaxSize": 4, "DesiredCapacity": 3}


def test_a_clock_that_is_set_anew_runs_nothing_of_what_lies_between(bench: Bench) -> None:
    plan("50 7 * * *", MinSize=3)
    with bench.clock.running(MORNING - timedelta(hours=2), pace=PACE):
        bench.minutes(2)
    bench.minutes(1)
    with bench.clock.running(MORNING + timedelta(hours=1), pace=PACE):
        bench.minutes(2)
    assert sizes(NAME) == SIZES


def test_a_minimum_above_the_maximum_is_refused(bench: Bench) -> None:
    plan("50 7 * * *", MinSize=5)
    with bench.clock.running(MORNING, pace=PACE):
        bench.minutes(2)
    assert sizes(NAME) == SIZES


def test_what_is_suspended_moves_nothing(bench: Bench) -> None:
    plan("50 7 * * *", MinSize=3)
    follow()
    bench.suspended = {"ScheduledActions", "AlarmNotification"}
    with bench.clock.running(MORNING, pace=PACE):
        bench.requests(5000, minutes=5)
    assert sizes(NAME) == SIZES


def test_demand_grows_the_group_in_proportion_up_to_its_maximum(bench: Bench) -> None:
    follow()
    with bench.clock.running(MORNING, pace=PACE):
        bench.requests(1700, minutes=2)
        assert sizes(NAME)["DesiredCapacity"] == 2
        bench.requests(1700, minutes=2)
        assert sizes(NAME)["DesiredCapacity"] == 3
        bench.requests(9000, minutes=4)
        assert sizes(NAME)["DesiredCapacity"] == 4


def test_quiet_shrinks_the_group_to_its_minimum_once_all_machines_have_warmed_up(bench: Bench) -> None:
    follow()
    autoscaling._asgs[NAME]["DesiredCapacity"] = 3
    coming: dict[str, Any] = {"InstanceId": "i-3", "LifecycleState": "Pending:Wait", "AvailabilityZone": "a"}
    autoscaling._asgs[NAME]["Instances"].append(coming)
    with bench.clock.running(MORNING, pace=PACE):
        bench.requests(100, minutes=30)
        assert sizes(NAME)["DesiredCapacity"] == 3
        coming["LifecycleState"] = "InService"
        bench.requests(100, minutes=1)
        assert sizes(NAME)["DesiredCapacity"] == 2
        bench.requests(0, minutes=40)
        assert sizes(NAME)["DesiredCapacity"] == 2


def test_a_clock_shows_what_it_was_set_to_and_what_passed(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock.json")
    assert clock.read() is None
    with clock.running(MORNING, pace=20):
        setting = clock.read()
        assert setting is not None
        assert setting.shows(setting.since + 3) == MORNING.timestamp() + 60
    assert clock.read() is None
    assert Setting(100.0, 50.0, 2.0).shows(51.0) == 102.0


IGNORES = {"IgnoreUnmodifiedGroupSizeProperties": True}


def test_an_update_that_leaves_the_sizes_alone_keeps_those_that_the_schedule_made() -> None:
    peak = {"MinSize": 6, "MaxSize": 8, "DesiredCapacity": 7}
    template = {"MinSize": "2", "MaxSize": "8"}
    assert sizes_after(peak, template, template, IGNORES) == peak
    assert sizes_after(peak, template, template, {}) == {"MinSize": 2, "MaxSize": 8, "DesiredCapacity": 7}


def test_an_update_that_changes_one_keeps_the_others_and_the_size_within_them() -> None:
    peak = {"MinSize": 6, "MaxSize": 8, "DesiredCapacity": 7}
    old, new = {"MinSize": "2", "MaxSize": "8"}, {"MinSize": "2", "MaxSize": "6"}
    assert sizes_after(peak, old, new, IGNORES) == {"MinSize": 6, "MaxSize": 6, "DesiredCapacity": 6}


def instances(*zones: str, old: int = 0) -> list[dict[str, Any]]:
    return [
        {
            "InstanceId": f"i-{number}",
            "LifecycleState": "InService",
            "AvailabilityZone": zone,
            "LaunchTemplate": {"LaunchTemplateId": "lt", "Version": "1" if number < old else "2"},
        }
        for number, zone in enumerate(zones)
    ]


def surplus(desired: int, *zones: str, old: int = 0, replacing: bool = False) -> list[str]:
    autoscaling._asgs[NAME] |= {"DesiredCapacity": desired, "Instances": instances(*zones, old=old)}
    chosen = {"LaunchTemplate": {"LaunchTemplateId": "lt", "Version": "2"}}
    group = Group(NAME, "stack", "HostGroup", chosen, lambda *_: "healthy", replacing=replacing)
    return [record["InstanceId"] for record in group.surplus()]


def test_what_is_too_much_goes_from_the_fullest_zone_the_oldest_first() -> None:
    assert surplus(2, "a", "b", "b") == ["i-1"]
    assert surplus(2, "a", "b", "b", "a") == ["i-0", "i-1"]
    assert surplus(3, "a", "b", "b") == []


def test_of_a_zone_what_is_of_a_past_template_goes_first() -> None:
    assert surplus(2, "b", "a", "a", old=3) == ["i-1"]
    autoscaling._asgs[NAME]["Instances"].clear()
    mixed = instances("a", "a", "b", old=0)
    mixed[1]["LaunchTemplate"]["Version"] = "1"
    autoscaling._asgs[NAME] |= {"DesiredCapacity": 2, "Instances": mixed}
    chosen = {"LaunchTemplate": {"LaunchTemplateId": "lt", "Version": "2"}}
    assert [r["InstanceId"] for r in Group(NAME, "s", "G", chosen, lambda *_: "healthy").surplus()] == ["i-1"]


def test_a_group_whose_machines_are_being_replaced_has_none_too_many() -> None:
    assert surplus(2, "a", "b", "b", replacing=True) == []
