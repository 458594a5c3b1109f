"""Sessions of the roles for people, taken by those whom the settings name; and pages of the runbook that are typed in one."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from botocore.exceptions import ClientError

from rehearsal import principals
from rehearsal.checks import CheckError, Subject
from rehearsal.checks.door import Door, door
from rehearsal.checks.runbook import as_operator
from rehearsal.principals import Keys


@contextlib.contextmanager
def session_of(subject: Subject, part: str) -> Iterator[tuple[Door, Keys]]:
    """The way to the front, and the keys of the role of a part that one takes whom the settings name for it."""
    name = {"Operator": principals.OPERATOR, "Reviewer": principals.AUDITOR, "Deployer": principals.DEPLOYER}[part]
    began = time.time()
    try:
        with door(subject) as way, principals.keys_of(subject.tier, name) as keys:
            taken = _taken(way, keys, subject.outputs[f"{part}RoleArn"], name, by_directory=part == "Reviewer")
            yield way, taken
    finally:
        subject.provoked.append((began, time.time()))


def typed_by_an_operator(subject: Subject, page: str, *, service: str, log: str, **values: str) -> str:
    """Types a page's commands, which call one service, with the keys of the operators' role; returns what they said.

    Raises:
        CdkError: they failed; with their last words.
    """
    with session_of(subject, "Operator") as (way, keys):
        role = way.environment(keys, service)
        return as_operator(subject, page, subject.tier.run.home, log=log, role=role, **values)


def _taken(way: Door, keys: Keys, role: str, name: str, *, by_directory: bool) -> Keys:
    try:
        if by_directory:
            keys = way.take(keys, principals.arn("role", principals.DIRECTORY_ROLE), name=name, second_factor=False)
        return way.take(keys, role, name=name)
    except ClientError as error:
        raise CheckError(f"who is named cannot take {role}: {error}") from error
