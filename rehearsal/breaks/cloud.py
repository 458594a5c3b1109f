"""What the local AWS holds, changed behind CloudFormation's back and put back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rehearsal.breaks import BreakError
from rehearsal.checks import Subject
from rehearsal.checks.single.permissions import roles_of
from rehearsal.checks.variant import deploy
from rehearsal.cloud.permissions.asking import Role

Statements = list[dict[str, Any]]


@contextmanager
def other_statements(subject: Subject, role: Role, change: Callable[[Statements], Statements]) -> Iterator[None]:
    """A role whose only policy has other statements than the template's."""
    iam = subject.tier.client("iam")
    if len(role.policies) != 1:
        raise BreakError(f"{role.name} has {len(role.policies)} policies: the break must be brought up to date")
    policy = role.policies[0]
    before = json.dumps(policy.document)
    document = json.loads(before)
    document["Statement"] = change(document["Statement"])
    if json.dumps(document) == before:
        raise BreakError(f"nothing of {policy.name} was changed: the break must be brought up to date")
    try:
        iam.put_role_policy(RoleName=role.name, PolicyName=policy.name, PolicyDocument=json.dumps(document))
        yield
    finally:
        iam.put_role_policy(RoleName=role.name, PolicyName=policy.name, PolicyDocument=before)


def host_role(subject: Subject) -> Role:
    """The role of the host."""
    return next(role for role in roles_of(subject) if "RolesHost" in role.name and "ec2.amazonaws" in str(role.trust))


@contextmanager
def refusals_expected(subject: Subject) -> Iterator[None]:
    """Refusals of calls are no news for the length of a block."""
    began = time.time()
    try:
        yield
    finally:
        subject.provoked.append((began, time.time()))


@contextmanager
def first_deployment_again(subject: Subject) -> Iterator[None]:
    """After the block, the stack is deployed as it was at first."""
    try:
        yield
    finally:
        deploy(subject, subject.assembly, log="deploy-again")
