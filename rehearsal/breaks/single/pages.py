"""A page of the runbook that is older than the host."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.project import changed_runbook
from rehearsal.checks import Subject
from rehearsal.checks.single.pages import the_commands_of_the_runbook_for_the_host_do_what_they_say


@breaks(
    the_commands_of_the_runbook_for_the_host_do_what_they_say,
    says="the runbook's page 'Make a backup now' failed on the host",
)
def the_runbook_names_a_unit_that_is_called_otherwise_now(subject: Subject) -> Iterator[None]:
    page = "```sh host\nsystemctl start fines-backup.service\n"
    with changed_runbook(subject, {page: page.replace("fines-backup", "fines-full-backup")}):
        yield
