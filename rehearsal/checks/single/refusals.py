"""The gate's own ledger, once all other checks are over."""

from __future__ import annotations

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.single.permissions import roles_of
from rehearsal.checks.single.replacements import present_volume
from rehearsal.cloud.permissions.ledger import Ledger


@check("single")
def no_call_of_the_machine_was_refused_for_a_missing_permission(subject: Subject) -> str:
    ledger = Ledger.read(subject.tier.run.permissions)
    provoked = subject.provoked
    volume = present_volume(subject)
    refused = [
        e
        for e in ledger.refused()
        if e.role
        and not any(began <= e.time <= ended for began, ended in provoked)
        # A deployment that makes another volume changes the role before it ends the host: the old volume is then let go of
        # by the host's end, which comes anyway. So it is on AWS, too.
        and not (e.action == "ec2:DetachVolume" and not e.resource.endswith(f"/{volume}"))
    ]
    if refused:
        raise CheckError(
            f"{len(refused)} calls were refused, the first: {refused[0].action} on {refused[0].resource}: {refused[0].reason}"
        )
    used = sorted({statement.rpartition("/")[2] for role in roles_of(subject) for statement in ledger.used(role.arn)})
    if not used:
        raise CheckError("the gate's ledger has no call of a role")
    return f"statements used: {', '.join(used)}"
