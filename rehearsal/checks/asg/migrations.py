"""What a release does to the database: once, before any machine changes, or not at all."""

from __future__ import annotations

import time
from pathlib import Path

from rehearsal.cdk import CdkError
from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.load import Load, must_be_there_once, none_failed
from rehearsal.checks.people import People, manage
from rehearsal.checks.variant import deploy, published, with_migration
from rehearsal.cloud.events import LAUNCHED

_PACE = 0.3  # seconds between an officer's fines: below the limit on a token
_APPLIED = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT extract(epoch FROM applied) FROM django_migrations WHERE name = '{name}'")
    print("applied", *[float(row[0]) for row in cursor.fetchall()])
"""


def _bad_migration(subject: Subject) -> Path:
    return published(subject, "bad-migration", lambda copy: with_migration(copy, "9001_rehearsal", "SELECT 1/0"))


@check("asg", ahead=_bad_migration)
def a_release_whose_migration_fails_stops_with_the_reason_and_replaces_no_machine(subject: Subject) -> str:
    before = {machine.id for machine in subject.hosts}
    people = People.make(subject, officers=2, owners=2)
    assembly = subject.made(_bad_migration)
    with Load(people, officers=2, pause=_PACE) as load:
        began = time.time()
        try:
            deploy(subject, assembly, log="deploy-bad-migration")
        except CdkError as error:
            said = str(error)
        else:
            raise CheckError("the deployment said that it succeeded")
        seconds = time.time() - began
        load.await_acknowledged(10, seconds=20)
        load.stop()
    if "division by zero" not in said:
        raise CheckError(f"the deployment failed without its reason: {said[-400:]}")
    if before != (after := {machine.id for machine in subject.hosts}):
        raise CheckError(f"{sorted(before)} served, now {sorted(after)} do")
    if launched := [
        event.machine for event in subject.tier.events.all() if event.what == LAUNCHED and event.at > began
    ]:
        raise CheckError(f"{', '.join(launched)} were launched for a release whose migration failed")
    if times := applied(subject, "9001_rehearsal"):
        raise CheckError(f"a migration that failed is recorded as applied {len(times)} times")
    none_failed(load.ledger)
    must_be_there_once(load.ledger, people, subject)
    return f"failed after {seconds:.0f} s with PostgreSQL's reason; {len(load.ledger.acknowledged)} fines meanwhile, none failed"


def applied(subject: Subject, name: str) -> list[float]:
    """When a migration was applied, in seconds since 1970, once for each time that the database has it recorded."""
    said = manage(subject, "shell", "--no-imports", text=_APPLIED.format(name=name))
    (line,) = [line for line in said.splitlines() if line.startswith("applied")]
    return [float(moment) for moment in line.split()[1:]]


def must_have_run_once_before(subject: Subject, name: str, machines: set[str]) -> None:
    """Raises when a migration was not recorded once, before the first of some machines was launched."""
    times = applied(subject, name)
    if len(times) != 1:
        raise CheckError(f"the migration is recorded {len(times)} times for {len(machines)} machines")
    first = min(subject.tier.events.moment(id, LAUNCHED) for id in machines)
    if times[0] >= first:
        raise CheckError(f"the migration was applied {times[0] - first:.1f} s after a machine was launched for it")
