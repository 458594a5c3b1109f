"""Roles without their bound, and a bound that lets everything through."""

from __future__ import annotations

import json
from collections.abc import Iterator

from rehearsal import principals
from rehearsal.breaks import breaks
from rehearsal.breaks.cloud import role_of
from rehearsal.checks import Subject
from rehearsal.checks.asg.boundary import (
    every_role_of_the_stack_is_bound_and_a_policy_of_its_own_does_not_lift_the_bound as check,
)


@breaks(check, says="are not bound by", again=True)
def somebody_took_the_bound_off_the_function_that_rotates(subject: Subject) -> Iterator[None]:
    iam, name = subject.tier.client("iam"), role_of(subject, "Rotator").name
    iam.delete_role_permissions_boundary(RoleName=name)
    try:
        yield
    finally:
        iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=principals.BOUNDARY)


@breaks(check, says="was not refused: list the users", again=True)
def the_policy_that_bounds_allows_everything(subject: Subject) -> Iterator[None]:
    iam = subject.tier.client("iam")
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    first = iam.get_policy(PolicyArn=principals.BOUNDARY)["Policy"]["DefaultVersionId"]
    told = iam.get_policy_version(PolicyArn=principals.BOUNDARY, VersionId=first)["PolicyVersion"]["Document"]
    document = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    made = iam.create_policy_version(PolicyArn=principals.BOUNDARY, PolicyDocument=document, SetAsDefault=True)
    try:
        yield
    finally:
        again = json.dumps(told)
        iam.create_policy_version(PolicyArn=principals.BOUNDARY, PolicyDocument=again, SetAsDefault=True)
        iam.delete_policy_version(PolicyArn=principals.BOUNDARY, VersionId=made["PolicyVersion"]["VersionId"])
