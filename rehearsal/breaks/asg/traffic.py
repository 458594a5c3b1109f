"""A machine that is sent nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.checks import Subject
from rehearsal.checks.asg.fleet import await_healthy
from rehearsal.checks.asg.traffic import (
    five_hundred_fines_reach_both_zones_and_every_container_and_are_each_there_once,
)


@breaks(
    five_hundred_fines_reach_both_zones_and_every_container_and_are_each_there_once, says="alone, it has", again=True
)
def a_machine_is_taken_out_of_the_target_group(subject: Subject) -> Iterator[None]:
    elb, machine = subject.tier.client("elbv2"), subject.hosts[-1]
    (group,) = elb.describe_target_groups()["TargetGroups"]
    target = {"TargetGroupArn": group["TargetGroupArn"], "Targets": [{"Id": machine.id}]}
    elb.deregister_targets(**target)
    time.sleep(3)
    try:
        yield
    finally:
        elb.register_targets(**target)
        await_healthy(subject, 2)
