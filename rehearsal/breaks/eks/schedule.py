"""Changes of the least number of pods that are not made."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.eks.objects import gone
from rehearsal.checks import Subject
from rehearsal.checks.eks.schedule import (
    each_change_of_a_day_run_by_hand_in_its_order_sets_the_minimum_that_the_settings_say_and_pods_follow as check,
)
from rehearsal.checks.kubectl import objects


@breaks(check, says="its last words: the schedule: FAILED")
def the_pods_of_the_schedule_may_not_change_the_autoscaler(subject: Subject) -> Iterator[None]:
    with gone(subject, "rolebinding/minimum"):
        yield


@breaks(check, says="the settings and the CronJobs differ at", again=True)
def one_change_of_the_day_is_not_there(subject: Subject) -> Iterator[None]:
    name = objects(subject, "cronjobs", "--selector=app=minimum")[0]["metadata"]["name"]
    with gone(subject, f"cronjob/{name}"):
        yield
