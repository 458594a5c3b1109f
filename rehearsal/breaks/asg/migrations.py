"""A migration that is waved through although it failed, and one that is recorded for nobody."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.project import changed
from rehearsal.checks import Subject
from rehearsal.checks.asg.migrations import (
    a_release_whose_migration_fails_stops_with_the_reason_and_replaces_no_machine,
)


@breaks(
    a_release_whose_migration_fails_stops_with_the_reason_and_replaces_no_machine,
    says="the deployment said that it succeeded",
    lasting=2,
)
def a_migration_that_fails_is_only_printed(subject: Subject) -> Iterator[None]:
    with changed(
        subject, "service/fines/functions/migration.py", {"        if not done.returncode:\n": "        if True:\n"}
    ):
        yield
