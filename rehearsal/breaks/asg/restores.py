"""A restore that never comes into force."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.host import edited
from rehearsal.checks import Subject
from rehearsal.checks.asg.restores import (
    a_dump_that_is_restored_by_the_runbook_brings_back_what_a_mistaken_delete_removed as check,
)


@breaks(check, says="fines did not come back: ", again=True)
def what_was_restored_is_not_committed(subject: Subject) -> Iterator[None]:
    with edited(subject.host, "/opt/fines/host/bin/restore-dump", {"echo 'COMMIT;'": "echo 'ROLLBACK;'"}):
        yield
