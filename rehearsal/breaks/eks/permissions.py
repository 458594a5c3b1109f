"""Roles of pods that open too much."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.cloud import Statements, other_statements, role_of
from rehearsal.checks import Subject
from rehearsal.checks.eks.permissions import (
    the_credentials_of_a_pod_are_of_its_own_role_and_open_photos_and_its_login_alone as check,
)


@breaks(check, says="a container may read another's secret, read the master's password", again=True)
def the_service_may_read_every_secret(subject: Subject) -> Iterator[None]:
    def widen(statements: Statements) -> Statements:
        return [s | {"Resource": "*"} if s["Sid"] == "ReadItsSecrets" else s for s in statements]

    with other_statements(subject, role_of(subject, "RolesWeb"), widen):
        yield
