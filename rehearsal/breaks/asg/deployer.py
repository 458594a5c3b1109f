"""A deployer who lacks one of the four roles that the CLI takes."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.cloud import Statements, other_statements, role_of
from rehearsal.checks import Subject
from rehearsal.checks.asg.deployer import (
    a_deployer_deploys_a_change_and_takes_it_back_with_the_cli_through_the_gate as check,
)


@breaks(check, says="a deployer cannot deploy: ", again=True)
def a_deployer_may_not_take_the_role_that_publishes_files(subject: Subject) -> Iterator[None]:
    def narrow(statements: Statements) -> Statements:
        return [s | {"Resource": [arn for arn in s["Resource"] if "file-publishing" not in arn]} for s in statements]

    with other_statements(subject, role_of(subject, "Deployer"), narrow):
        yield
