"""A schedule that nobody goes by."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.eks.objects import patched, there
from rehearsal.checks import Subject
from rehearsal.checks.eks.clock import (
    a_change_fires_by_the_clocks_of_its_time_zone_and_the_same_minutes_read_as_utc_would_not as check,
)
from rehearsal.checks.kubectl import objects

_NO_JOBS = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "no-jobs", "namespace": "fines"},
    "spec": {"hard": {"count/jobs.batch": "0"}},
}


@breaks(check, says="did not fire within")
def nobody_may_make_a_job_when_its_time_has_come(subject: Subject) -> Iterator[None]:
    with there(subject, _NO_JOBS):
        yield


@breaks(check, says="suspended or not each day", again=True)
def a_change_of_the_minimum_is_suspended(subject: Subject) -> Iterator[None]:
    name = objects(subject, "cronjobs", "--selector=app=minimum")[0]["metadata"]["name"]
    with patched(subject, f"cronjob/{name}", {"spec": {"suspend": True}}, {"spec": {"suspend": False}}):
        yield
