"""The roles of the stack as IAM tells them, and their statements proved both ways."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rehearsal.checks import CheckError, Subject
from rehearsal.cloud.permissions import catalogue
from rehearsal.cloud.permissions.asking import Policy, Role
from rehearsal.cloud.permissions.evaluator import Evaluator
from rehearsal.cloud.permissions.probes import Proof, prove

# Actions that may be allowed on every resource that they know, since whose it is can only be known once it exists, or is nobody's.
_ON_ANY = {
    "ssm:UpdateInstanceInformation",  # Session Manager's agent registers its own machine
    # Lambda makes the interfaces of a function in a network itself, with the function's role
    *(f"ec2:{verb}NetworkInterface" for verb in ("Create", "Delete")),
    *(f"ec2:{verb}PrivateIpAddresses" for verb in ("Assign", "Unassign")),
    *(
        # A narrower permission tells no alarm that is made of others (API reference, DescribeAlarms)
        "cloudwatch:DescribeAlarmHistory",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:GetMetricData",
        "cloudwatch:ListMetrics",
    ),  # datasets are not of this service; its metrics have no ARN
}


def proved(subject: Subject, roles: Sequence[Role]) -> str:
    """That each statement of the roles allows its own resource and no other; returns what was seen.

    Raises:
        CheckError: one does not, or refuses nothing.
    """
    roles = [role for role in roles if role.policies]  # who takes a service's own policy alone is that service
    proofs = asyncio.run(_prove(roles, subject))
    if silent := [role.name for role in roles if not any(proof.probe.role == role.arn for proof in proofs)]:
        raise CheckError(f"{silent[0]} has no statement that could be proved")
    if wrong := [proof.detail for proof in proofs if not proof.ok] + [unlimited(p) for p in proofs if unlimited(p)]:
        raise CheckError(f"{len(wrong)} of {len(proofs)} statements are not proved both ways: {wrong[0]}")
    return f"{len(proofs)} statements of {len(roles)} roles, each proved both ways"


def unlimited(proof: Proof) -> str:
    """What is wrong with a statement that refuses no resource although its action knows of resources."""
    probe = proof.probe
    kinds = ", ".join(catalogue.resource_formats(probe.action))
    if probe.varied != "action" or not kinds or probe.action in _ON_ANY:
        return ""
    return f"{probe.action} is allowed on every {kinds} by {probe.statement}"


async def _prove(roles: Sequence[Role], subject: Subject) -> list[Proof]:
    evaluator = Evaluator(node=Path(sys.executable).parent / "node")
    await evaluator.start()
    try:
        region = str(subject.tier.session.region_name)
        return [proof for role in roles for proof in await prove(role, judge=evaluator, region=region)]
    finally:
        await evaluator.stop()


def roles_of(subject: Subject) -> list[Role]:
    """The roles of the stack, as IAM itself tells them, without the statements of AWS's own policies, which are AWS's to prove."""
    iam = subject.tier.client("iam")
    stack = subject.tier.client("cloudformation").describe_stack_resources(StackName=subject.stack)["StackResources"]
    return [_role(iam, r["PhysicalResourceId"]) for r in stack if r["ResourceType"] == "AWS::IAM::Role"]


def _role(iam: Any, name: str) -> Role:
    role = iam.get_role(RoleName=name)["Role"]
    names = iam.list_role_policies(RoleName=name)["PolicyNames"]
    policies = [Policy(n, iam.get_role_policy(RoleName=name, PolicyName=n)["PolicyDocument"]) for n in names]
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    policies += [_managed(iam, arn) for each in attached if ":iam::aws:policy/" not in (arn := each["PolicyArn"])]
    boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return Role(
        arn=role["Arn"],
        policies=tuple(policies),
        trust=role["AssumeRolePolicyDocument"],
        boundary=_managed(iam, boundary) if boundary else None,
        id=role["RoleId"],
    )


def _managed(iam: Any, arn: str) -> Policy:
    """A managed policy; one of AWS's own that the local AWS does not know allows nothing, as at the gate."""
    try:
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    except iam.exceptions.NoSuchEntityException:
        return Policy(arn, {"Version": "2012-10-17", "Statement": []})
    return Policy(arn, iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])
