"""Resources that are no longer what the template says."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.cloud import no_alarm
from rehearsal.checks import Subject
from rehearsal.checks.single.resources import (
    the_resources_of_the_stack_all_exist_and_no_property_differs_from_the_template as check,
)


@breaks(check, says="missing: ", again=True)
def the_alarm_of_a_busy_database_was_deleted(subject: Subject) -> Iterator[None]:
    with no_alarm(subject, "CPUUtilization"):
        yield
