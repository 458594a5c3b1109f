"""The end of the tier: refused while it is protected, and then what holds data outlives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from rehearsal.cdk import CdkError
from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.ending import see_the_end
from rehearsal.checks.rds import await_standby, primary
from rehearsal.checks.variant import deploy, project

PROTECTED = "true"


@check("asg")
def a_protected_stack_its_database_and_its_load_balancer_refuse_to_be_destroyed(subject: Subject) -> str:
    synth = subject.tier.cdk.synth
    context = subject.context | {"deletion_protection": PROTECTED}
    protected = synth(context, lambda _: None, name="asg-protected", project=project(subject, "protected"))
    deploy(subject, protected, log="deploy-protected")
    try:
        if open_to_all := _unprotected(subject):
            raise CheckError(f"not protected: {', '.join(open_to_all)}")
        try:
            subject.tier.cdk.destroy(protected, lambda _: None)
        except CdkError as error:
            said = str(error)
        else:
            raise CheckError("the protected stack was destroyed")
        if "TerminationProtection" not in said:
            raise CheckError(f"the stack was not destroyed for another reason: {said[-300:]}")
        _must_refuse(subject)
    finally:
        deploy(subject, subject.assembly, log="deploy-unprotected")
    if not (left := _unprotected(subject)):
        raise CheckError("the deployment without protection left all protected")
    return f"refused; deployed without protection, these can go: {', '.join(left)}"


@check("asg")
def a_destroyed_stack_leaves_what_holds_data_a_snapshot_and_nothing_else(subject: Subject) -> str:
    return see_the_end_with_a_snapshot(subject)


def see_the_end_with_a_snapshot(subject: Subject) -> str:
    """Destroys the stack; returns what is left of it, with the database's last snapshot.

    Raises:
        CheckError: something is left that should be gone, or gone that should be left.
    """
    database = _database(subject)["DBInstanceIdentifier"]
    machines = (primary(subject), await_standby(subject))
    seen = see_the_end(subject)
    if alive := [machine.id for machine in machines if machine.alive]:
        raise CheckError(f"{', '.join(alive)} still have power")
    snapshots = subject.tier.client("rds").describe_db_snapshots(DBInstanceIdentifier=database)["DBSnapshots"]
    if not snapshots:
        raise CheckError(f"{database} is gone, and no snapshot of it is left")
    return f"{seen}; {snapshots[0]['DBSnapshotIdentifier']}"


def _unprotected(subject: Subject) -> list[str]:
    """Which of stack, database and load balancer anybody may end who has the permission."""
    (stack,) = subject.tier.client("cloudformation").describe_stacks(StackName=subject.stack)["Stacks"]
    elb = subject.tier.client("elbv2")
    attributes = elb.describe_load_balancer_attributes(LoadBalancerArn=_balancer(subject))["Attributes"]
    told = {
        "the stack": stack.get("EnableTerminationProtection", False),
        "the database": _database(subject)["DeletionProtection"],
        "the load balancer": {"Key": "deletion_protection.enabled", "Value": "true"} in attributes,
    }
    return [name for name, protected in told.items() if not protected]


def _must_refuse(subject: Subject) -> None:
    """The services themselves refuse, whoever asks them past CloudFormation."""
    rds, elb = subject.tier.client("rds"), subject.tier.client("elbv2")
    database, balancer = _database(subject)["DBInstanceIdentifier"], _balancer(subject)
    ends: dict[str, Callable[[], Any]] = {
        "the database": lambda: rds.delete_db_instance(DBInstanceIdentifier=database, SkipFinalSnapshot=True),
        "the load balancer": lambda: elb.delete_load_balancer(LoadBalancerArn=balancer),
    }
    for name, end in ends.items():
        try:
            end()
        except ClientError:
            continue
        raise CheckError(f"{name} was deleted although it is protected")


def _database(subject: Subject) -> dict[str, Any]:
    found = subject.tier.client("rds").describe_db_instances()["DBInstances"]
    (instance,) = [each for each in found if each["DBInstanceIdentifier"].startswith(subject.stack)]
    return dict(instance)


def _balancer(subject: Subject) -> str:
    (found,) = subject.tier.client("elbv2").describe_load_balancers()["LoadBalancers"]
    return str(found["LoadBalancerArn"])
