"""Machines that die, and machines that are replaced: nothing that was acknowledged is lost, and a release costs no request."""

from __future__ import annotations

import time
from pathlib import Path

from rehearsal.cdk import CdkError
from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.load import Load, must_all_be_acknowledged, must_be_there_once, none_failed
from rehearsal.checks.people import People
from rehearsal.checks.variant import deploy, published, without_readyz
from rehearsal.machines.machine import Machine

REPLACED_SECONDS = 120
_PACE = 0.22  # seconds between an officer's fines: below the limit on a token


@check("asg")
def a_machine_killed_under_load_is_replaced_and_no_acknowledged_fine_is_lost(subject: Subject) -> str:
    people = People.make(subject, officers=8, owners=5)
    before = {machine.id for machine in subject.hosts}
    victim = subject.hosts[-1]
    with Load(people, officers=8, pause=_PACE, patience=5) as load:
        load.await_acknowledged(100, seconds=60)
        cut = time.monotonic()
        victim.cut_power()
        _await_serving(subject, len(before), without={victim.id})
        seconds = time.monotonic() - cut
        load.await_acknowledged(100, seconds=60)
        load.stop()
    new = {machine.id for machine in subject.hosts} - before
    if len(new) != 1:
        raise CheckError(f"{sorted(new)} came for {victim.id}: one machine was expected")
    ledger = load.ledger
    must_be_there_once(ledger, people, subject)
    must_all_be_acknowledged(ledger)
    tried = len(ledger.acknowledged) + len(ledger.refused)
    share = 100 * len(ledger.refused) / tried
    return (
        f"{victim.id} to {new.pop()} in {seconds:.0f} s; {len(ledger.acknowledged)} fines there once, "
        f"{len(ledger.refused)} of {tried} requests failed ({share:.1f} %); repeated, none did"
    )


def _never_ready(subject: Subject) -> Path:
    return published(subject, "never-ready", without_readyz)


@check("asg", ahead=_never_ready)
def a_refresh_to_an_image_that_never_serves_fails_rolls_back_and_fails_no_request(subject: Subject) -> str:
    before = {machine.id for machine in subject.hosts}
    people = People.make(subject, officers=4, owners=2)
    assembly = subject.made(_never_ready)
    with Load(people, officers=4, pause=_PACE) as load:
        try:
            deploy(subject, assembly, log="deploy-never-ready")
        except CdkError as error:
            said = str(error)
        else:
            raise CheckError("the deployment said that it succeeded")
        load.await_acknowledged(10, seconds=20)
        load.stop()
    if "does not serve" not in said:
        raise CheckError(f"the deployment failed without its reason: {said[-400:]}")
    after = {machine.id for machine in subject.hosts}
    if not before & after:
        raise CheckError(f"none of {sorted(before)} serves on, but {sorted(after)}")
    none_failed(load.ledger)
    must_be_there_once(load.ledger, people, subject)
    told = _told_by_the_dead(subject, living=before)
    if not any("This host does not serve" in text for text in told):
        raise CheckError(f"the machines are gone, and their log does not say why: {told}")
    return f"rolled back; {len(load.ledger.acknowledged)} fines meanwhile, none failed; {len(before & after)} of {len(before)} machines were never touched"


def _told_by_the_dead(subject: Subject, *, living: set[str]) -> list[str]:
    """What machines that never served left in the log group, which outlives them."""
    logs = subject.tier.client("logs")
    (group,) = [
        each["logGroupName"]
        for each in logs.describe_log_groups(logGroupNamePrefix="/fines/")["logGroups"]
        if each["logGroupName"].endswith(f"/{subject.tier.run.tier}/host")
    ]
    streams = [each["logStreamName"] for each in logs.describe_log_streams(logGroupName=group)["logStreams"]]
    return [
        event["message"]
        for stream in streams
        if stream.endswith("-failure") and stream.removesuffix("-failure") not in living
        for event in logs.get_log_events(logGroupName=group, logStreamName=stream)["events"]
    ]


def _await_serving(subject: Subject, count: int, *, without: set[str]) -> list[Machine]:
    """Waits until so many machines serve, none of some."""
    deadline = time.monotonic() + REPLACED_SECONDS
    while True:
        serving = [machine for machine in subject.hosts if machine.id not in without]
        if len(serving) >= count and healthy(subject) >= count:
            return serving
        if time.monotonic() > deadline:
            raise CheckError(f"{len(serving)} machines serve after {REPLACED_SECONDS} s, {count} should")
        time.sleep(1)


def healthy(subject: Subject) -> int:
    """How many machines the load balancer finds healthy."""
    elb = subject.tier.client("elbv2")
    (group,) = elb.describe_target_groups()["TargetGroups"]
    told = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    return sum(each["TargetHealth"]["State"] == "healthy" for each in told)


def await_healthy(subject: Subject, count: int, *, seconds: float = 240) -> None:
    """Waits until the load balancer finds so many machines healthy."""
    deadline = time.monotonic() + seconds
    while healthy(subject) < count:
        if time.monotonic() > deadline:
            raise CheckError(f"the load balancer finds {healthy(subject)} machines healthy after {seconds:.0f} s")
        time.sleep(1)
