"""Pages of the runbook that look, and change nothing: typed by the administrator, with kubectl as its first page sets it up."""

from __future__ import annotations

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.eks.administrator import typed
from rehearsal.checks.runbook import no_cli

# What each page must show.
_SHOW = {
    "Tier eks: a migration that failed": "migra",
    "A pod does not become ready": "target-health.elbv2.k8s.aws/web",
    "Tier eks: a shell beside the service": "has all migrations of this release",
}


@check("eks", takes=no_cli)
def the_commands_of_the_runbook_that_look_at_the_cluster_show_what_they_say(subject: Subject) -> str:
    for number, (title, shows) in enumerate(_SHOW.items()):
        said = typed(subject, title, log=f"page-{number}")
        if shows not in said:
            raise CheckError(f"the page {title!r} does not show {shows!r}: {said[-300:]}")
    return ", ".join(_SHOW)
