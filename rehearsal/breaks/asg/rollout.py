"""A group that heeds no demand, and releases that replace nothing, publish nothing, or take a peak's machines away."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.asg.fleet import VERSION
from rehearsal.breaks.project import changed
from rehearsal.checks import Subject
from rehearsal.checks.asg.rollout import (
    a_deployment_inside_a_peak_keeps_the_size_that_the_schedule_made,
    a_refresh_to_a_new_image_under_load_fails_no_request_and_migrates_once_before_any_machine,
    a_releases_static_files_are_there_before_a_page_names_them_and_those_before_it_stay,
    the_group_grows_under_load_and_shrinks_after_it_and_no_request_fails,
)


@breaks(
    a_refresh_to_a_new_image_under_load_fails_no_request_and_migrates_once_before_any_machine,
    says="these machines were not replaced",
    lasting=2,
)
def the_group_keeps_to_the_first_version_of_its_template(subject: Subject) -> Iterator[None]:
    with changed(subject, "stacks/parts/fleet.py", VERSION):
        yield


@breaks(
    a_releases_static_files_are_there_before_a_page_names_them_and_those_before_it_stay,
    says="a page named what was not there",
    lasting=1,
)
def a_release_publishes_nothing(subject: Subject) -> Iterator[None]:
    publishing = "lambda: publish("
    with changed(subject, "service/fines/functions/statics.py", {publishing: "lambda: print("}):
        yield


@breaks(
    a_deployment_inside_a_peak_keeps_the_size_that_the_schedule_made,
    says="after it the minimum is 2",
    lasting=1,
)
def a_deployment_gives_the_group_the_sizes_of_the_template(subject: Subject) -> Iterator[None]:
    setting = "ignore_unmodified_group_size_properties="
    with changed(subject, "stacks/parts/fleet.py", {f"{setting}True": f"{setting}False"}):
        yield


@breaks(the_group_grows_under_load_and_shrinks_after_it_and_no_request_fails, says="the group wants 2 machines after")
def somebody_suspended_what_alarms_do(subject: Subject) -> Iterator[None]:
    scaling, name = subject.tier.client("autoscaling"), subject.outputs["GroupName"]
    scaling.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=["AlarmNotification"])
    try:
        yield
    finally:
        scaling.resume_processes(AutoScalingGroupName=name, ScalingProcesses=["AlarmNotification"])
