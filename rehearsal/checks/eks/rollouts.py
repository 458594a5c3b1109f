"""Releases under load: one that replaces every pod and fails no request, and two that are given up while the old pods serve on."""

from __future__ import annotations

import time
from pathlib import Path

from rehearsal.cdk import CdkError
from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.kubectl import is_ready, objects, pods
from rehearsal.checks.load import Load, must_be_there_once, none_failed
from rehearsal.checks.people import People
from rehearsal.checks.variant import deploy, edit, published, with_migration, without_readyz
from rehearsal.report import Figure

LEAST = 5_000  # requests beside the release, at least
_OFFICERS, _PAUSE = 12, 0.25  # seconds between an officer's fines: what two processors serve beside pods that begin
_STEADY = 600
_MIGRATION = "9000_rehearsal"
_PATIENCE = 60  # seconds after which the broken release is given up, in place of the template's seven minutes


def _next(subject: Subject) -> Path:
    return published(subject, "new-release", lambda copy: with_migration(copy, _MIGRATION, "SELECT 1"))


@check("eks", ahead=_next)
def a_rollout_to_a_new_image_under_load_fails_no_request_and_migrates_once_before_any_pod(subject: Subject) -> str:
    assembly = subject.made(_next)
    people, before = People.make(subject, officers=_OFFICERS, owners=4), _names(subject)
    with Load(people, officers=_OFFICERS, pause=_PAUSE) as load:
        load.await_acknowledged(_STEADY, seconds=60)
        began = time.monotonic()
        deploy(subject, assembly, log="deploy-new-release")
        seconds = time.monotonic() - began
        if (missing := LEAST - len(load.ledger.acknowledged)) > 0:
            load.await_acknowledged(missing, seconds=180)
        load.stop()
    after = _names(subject)
    if left := before & after:
        raise CheckError(f"these pods were not replaced: {sorted(left)}")
    none_failed(load.ledger)
    must_be_there_once(load.ledger, people, subject)
    _migrated_before(subject)
    ledger = load.ledger
    steady, rolling = ledger.ninety_ninth(until=began), ledger.ninety_ninth(since=began)
    subject.figures.append(
        Figure(
            "p99 of a rollout against the steady one's",
            rolling / steady,
            2.0,
            f"{1000 * rolling:.0f} ms against {1000 * steady:.0f} ms; all nodes have the same processors",
        )
    )
    return f"{len(after)} pods in {seconds:.0f} s; {len(ledger.acknowledged)} fines meanwhile, none failed"


def _never_ready(subject: Subject) -> Path:
    def change(copy: Path) -> None:
        without_readyz(copy)
        edit(
            copy / "stacks/kubernetes/web.yaml", "progressDeadlineSeconds: 420", f"progressDeadlineSeconds: {_PATIENCE}"
        )

    return published(subject, "never-ready", change)


@check("eks", ahead=_never_ready)
def a_rollout_to_an_image_that_never_serves_stops_and_the_old_pods_serve_on(subject: Subject) -> str:
    return _given_up(subject, subject.made(_never_ready), "the rollout of web did not complete")


def _bad_migration(subject: Subject) -> Path:
    return published(
        subject, "bad-migration", lambda copy: with_migration(copy, "9001_bad", "SELECT no_such_function()")
    )


@check("eks", ahead=_bad_migration)
def a_release_whose_migration_fails_replaces_no_pod_and_says_why(subject: Subject) -> str:
    return _given_up(subject, subject.made(_bad_migration), "no_such_function")


def _given_up(subject: Subject, assembly: Path, reason: str) -> str:
    people, before = People.make(subject, officers=4, owners=2), _names(subject)
    began = time.monotonic()
    with Load(people, officers=4, pause=_PAUSE) as load:
        try:
            deploy(subject, assembly, log=f"deploy-{assembly.parent.name}")
        except CdkError as error:
            said = str(error)
        else:
            raise CheckError("the deployment said that it succeeded")
        load.await_acknowledged(10, seconds=20)
        load.stop()
    if reason not in said:
        raise CheckError(f"the deployment failed without its reason ({reason}): {said[-500:]}")
    none_failed(load.ledger)
    if gone := before - _names(subject):
        raise CheckError(f"of the old pods {sorted(gone)} are gone")
    must_be_there_once(load.ledger, people, subject)
    return f"failed and rolled back in {time.monotonic() - began:.0f} s; {len(load.ledger.acknowledged)} fines meanwhile, none failed"


def _names(subject: Subject) -> set[str]:
    return {pod["metadata"]["name"] for pod in pods(subject) if is_ready(pod)}


def _migrated_before(subject: Subject) -> None:
    """One Job of the release's was complete before the first of its pods was made."""
    jobs = [each for each in objects(subject, "jobs") if each["metadata"]["name"].startswith("migration-")]
    if len(jobs) != 1 or jobs[0]["status"].get("succeeded") != 1:
        raise CheckError(f"one migration that went well is expected: {[each['metadata']['name'] for each in jobs]}")
    done = jobs[0]["status"]["completionTime"]
    first = min(pod["metadata"]["creationTimestamp"] for pod in pods(subject))
    if first < done:
        raise CheckError(f"a pod was made at {first}, the migration was over at {done}")
