"""The end of a stack by `cdk destroy`: what holds data is left, and nothing else."""

from __future__ import annotations

import json
from typing import Any

from rehearsal.checks import CheckError, Subject
from rehearsal.ledger import holdings

# What outlives its stack, all of it; an operator removes it by hand.
_HOLD_DATA = frozenset(
    f"AWS::{name}" for name in ("Backup::BackupVault", "EC2::Volume", "S3::Bucket", "SecretsManager::Secret")
)


def see_the_end(subject: Subject) -> str:
    """Destroys the stack, and looks for each of its resources afterwards.

    Raises:
        CdkError: it cannot be destroyed; with CloudFormation's reason.
        CheckError: a resource is left that should be gone, or gone that should be left.
        LookupError: a resource is not there before.
    """
    # As it is deployed: a check before this one has made another volume in the first one's place.
    template, machines = _deployed(subject), [] if subject.in_pods else subject.hosts
    tier = subject.tier
    resources = holdings(template, stack=subject.stack, session=tier.session, endpoint=tier.endpoint)
    tier.cdk.destroy(subject.assembly, lambda _: None)
    if alive := [machine.id for machine in machines if machine.alive]:
        raise CheckError(f"{', '.join(alive)} still have power")
    wrong, left = [], []
    for each in resources:
        there = each.is_there()
        if there and each.type not in _HOLD_DATA:
            wrong.append(f"{each.logical_id} ({each.type} {each.physical_id}) is still there")
        if not there and each.type in _HOLD_DATA:
            wrong.append(f"{each.logical_id} ({each.type} {each.physical_id}) is gone, and what it held with it")
        if there:
            left.append(each.type.rpartition("::")[2])
    if wrong:
        raise CheckError("; ".join(wrong))
    gone = len(resources) - len(left)
    if not left or not gone:
        raise CheckError(f"of {len(resources)} resources {len(left)} are left and {gone} are gone: nothing was seen")
    told = ", ".join(f"{left.count(kind)} {kind}" for kind in sorted(set(left)))
    return f"of {len(resources)} resources {told} left; the {gone} others looked for and gone"


def _deployed(subject: Subject) -> dict[str, Any]:
    """The template that CloudFormation has of the stack."""
    body = subject.tier.client("cloudformation").get_template(StackName=subject.stack)["TemplateBody"]
    found: dict[str, Any] = json.loads(body) if isinstance(body, str) else dict(body)
    return found
