"""A group that heeds no demand."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.checks import Subject
from rehearsal.checks.asg.demand import the_group_grows_under_load_and_shrinks_after_it_and_no_request_fails


@breaks(the_group_grows_under_load_and_shrinks_after_it_and_no_request_fails, says="the group wants 2 machines after")
def somebody_suspended_what_alarms_do(subject: Subject) -> Iterator[None]:
    scaling, name = subject.tier.client("autoscaling"), subject.outputs["GroupName"]
    scaling.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=["AlarmNotification"])
    try:
        yield
    finally:
        scaling.resume_processes(AutoScalingGroupName=name, ScalingProcesses=["AlarmNotification"])
