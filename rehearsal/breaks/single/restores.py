"""A restore that goes past the mistake."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.project import changed
from rehearsal.checks import Subject
from rehearsal.checks.single.restores import a_point_in_time_restore_brings_back_what_a_mistaken_delete_removed


@breaks(a_point_in_time_restore_brings_back_what_a_mistaken_delete_removed, says="fines did not come back: ", lasting=2)
def the_database_is_restored_to_its_end_whatever_the_setting_says(subject: Subject) -> Iterator[None]:
    latest = "[[ $FINES_RESTORE == latest ]] || target"
    with changed(subject, "stacks/host/steps/database", {latest: "[[ -n $FINES_RESTORE ]] || target"}):
        yield
