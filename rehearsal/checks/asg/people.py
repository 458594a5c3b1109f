"""Roles for people, taken through the gate by those whom the settings name: each does its part, and is refused the rest."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from rehearsal import principals
from rehearsal.cdk import ACCOUNT
from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.door import door, failed, not_refused
from rehearsal.checks.sessions import session_of

Calls = dict[str, Callable[[], Any]]
_ANOTHER = "i-0123456789abcdef0"


@check("asg")
def an_operator_does_what_the_runbook_asks_of_one_and_is_refused_the_rest(subject: Subject) -> str:
    with _as(subject, "Operator") as client:
        does = _looks(subject, client) | _operates(subject, client)
        tried = _tampers(subject, client) | _reads_data(subject, client) | _oversteps(subject, client)
        seen = _seen(does, tried)
    _await_rotation(subject)
    return seen


@check("asg", beside=True)
def a_reviewer_sees_states_figures_and_logs_and_is_refused_values_data_and_every_change(subject: Subject) -> str:
    with _as(subject, "Reviewer") as client:
        logs = client("logs")
        access = {
            "read the access log": partial(logs.filter_log_events, logGroupName=f"{_prefix(subject)}/access"),
            "read the database's log": partial(logs.filter_log_events, logGroupName=_database_log(subject)),
        }
        tried = _tampers(subject, client) | _reads_data(subject, client) | access | _operates(subject, client)
        return _seen(_looks(subject, client), tried)


@check("asg", beside=True)
def a_deployer_takes_the_roles_of_the_bootstrap_and_does_nothing_else(subject: Subject) -> str:
    with _as(subject, "Deployer") as client:
        does: Calls = {f"take the {kind} role": partial(_take, client, _bootstrap(subject, kind)) for kind in _KINDS}
        others = {
            "take CloudFormation's own role": partial(_take, client, _bootstrap(subject, "cfn-exec")),
            "take the operator's role": partial(_take, client, subject.outputs["OperatorRoleArn"]),
        }
        tried = _looks(subject, client) | _tampers(subject, client) | _reads_data(subject, client) | others
        return _seen(does, tried | _operates(subject, client))


@check("asg", beside=True)
def who_is_not_named_or_shows_no_second_factor_takes_no_role_of_people(subject: Subject) -> str:
    roles = {part: subject.outputs[f"{part}RoleArn"] for part in ("Operator", "Reviewer", "Deployer")}
    names = (principals.OPERATOR, principals.DEPLOYER, principals.AUDITOR, principals.STRANGER)
    named = {principals.OPERATOR: "Operator", principals.DEPLOYER: "Deployer"}
    began, tried = time.time(), {}
    with contextlib.ExitStack() as stack:
        way = stack.enter_context(door(subject))
        keys = {name: stack.enter_context(principals.keys_of(subject.tier, name)) for name in names}
        for name in names:
            for part, role in roles.items():
                if named.get(name) != part:
                    tried[f"{name} as {part}"] = partial(way.take, keys[name], role, name=name)
                else:
                    without = partial(way.take, keys[name], role, name=name, second_factor=False)
                    tried[f"{name} as {part} without a second factor"] = without
        passed = not_refused(tried)
    subject.provoked.append((began, time.time()))
    if passed:
        raise CheckError(f"{len(passed)} of {len(tried)} were not refused: {passed[0]}")
    return f"{len(tried)} ways to take one of {len(roles)} roles, each refused"


_KINDS = ("deploy", "file-publishing", "image-publishing", "lookup")


@contextlib.contextmanager
def _as(subject: Subject, part: str) -> Iterator[Callable[[str], Any]]:
    """Clients of services, by the role of a part that one takes whom the settings name for it."""
    with session_of(subject, part) as (way, keys):
        yield lambda service: way.client(service, keys)


def _seen(does: Calls, tried: Calls) -> str:
    if wrong := failed(does):
        raise CheckError(f"{len(wrong)} of {len(does)} calls of the part went wrong: {wrong[0]}")
    if passed := not_refused(tried):
        raise CheckError(f"{len(passed)} of {len(tried)} others were not refused: {passed[0]}")
    return f"{len(does)} calls went well ({', '.join(does)}); {len(tried)} others were refused"


def _looks(subject: Subject, client: Callable[[str], Any]) -> Calls:
    cloudwatch, formation, logs = client("cloudwatch"), client("cloudformation"), client("logs")
    database = _database(subject)
    of_machines = {}
    if group := subject.outputs.get("GroupName"):
        asked = partial(client("autoscaling").describe_auto_scaling_groups, AutoScalingGroupNames=[group])
        of_machines = {"look at the group": asked}
    return of_machines | {
        "describe the stack": partial(formation.describe_stacks, StackName=subject.stack),
        "describe its resources": partial(formation.describe_stack_resources, StackName=subject.stack),
        "look at the targets": client("elbv2").describe_target_groups,
        "look at the database": partial(client("rds").describe_db_instances, DBInstanceIdentifier=database),
        "look at alarms": cloudwatch.describe_alarms,
        "read figures": partial(cloudwatch.list_metrics, Namespace=f"Fines/{subject.stack}"),
        "open the dashboard": partial(cloudwatch.get_dashboard, DashboardName=subject.stack),
        "read the service's log": partial(logs.filter_log_events, logGroupName=f"{_prefix(subject)}/service"),
        "look at a secret": partial(
            client("secretsmanager").describe_secret, SecretId=subject.outputs["DatabaseSecretArn"]
        ),
    }


def _operates(subject: Subject, client: Callable[[str], Any]) -> Calls:
    secret, database = subject.outputs["DatabaseSecretArn"], _database(subject)
    of_machines = _works_on_machines(subject, client) if "GroupName" in subject.outputs else {}
    return of_machines | {
        "rotate a password": partial(client("secretsmanager").rotate_secret, SecretId=secret),
        "fail the database over": partial(
            client("rds").reboot_db_instance, DBInstanceIdentifier=database, ForceFailover=True
        ),
    }


def _works_on_machines(subject: Subject, client: Callable[[str], Any]) -> Calls:
    group = subject.outputs["GroupName"]

    def shell() -> None:
        session = client("ssm").start_session(Target=subject.hosts[0].id)["SessionId"]
        client("ssm").terminate_session(SessionId=session)

    return {
        "open a shell and end it": shell,
        "refresh the group": partial(client("autoscaling").start_instance_refresh, AutoScalingGroupName=group),
    }


def _reads_data(subject: Subject, client: Callable[[str], Any]) -> Calls:
    s3, manager, media = client("s3"), client("secretsmanager"), subject.outputs["MediaBucket"]
    return {
        "read the database's password": partial(
            manager.get_secret_value, SecretId=subject.outputs["DatabaseSecretArn"]
        ),
        "read the root secret": partial(manager.get_secret_value, SecretId=subject.outputs["SecretArn"]),
        "read a photograph": partial(s3.get_object, Bucket=media, Key="photo"),
        "list the photographs": partial(s3.list_objects_v2, Bucket=media),
    }


def _tampers(subject: Subject, client: Callable[[str], Any]) -> Calls:
    scaling, manager, ssm = client("autoscaling"), client("secretsmanager"), client("ssm")
    group = subject.outputs.get("GroupName", "another")
    # None of them does harm, should it ever be let through.
    return {
        "end a machine": partial(client("ec2").terminate_instances, InstanceIds=[_ANOTHER]),
        "stop a deployment": partial(client("cloudformation").cancel_update_stack, StackName=subject.stack),
        "change the group": partial(scaling.update_auto_scaling_group, AutoScalingGroupName=group),
        "refresh another group": partial(scaling.start_instance_refresh, AutoScalingGroupName="another"),
        "rotate another secret": partial(manager.rotate_secret, SecretId="another"),
        "change the database": partial(client("rds").modify_db_instance, DBInstanceIdentifier=_database(subject)),
        "open a shell on another's machine": partial(ssm.start_session, Target=_ANOTHER),
        "silence an alarm": partial(client("cloudwatch").delete_alarms, AlarmNames=["another"]),
        "write a figure": partial(
            client("cloudwatch").put_metric_data,
            Namespace=f"Fines/{subject.stack}",
            MetricData=[{"MetricName": "Requests", "Value": 1.0}],
        ),
        "list the roles": client("iam").list_roles,
        "take the service's own role": partial(_take, client, _own_role(subject)),
        "take the nodes or the cluster apart": partial(client("eks").delete_cluster, name="another"),
    }


def _oversteps(subject: Subject, client: Callable[[str], Any]) -> Calls:
    """What lies beside an operator's own: the same calls, said otherwise."""
    manager, secret = client("secretsmanager"), subject.outputs["DatabaseSecretArn"]
    host = subject.hosts[0].id if "GroupName" in subject.outputs else _ANOTHER
    another = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:another"
    return {
        "forward a port": partial(
            client("ssm").start_session, Target=host, DocumentName="AWS-StartPortForwardingSession"
        ),
        "rotate by another function": partial(manager.rotate_secret, SecretId=secret, RotationLambdaARN=another),
        "rotate seldom": partial(manager.rotate_secret, SecretId=secret, RotationRules={"AutomaticallyAfterDays": 999}),
        "restore over the living database": partial(
            client("rds").restore_db_instance_to_point_in_time,
            SourceDBInstanceIdentifier=_database(subject),
            TargetDBInstanceIdentifier=_database(subject) + "-2",
            UseLatestRestorableTime=True,
        ),
    }


