"""What the gate's own ledger says of calls that were refused, once all other checks are over."""

from __future__ import annotations

from collections.abc import Callable

from rehearsal.checks import CheckError, Subject
from rehearsal.checks.roles import roles_of
from rehearsal.cloud.permissions.ledger import Entry, Ledger


def none_refused(subject: Subject, *, forgiven: Callable[[Entry], bool] = lambda entry: False) -> str:
    """That no role's call was refused but those that checks asked for; returns which statements were used.

    Raises:
        CheckError: one was, or no call was ever made.
    """
    ledger = Ledger.read(subject.tier.run.permissions)
    refused = [
        each
        for each in ledger.refused()
        if each.role
        and not any(began <= each.time <= ended for began, ended in subject.provoked)
        and not forgiven(each)
    ]
    if refused:
        raise CheckError(
            f"{len(refused)} calls were refused, the first: {refused[0].action} on {refused[0].resource}: {refused[0].reason}"
        )
    used = sorted({statement.rpartition("/")[2] for role in roles_of(subject) for statement in ledger.used(role.arn)})
    if not used:
        raise CheckError("the gate's ledger has no call of a role")
    return f"statements used: {', '.join(used)}"


def unused(subject: Subject, part: str) -> set[str]:
    """The statements that no call needed, of the roles that are named after a part."""
    ledger = Ledger.read(subject.tier.run.permissions)
    own = [role for role in roles_of(subject) if part in role.name]
    return {statement.rpartition("/")[2] for role in own for statement in ledger.unused(role.arn, role.policies)}
