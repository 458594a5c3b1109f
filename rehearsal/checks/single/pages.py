"""The runbook's pages that change little, typed on the host as they stand; those that deploy are typed by the checks of what they do."""

from __future__ import annotations

import re
import shlex

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
    _must_lead_to_the_host(subject)
    return f"{', '.join(_PAGES)}; ConnectCommand finds the host"


def _must_lead_to_the_host(subject: Subject) -> None:
    """What the output ConnectCommand asks EC2 for is this host; a session with it takes AWS's agent."""
    inner = re.search(r"--target \$\((.*)\)$", subject.outputs["ConnectCommand"])
    words = shlex.split(inner[1]) if inner else []
    if words[:3] != ["aws", "ec2", "describe-instances"]:
        raise CheckError(f"ConnectCommand asks for no instance: {subject.outputs['ConnectCommand']}")
    filters = []
    for each in words[words.index("--filters") + 1 : words.index("--query")]:
        name, values = (part.partition("=")[2] for part in each.split(",", 1))
        filters.append({"Name": name, "Values": values.split(",")})
    pages = subject.tier.client("ec2").get_paginator("describe_instances").paginate(Filters=filters)
    found = list(pages.search(words[words.index("--query") + 1]))
    if found != [subject.host.id]:
        raise CheckError(f"ConnectCommand leads to {found}, the host is {subject.host.id}")
