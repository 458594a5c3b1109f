"""The runbook's pages that change little, typed on the host as they stand; those that deploy are typed by the checks of what they do."""

from __future__ import annotations

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.runbook import on_the_host

_PAGES = ("Look around", "Make a backup now", "PostgreSQL: a minor version")


@check("single")
def the_commands_of_the_runbook_for_the_host_do_what_they_say(subject: Subject) -> str:
    said = {page: on_the_host(subject, page) for page in _PAGES}
    if subject.domain not in said["Look around"]:
        raise CheckError(f"a look around does not say what this host is: {said['Look around'][:300]}")
    if not said["PostgreSQL: a minor version"].strip().splitlines()[-1].startswith("17."):
        raise CheckError(f"after the upgrade the database says: {said['PostgreSQL: a minor version'][-200:]}")
    return ", ".join(_PAGES)
