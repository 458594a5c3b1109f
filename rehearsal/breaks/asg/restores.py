"""A restore that never comes into force, and one of another moment than the one that is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import edited
from rehearsal.breaks.project import changed_runbook
from rehearsal.checks import Subject
from rehearsal.checks.asg.restores import (
    a_dump_that_is_restored_by_the_runbook_brings_back_what_a_mistaken_delete_removed,
    a_moment_that_an_operator_brings_back_by_the_runbook_has_what_a_mistaken_delete_removed,
)


@breaks(
    a_moment_that_an_operator_brings_back_by_the_runbook_has_what_a_mistaken_delete_removed,
    says="fines did not come back: ",
    again=True,
)
def the_latest_moment_is_brought_back_and_not_the_one_that_was_asked_for(subject: Subject) -> Iterator[None]:
    with changed_runbook(subject, {"--restore-time MOMENT": "--use-latest-restorable-time"}):
        yield


@breaks(
    a_dump_that_is_restored_by_the_runbook_brings_back_what_a_mistaken_delete_removed,
    says="fines did not come back: ",
    again=True,
)
def what_was_restored_is_not_committed(subject: Subject) -> Iterator[None]:
    with edited(subject.host, "/opt/fines/host/bin/restore-dump", {"echo 'COMMIT;'": "echo 'ROLLBACK;'"}):
        yield
