"""Pages that restore nothing, or another moment than the one that is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.project import changed_runbook
from rehearsal.checks import Subject
from rehearsal.checks.eks.restores import (
    a_dump_that_is_restored_by_the_runbook_in_a_pod_brings_back_what_a_mistaken_delete_removed as dumped,
)
from rehearsal.checks.eks.restores import (
    a_moment_that_is_brought_up_and_restored_by_the_runbook_has_what_a_mistaken_delete_removed as moment,
)


@breaks(dumped, says="fines did not come back: ", again=True)
def another_dump_is_made_in_the_place_of_a_restore(subject: Subject) -> Iterator[None]:
    with changed_runbook(subject, {"/app/entrypoint job restore DUMP": "/app/entrypoint job dump now"}):
        yield


@breaks(moment, says="fines did not come back: ", again=True)
def the_latest_moment_is_brought_up_and_restored(subject: Subject) -> Iterator[None]:
    with changed_runbook(subject, {"--restore-time MOMENT": "--use-latest-restorable-time"}):
        yield
