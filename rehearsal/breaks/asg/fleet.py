"""A group that keeps fewer machines than it should, and a release that replaces nothing."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.project import changed
from rehearsal.checks import Subject
from rehearsal.checks.asg.fleet import (
    a_machine_killed_under_load_is_replaced_and_no_acknowledged_fine_is_lost,
    a_refresh_to_an_image_that_never_serves_fails_rolls_back_and_fails_no_request,
    await_healthy,
)

VERSION = {"version=template.latest_version_number": 'version="1"'}


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
    a_refresh_to_an_image_that_never_serves_fails_rolls_back_and_fails_no_request,
    says="the deployment said that it succeeded",
    lasting=3,
)
def an_image_that_never_serves_is_deployed_to_no_machine(subject: Subject) -> Iterator[None]:
    with changed(subject, "stacks/parts/fleet.py", VERSION):
        yield
