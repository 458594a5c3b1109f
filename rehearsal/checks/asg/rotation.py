"""Passwords that change while the service serves: each step of the template's own function, and no request the worse for it."""

from __future__ import annotations

import time
from typing import Any

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.load import Load, must_be_there_once
from rehearsal.checks.people import People
from rehearsal.checks.rds import in_a_container, primary, psql, value
from rehearsal.checks.runbook import no_cli
from rehearsal.checks.sessions import typed_by_an_operator

ROTATIONS = 10
STEPS_SECONDS = 60  # within which a rotation must be over
_PACE = 0.25  # seconds between an officer's fines: below the limit on a token
_LOG_IN = """
import json, sys
import psycopg
try:
    psycopg.connect(**json.load(sys.stdin), connect_timeout=5).close()
    print("taken")
except psycopg.OperationalError as error:
    print("refused" if "password authentication failed" in str(error) else error)
"""


@check("asg")
def the_password_is_rotated_ten_times_under_load_and_that_of_two_rotations_ago_opens_nothing(subject: Subject) -> str:
    values = [value(subject)]
    people = People.make(subject, officers=6, owners=3)
    began = time.monotonic()
    with Load(people, officers=6, pause=_PACE) as load:
        for number in range(ROTATIONS):
            values.append(rotate(subject, typed=number == 0 and not no_cli()))
        seconds = time.monotonic() - began
        load.stop()
    # connections that were made before live on: new ones must find the way with what is current
    _end_sessions(subject)
    with Load(people, officers=6, fines=60, pause=_PACE) as anew:
        anew.join()
    if len({each["password"] for each in values}) != len(values):
        raise CheckError("a rotation gave a value that was there before")
    if {each["username"] for each in values} != {"fines_a", "fines_b"}:
        raise CheckError(f"the users that took turns are {sorted({each['username'] for each in values})}")
    for ago, wanted in ((0, "taken"), (1, "taken"), (2, "refused")):
        if (said := _log_in(subject, values[-1 - ago])) != wanted:
            raise CheckError(f"the value of {ago} rotations ago was {said}, it should be {wanted}")
    for when, ledger in (("beside the rotations", load.ledger), ("after them, on new sessions", anew.ledger)):
        if ledger.refused:
            raise CheckError(f"{len(ledger.refused)} requests failed {when}, the first: {ledger.refused[0][1]}")
        must_be_there_once(ledger, people, subject)
    return f"{ROTATIONS} rotations in {seconds:.0f} s, {len(load.ledger.acknowledged)} fines meanwhile, none failed"


def _end_sessions(subject: Subject) -> None:
    """Ends all of the service's sessions in the database, as a failover does, and waits for that: each thread logs in anew."""
    ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename IN ('fines_a', 'fines_b')"
    psql(primary(subject), ended)


def rotate(subject: Subject, *, typed: bool = False) -> dict[str, str]:
    """Has Secrets Manager rotate the service's secret, `typed` as the runbook says; returns the new value once it is current."""
    manager, arn = subject.tier.client("secretsmanager"), subject.outputs["DatabaseSecretArn"]
    before = _current(manager, arn)
    if typed:
        page = f"Tier {subject.tier.run.tier}: rotate a password"
        typed_by_an_operator(subject, page, service="secretsmanager", log="rotate", SECRET=arn)
    else:
        manager.rotate_secret(SecretId=arn)
    deadline = time.monotonic() + STEPS_SECONDS
    while _current(manager, arn) == before:
        if time.monotonic() > deadline:
            raise CheckError(f"a rotation was not over within {STEPS_SECONDS} s")
        time.sleep(0.3)
    return value(subject)


def _current(manager: Any, arn: str) -> str:
    """The id of the version that the secret's users read now."""
    versions = manager.describe_secret(SecretId=arn)["VersionIdsToStages"]
    return next(str(id) for id, stages in versions.items() if "AWSCURRENT" in stages)


def _log_in(subject: Subject, login: dict[str, str]) -> str:
    """Whether PostgreSQL takes a user's password, asked from a container of the service."""
    return in_a_container(subject, _LOG_IN, login, seconds=30)
