"""A refresh ends when one of its alarms goes off, and not for one that was on before it began."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import cloudwatch
from ministack.services.cloudformation import _stacks

from rehearsal.cloud.figures import note
from rehearsal.cloud.group import Group
from rehearsal.cloud.refresh import Alarms, RefreshError, refresh, watched
from tests.rehearsal.test_scaling import NAME, instances, records

__all__ = ["records"]
PREFERENCES = {"AlarmSpecification": {"Alarms": [{"Ref": "Errors"}]}, "MaxHealthyPercentage": 150, "BakeTime": 1}
ALARM = {
    "AlarmName": "errors-1",
    "Namespace": "AWS/ApplicationELB",
    "MetricName": "HTTPCode_Target_5XX_Count",
    "Dimensions": [],
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 10.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
    "StateValue": "OK",
}


@pytest.fixture(autouse=True)
def stack() -> Iterator[dict[str, Any]]:
    cloudwatch._alarms["errors-1"] = dict(ALARM)
    resources = {"Errors": {"PhysicalResourceId": "errors-1"}}
    record = {"StackName": "stack", "StackStatus": "UPDATE_IN_PROGRESS", "_resources": resources}
    _stacks["stack"] = record
    yield record
    del _stacks["stack"], cloudwatch._alarms["errors-1"]


def fail(requests: int) -> None:
    note("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", requests, {})


def test_an_alarm_that_goes_off_is_told_by_its_name() -> None:
    alarms = watched("stack", PREFERENCES)
    alarms.must_be_quiet()
    fail(10)
    alarms.must_be_quiet()
    fail(1)
    with pytest.raises(RefreshError, match="Instance refresh failed: the alarm errors-1 went off"):
        alarms.must_be_quiet()


def test_what_failed_before_the_refresh_began_does_not_count() -> None:
    fail(500)
    alarms = watched("stack", PREFERENCES)
    alarms.must_be_quiet()
    fail(11)
    with pytest.raises(RefreshError):
        alarms.must_be_quiet()


def test_a_rollback_heeds_no_alarm_and_a_policy_without_one_neither(stack: dict[str, Any]) -> None:
    assert watched("stack", {}).names == []
    stack["StackStatus"] = "UPDATE_ROLLBACK_IN_PROGRESS"
    assert watched("stack", PREFERENCES).names == []


class Refreshed:
    """A group of two machines of a past template, whose new ones serve as soon as they are launched."""

    def __init__(self, *, launched: int = 0) -> None:
        from ministack.services import autoscaling

        self.records = instances("a", "b", *"ab"[:launched], old=2)
        autoscaling._asgs[NAME] |= {"DesiredCapacity": 2, "Instances": self.records}
        self.group = Group(NAME, "stack", "G", _chosen("2"), lambda *_: "healthy")
        self.group.entered = {record["InstanceId"]: 0.0 for record in self.records}
        self.launched = self.most = 0
        self.zones: list[str] = []

    def run(self, alarms: Alarms | None = None) -> None:
        refresh(self.group, PREFERENCES, alarms=alarms or Alarms(), launch=self._launch, end=self._end)

    def _launch(self, group: Group, zone: str) -> str:
        self.launched += 1
        (new,) = instances("a")
        self.zones.append(zone)
        new |= {"InstanceId": f"i-new-{self.launched}", "LaunchTemplate": group.properties["LaunchTemplate"]}
        self.records.append(new)
        group.entered[new["InstanceId"]] = 0.0
        self.most = max(self.most, len(self.records))
        return str(new["InstanceId"])

    def _end(self, group: Group, records: list[Any]) -> None:
        for record in records:
            self.records.remove(record)


def _chosen(version: str) -> dict[str, Any]:
    return {"LaunchTemplate": {"LaunchTemplateId": "lt", "Version": version}}


def test_each_machine_is_replaced_and_there_are_never_fewer_or_too_many() -> None:
    bench = Refreshed()
    bench.run()
    assert [record["InstanceId"] for record in bench.records] == ["i-new-1", "i-new-2"]
    assert bench.most == 3


def test_each_comes_in_the_zone_of_the_one_whose_place_it_takes() -> None:
    bench = Refreshed()
    before = [record["AvailabilityZone"] for record in bench.records]
    bench.run()
    assert bench.zones == before
    assert len(set(before)) == 2


def test_an_alarm_in_the_bake_time_still_fails_the_refresh() -> None:
    bench = Refreshed()
    bench.group.await_endings = lambda: fail(11)  # type: ignore[method-assign]
    with pytest.raises(RefreshError):
        bench.run(watched("stack", PREFERENCES))
    assert bench.launched == 2


def test_a_rollback_ends_what_failed_and_launches_nothing_for_it() -> None:
    bench = Refreshed(launched=1)
    bench.group.properties = _chosen("1")
    bench.run()
    assert bench.launched == 0
    assert [record["InstanceId"] for record in bench.records] == ["i-0", "i-1"]
