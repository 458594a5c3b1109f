"""A release that no alarm looks at."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.project import changed
from rehearsal.checks import Subject
from rehearsal.checks.asg.release import a_release_that_serves_and_takes_no_fine_is_taken_back_by_its_alarm


@breaks(
    a_release_that_serves_and_takes_no_fine_is_taken_back_by_its_alarm,
    says="the deployment said that it succeeded",
    lasting=4,
)
def a_release_is_made_past_the_alarm(subject: Subject) -> Iterator[None]:
    wanted = "stop_on=[alarms.release] if settings.stop_on_alarm else []"
    with changed(subject, "stacks/asg.py", {wanted: "stop_on=[]"}):
        yield
