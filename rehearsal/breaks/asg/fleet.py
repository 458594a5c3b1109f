"""Groups that keep fewer machines than they should, and releases that replace nothing."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.project import changed
from rehearsal.checks import Subject
from rehearsal.checks.asg.fleet import (
    a_machine_killed_under_load_is_replaced_and_no_acknowledged_fine_is_lost,
    a_refresh_to_a_new_image_under_load_fails_no_request_and_migrates_once_before_any_machine,
    a_refresh_to_an_image_that_never_serves_fails_rolls_back_and_fails_no_request,
    await_healthy,
)

_VERSION = {"version=template.latest_version_number": 'version="1"'}


@breaks(
    a_machine_killed_under_load_is_replaced_and_no_acknowledged_fine_is_lost,
    says="machines serve after",
    lasting=1,
)
def somebody_suspended_the_replacement_of_what_is_unhealthy(subject: Subject) -> Iterator[None]:
    scaling, name = subject.tier.client("autoscaling"), subject.outputs["GroupName"]
    scaling.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=["ReplaceUnhealthy"])
    try:
        yield
    finally:
        scaling.resume_processes(AutoScalingGroupName=name, ScalingProcesses=["ReplaceUnhealthy"])
        await_healthy(subject, 2)


@breaks(
    a_refresh_to_a_new_image_under_load_fails_no_request_and_migrates_once_before_any_machine,
    says="these machines were not replaced",
    lasting=2,
    LEAST=50,
)
def the_group_keeps_to_the_first_version_of_its_template(subject: Subject) -> Iterator[None]:
    with changed(subject, "stacks/parts/fleet.py", _VERSION):
        yield


@breaks(
    a_refresh_to_an_image_that_never_serves_fails_rolls_back_and_fails_no_request,
    says="the deployment said that it succeeded",
    lasting=3,
)
def an_image_that_never_serves_is_deployed_to_no_machine(subject: Subject) -> Iterator[None]:
    with changed(subject, "stacks/parts/fleet.py", _VERSION):
        yield
