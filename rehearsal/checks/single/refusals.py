"""The gate's own ledger, once all other checks are over."""

from __future__ import annotations

from rehearsal.checks import Subject, check
from rehearsal.checks.refusals import none_refused
from rehearsal.checks.single.volumes import present_volume


@check("single")
def no_call_of_the_machine_was_refused_for_a_missing_permission(subject: Subject) -> str:
    volume = present_volume(subject)
    # A deployment that makes another volume changes the role before it ends the host: the old volume is then let go of
    # by the host's end, which comes anyway. So it is on AWS, too.
    return none_refused(
        subject,
        forgiven=lambda e: e.action == "ec2:DetachVolume" and not e.resource.endswith(f"/{volume}"),
    )
