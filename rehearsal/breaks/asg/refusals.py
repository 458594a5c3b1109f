"""A permission that a machine needs and does not have."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.cloud import Statements, other_statements, refusals_expected, role_of
from rehearsal.breaks.host import shell
from rehearsal.checks import Subject
from rehearsal.checks.asg.refusals import (
    no_call_of_machines_functions_or_people_was_refused_for_a_missing_permission as check,
)


@breaks(check, says="the first: sts:AssumeRole on ", again=True)
def machines_may_not_take_the_role_of_their_containers(subject: Subject) -> Iterator[None]:
    def narrow(statements: Statements) -> Statements:
        return [s for s in statements if s["Sid"] != "TakeTheContainersRole"]

    with refusals_expected(subject), other_statements(subject, role_of(subject, "RolesHost"), narrow):
        shell(subject.hosts[-1], "systemctl start fines-app-credentials.service || true")
        yield