def _take(client: Callable[[str], Any], role: str) -> None:
    client("sts").assume_role(RoleArn=role, RoleSessionName="rehearsal")


def _bootstrap(subject: Subject, kind: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-{kind}-role-{ACCOUNT}-{subject.tier.session.region_name}"


def _own_role(subject: Subject) -> str:
    """The role of the machines, or of the pods that serve."""
    part = "RolesHost" if "GroupName" in subject.outputs else "RolesWebRole"
    found = subject.tier.client("cloudformation").describe_stack_resources(StackName=subject.stack)["StackResources"]
    (name,) = (
        each["PhysicalResourceId"]
        for each in found
        if each["ResourceType"] == "AWS::IAM::Role" and each["LogicalResourceId"].startswith(part)
    )
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def _prefix(subject: Subject) -> str:
    tier = subject.tier.run.tier
    return f"/fines/{subject.stack}" if tier == "eks" else f"/fines/dev/{tier}"


def _database(subject: Subject) -> str:
    found = subject.tier.client("rds").describe_db_instances()["DBInstances"]
    (id,) = [each["DBInstanceIdentifier"] for each in found if each["DBInstanceIdentifier"].startswith(subject.stack)]
    return str(id)


def _database_log(subject: Subject) -> str:
    return f"/aws/rds/instance/{_database(subject)}/postgresql"


def _await_rotation(subject: Subject, *, seconds: float = 60) -> None:
    """Waits until the rotation that was asked for is over, so that the checks to come find a secret at rest."""
    manager, arn = subject.tier.client("secretsmanager"), subject.outputs["DatabaseSecretArn"]
    deadline = time.monotonic() + seconds
    while any(
        "AWSPENDING" in stages and "AWSCURRENT" not in stages
        for stages in manager.describe_secret(SecretId=arn)["VersionIdsToStages"].values()
    ):
        if time.monotonic() > deadline:
            raise CheckError(f"the operator's rotation was not over within {seconds:.0f} s")
        time.sleep(0.5)
