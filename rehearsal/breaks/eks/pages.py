"""A page of the runbook that looks for pods by another name."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.project import changed_runbook
from rehearsal.checks import Subject
from rehearsal.checks.eks.pages import (
    the_commands_of_the_runbook_that_look_at_the_cluster_show_what_they_say as check,
)


@breaks(check, says="does not show 'migra'", again=True)
def the_page_asks_for_migrations_by_a_label_that_they_do_not_have(subject: Subject) -> Iterator[None]:
    with changed_runbook(subject, {"-l app=migration": "-l app=migracion"}):
        yield
