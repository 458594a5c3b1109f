"""What the local AWS holds, changed behind CloudFormation's back and put back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rehearsal.breaks import BreakError
from rehearsal.checks import Subject
from rehearsal.checks.roles import roles_of
from rehearsal.checks.variant import deploy
from rehearsal.cloud.permissions.asking import Role

_ALARM = (
    *("AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions", "InsufficientDataActions"),
    *("MetricName", "Namespace", "Statistic", "Dimensions", "Period", "EvaluationPeriods", "DatapointsToAlarm"),
    *("Threshold", "ComparisonOperator", "TreatMissingData"),
)
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


@contextmanager
def other_alarm(subject: Subject, metric: str, **properties: object) -> Iterator[None]:
    """The stack's alarm on a metric with other properties than the template's."""
    cloudwatch = subject.tier.client("cloudwatch")
    given = _alarm(subject, metric)
    cloudwatch.put_metric_alarm(**{**given, **properties})
    try:
        yield
    finally:
        cloudwatch.put_metric_alarm(**given)


@contextmanager
def no_alarm(subject: Subject, metric: str) -> Iterator[None]:
    """The stack without its alarm on a metric."""
    cloudwatch = subject.tier.client("cloudwatch")
    given = _alarm(subject, metric)
    cloudwatch.delete_alarms(AlarmNames=[given["AlarmName"]])
    try:
        yield
    finally:
        cloudwatch.put_metric_alarm(**given)


def _alarm(subject: Subject, metric: str) -> dict[str, Any]:
    """What the stack's alarm on a metric is made of."""
    cloudwatch = subject.tier.client("cloudwatch")
    alarms = cloudwatch.describe_alarms(AlarmNamePrefix=subject.stack)["MetricAlarms"]
    found = [alarm for alarm in alarms if alarm.get("MetricName") == metric]
    if len(found) != 1:
        raise BreakError(f"{len(found)} alarms watch {metric}: the break must be brought up to date")
    tags = cloudwatch.list_tags_for_resource(ResourceARN=found[0]["AlarmArn"])["Tags"]
    own = [tag for tag in tags if not tag["Key"].startswith("aws:")]  # CloudFormation's own cannot be given
    return {key: found[0][key] for key in _ALARM if key in found[0]} | {"Tags": own}


def role_of(subject: Subject, part: str) -> Role:
    """The only role of a part, by the name of its construct."""
    found = [role for role in roles_of(subject) if part in role.name]
    if len(found) != 1:
        raise BreakError(f"{len(found)} roles are named {part}: the break must be brought up to date")
    return found[0]


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
