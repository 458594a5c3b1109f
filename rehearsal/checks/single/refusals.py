"""The gate's own ledger, once all other checks are over."""

from __future__ import annotations

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.refusals import none_refused, unused
from rehearsal.checks.single.volumes import present_volume

# What the machine calls with it exists on AWS alone: Session Manager's agent.
_NOT_HERE = {"BeReachedBySessionManager"}


@check("single")
def no_call_of_the_machine_was_refused_for_a_missing_permission(subject: Subject) -> str:
    volume = present_volume(subject)
    # A deployment that makes another volume changes the role before it ends the host: the old volume is then let go of
    # by the host's end, which comes anyway. So it is on AWS, too.
    used = none_refused(
        subject,
        forgiven=lambda e: e.action == "ec2:DetachVolume" and not e.resource.endswith(f"/{volume}"),
    )
    if subject.whole and (idle := unused(subject, "Roles") - _NOT_HERE):
        raise CheckError(
            f"no call needed these statements of the roles of host and containers: {', '.join(sorted(idle))}"
        )
    return used
