"""Moving from another tier to this one and back: by the operator's command, typed by who may also speak to the cluster."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

from rehearsal import principals
from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.asg.promotion import there_and_back
from rehearsal.checks.eks.administrator import as_administrator
from rehearsal.checks.kubectl import ran
from rehearsal.checks.neighbour import close_paths, deployed_asg, is_there, neighbour
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
    return _left(subject, "single")


@check("eks", takes=no_cli, ahead=deployed_asg)
def data_photographs_and_the_name_move_to_tier_asg_and_back_by_the_runbook_and_no_acknowledged_fine_is_lost(
    subject: Subject,
) -> str:
    try:
        return there_and_back(subject, _as_both, kind="asg")
    finally:
        _left(subject, "asg")  # the checks that follow look at a stack that is alone


def _left(subject: Subject, kind: str) -> str:
    """Closes the paths and destroys the tier that was left.

    Raises:
        CheckError: something of it is there still.
    """
    other = neighbour(subject, kind)
    if ran(subject, "get", "deployment/mover").returncode:
        raise CheckError("there is no pod that moves data: that none is left would prove nothing")
    close_paths(subject)
    if not (left := ran(subject, "get", "deployment/mover")).returncode:
        raise CheckError(f"the paths are closed, and the pod is there: {left.stdout.strip()}")
    if roles := [role.name for role in roles_of(subject) if "Mover" in role.name]:
        raise CheckError(f"the paths are closed, and its role is there: {roles[0]}")
    if kind == "single":
        subject.tier.take_delegation_back()
    subject.tier.cdk.destroy(other.assembly, lambda _: None)
    await_lead(subject.tier, subject.domain, set(subject.tier.addresses(subject.outputs["BalancerName"])))
    if is_there(subject, kind):
        raise CheckError(f"{other.stack} is still there")
    return f"the pod and its role are gone; {other.stack} is destroyed, and {subject.stack} serves on"


@contextlib.contextmanager
def _as_both(subject: Subject) -> Iterator[tuple[dict[str, str], list[str]]]:
    """An administrator of the cluster who may do besides what the operators of both stacks may, as the page asks."""
    iam = subject.tier.client("iam")
    policies = {
        f"{stack.stack}-{policy.name}": policy.document
        for stack in _stacks(subject)
        for role in roles_of(stack)
        if "Operator" in role.name
        for policy in role.policies
    }
    for name, document in policies.items():
        iam.put_role_policy(RoleName=principals.DIRECTORY_ROLE, PolicyName=name, PolicyDocument=json.dumps(document))
    try:
        with as_administrator(subject) as way:
            yield way
    finally:
        for name in policies:
            iam.delete_role_policy(RoleName=principals.DIRECTORY_ROLE, PolicyName=name)


def _stacks(subject: Subject) -> list[Subject]:
    """The rehearsed tier, and the one behind a load balancer beside it, if it is there."""
    return [subject, neighbour(subject, "asg", opened=False)] if is_there(subject, "asg") else [subject]
