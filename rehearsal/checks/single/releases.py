"""Deployments of a running tier: in place under load, given up when they are no good, and scaled."""

from __future__ import annotations

import json
import time
from datetime import datetime
from pathlib import Path

from rehearsal.cdk import CdkError
from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.containers import instances, ports
from rehearsal.checks.database import ask
from rehearsal.checks.figures import figures
from rehearsal.checks.in_flight import InFlight
from rehearsal.checks.load import Load, must_be_there_once, none_failed
from rehearsal.checks.people import People
from rehearsal.checks.runbook import as_operator
from rehearsal.checks.variant import deploy, project, published, variant, with_migration, without_readyz

_MOST_CLOSED_IDLE = 16  # one an officer and a release; a front that falls over closes far more
_LEAST_HELD = 16  # requests that a container had in hand when it was told to stop, or might have had
_HEARD = 15.0  # seconds within which the host's word comes to CloudWatch
_PACE = 0.3  # seconds between an officer's fines: below the limit on a token


@check("single")
def a_new_image_and_the_way_back_fail_no_request_under_load_and_its_migration_runs_once(subject: Subject) -> str:
    before, image = instances(subject), _image(subject)
    copy = project(subject, "new", lambda copy: with_migration(copy, "9000_rehearsal", "SELECT 1"))
    people = People.make(subject, officers=8, owners=2)
    with Load(people, officers=8, pause=_PACE) as load, InFlight(subject, people) as held:
        as_operator(subject, "Release, and back", copy, log="deploy-new")
        load.await_acknowledged(20, seconds=20)
        if (runs := _migrations(subject)) != "1":
            raise CheckError(f"the new migration is recorded {runs} times")
        new, early = _image(subject), _first_start(subject) - _migrated(subject)
        as_operator(subject, "Release, and back", project(subject, "back"), log="deploy-back")
        load.await_acknowledged(20, seconds=20)
        load.stop()
    if new == image or instances(subject) != before:
        raise CheckError(f"{new} ran on {instances(subject)}; another image was wanted on {before}")
    if (back := _image(subject)) != image:
        raise CheckError(f"{back} runs after the way back, it was {image}")
    if broken := _broken(load, held):
        raise CheckError("; ".join(broken))
    must_be_there_once(load.ledger, people, subject)
    none_failed(load.ledger, closed=_MOST_CLOSED_IDLE)
    if early < 0:
        raise CheckError(f"a container of the new image began {-early:.1f} s before its migration was over")
    silence, idle = load.ledger.longest_silence(), load.ledger.closed_idle
    return (
        f"{len(load.ledger.acknowledged)} fines and {len(held.answers)} without a key meanwhile, none failed; "
        f"{silence:.1f} s of silence; {idle} on a connection just closed; "
        f"1 migration, over {early:.1f} s before the first container began; the image before runs again"
    )


def _broken(load: Load, held: InFlight) -> list[str]:
    """A sentence for each kind of request that failed: what ends a container too soon may fail one kind, the other, or both."""
    wrong = []
    if refused := load.ledger.refused:
        wrong.append(f"{len(refused)} requests failed, the first: {refused[0][1]}")
    if len(held.answers) < _LEAST_HELD:
        wrong.append(
            f"{len(held.answers)} requests without a key were in hand meanwhile; at least {_LEAST_HELD} were wanted"
        )
    if held.broken:
        wrong.append(
            f"{len(held.broken)} of {len(held.answers)} requests without a key were broken off: {held.broken[:3]}"
        )
    return wrong


def _bad_migration(subject: Subject) -> Path:
    return variant(subject, "bad-migration", lambda copy: with_migration(copy, "9001_rehearsal", "SELECT 1/0"))


@check("single", ahead=_bad_migration)
def an_image_whose_migration_fails_is_given_up_with_the_reason_and_the_old_one_serves_on(subject: Subject) -> str:
    return _given_up(subject, subject.made(_bad_migration), "migration failed")


def _never_ready(subject: Subject) -> Path:
    return published(subject, "never-ready", without_readyz)


@check("single", ahead=_never_ready)
def an_image_that_never_becomes_ready_is_given_up_with_the_reason_and_the_old_one_serves_on(subject: Subject) -> str:
    return _given_up(subject, subject.made(_never_ready), "did not answer /readyz")


def _given_up(subject: Subject, assembly: Path, reason: str) -> str:
    image, before, began = _image(subject), instances(subject), time.time()
    people = People.make(subject, officers=2, owners=2)
    with Load(people, officers=2, pause=_PACE) as load:
        try:
            deploy(subject, assembly, log=assembly.name.replace(subject.tier.run.tier, "deploy"))
        except CdkError as error:
            said = str(error)
        else:
            raise CheckError("the deployment said that it succeeded")
        load.await_acknowledged(10, seconds=20)
        load.stop()
    if reason not in said:
        raise CheckError(f"the deployment failed without the reason {reason!r}: {said[-400:]}")
    if _image(subject) != image or instances(subject) != before or load.ledger.refused:
        raise CheckError(
            f"{_image(subject)} runs, {image} did; {len(load.ledger.refused)} requests failed: {load.ledger.refused[:1]}"
        )
    must_be_there_once(load.ledger, people, subject)
    _must_be_told(subject, began)
    return f"«{reason}»; {len(load.ledger.acknowledged)} fines meanwhile, none failed"


def _must_be_told(subject: Subject, began: float) -> None:
    """Raises CheckError unless CloudWatch hears of the release that was given up."""
    deadline = time.time() + _HEARD
    while not any(figures(subject, "ReleaseFailed", since=began)):
        if time.time() > deadline:
            raise CheckError("the release was given up, and CloudWatch heard nothing of it")
        time.sleep(0.5)


def _migrations(subject: Subject) -> str:
    query = "SELECT count(*) FROM django_migrations WHERE name = '9000_rehearsal'"
    return ask(subject, query)


def _migrated(subject: Subject) -> float:
    """When the new migration was written down as applied, in seconds since 1970."""
    return float(
        ask(subject, "SELECT extract(epoch FROM applied) FROM django_migrations WHERE name = '9000_rehearsal'")
    )


def _first_start(subject: Subject) -> float:
    """When the first of the containers that run began."""
    shown = json.loads(subject.host.run("podman", "inspect", *(f"fines-web-{port}" for port in ports(subject))).stdout)
    return min(datetime.fromisoformat(container["State"]["StartedAt"]).timestamp() for container in shown)


def _image(subject: Subject) -> str:
    """The id of the image that the containers run; all run the same."""
    names = [f"fines-web-{port}" for port in ports(subject)]
    shown = json.loads(subject.host.run("podman", "inspect", *names).stdout)
    images = sorted({container["Image"] for container in shown})
    if len(images) != 1:
        raise CheckError(f"the containers run {len(images)} images: {images}")
    return str(images[0])
