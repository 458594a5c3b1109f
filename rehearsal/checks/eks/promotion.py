"""Moving from tier single to this one and back: by the operator's command, typed by who may also speak to the cluster."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

from rehearsal import principals
from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.asg.promotion import there_and_back
from rehearsal.checks.eks.administrator import as_administrator
from rehearsal.checks.kubectl import ran
from rehearsal.checks.neighbour import close_paths, is_there, neighbour
from rehearsal.checks.roaming import await_lead
from rehearsal.checks.roles import roles_of
from rehearsal.checks.runbook import no_cli


@check("eks", takes=no_cli)
def data_photographs_and_the_name_move_to_tier_single_and_back_by_the_runbook_and_no_acknowledged_fine_is_lost(
    subject: Subject,
) -> str:
    return there_and_back(subject, _as_both)


@check("eks", takes=no_cli)
def the_tier_that_was_left_is_destroyed_and_what_moved_the_data_is_gone(subject: Subject) -> str:
    single = neighbour(subject)
    if ran(subject, "get", "deployment/mover").returncode:
        raise CheckError("there is no pod that moves data: that none is left would prove nothing")
    close_paths(subject)
    if not (left := ran(subject, "get", "deployment/mover")).returncode:
        raise CheckError(f"the paths are closed, and the pod is there: {left.stdout.strip()}")
    if roles := [role.name for role in roles_of(subject) if "Mover" in role.name]:
        raise CheckError(f"the paths are closed, and its role is there: {roles[0]}")
    subject.tier.take_delegation_back()
    subject.tier.cdk.destroy(single.assembly, lambda _: None)
    await_lead(subject.tier, subject.domain, set(subject.tier.addresses(subject.outputs["BalancerName"])))
    if is_there(subject):
        raise CheckError(f"{single.stack} is still there")
    return f"the pod and its role are gone; {single.stack} is destroyed, and {subject.stack} serves on"


@contextlib.contextmanager
def _as_both(subject: Subject) -> Iterator[tuple[dict[str, str], list[str]]]:
    """An administrator of the cluster who may do besides what the stack's operator may, as the page asks."""
    iam = subject.tier.client("iam")
    (operator,) = [role for role in roles_of(subject) if "Operator" in role.name]
    for policy in operator.policies:
        iam.put_role_policy(
            RoleName=principals.DIRECTORY_ROLE, PolicyName=policy.name, PolicyDocument=json.dumps(policy.document)
        )
    try:
        with as_administrator(subject) as way:
            yield way
    finally:
        for policy in operator.policies:
            iam.delete_role_policy(RoleName=principals.DIRECTORY_ROLE, PolicyName=policy.name)
