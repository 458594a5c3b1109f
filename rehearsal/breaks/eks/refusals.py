"""A permission that pods need and do not have."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.cloud import Statements, other_statements, refusals_expected, role_of
from rehearsal.checks import Subject
from rehearsal.checks.eks.refusals import (
    no_call_of_pods_functions_or_nodes_was_refused_for_a_missing_permission as check,
)
from rehearsal.checks.kubectl import kubectl


@breaks(check, says="the first: secretsmanager:GetSecretValue on ", again=True)
def the_job_that_tells_ages_may_read_no_secret(subject: Subject) -> Iterator[None]:
    def narrow(statements: Statements) -> Statements:
        return statements[:1]

    with refusals_expected(subject), other_statements(subject, role_of(subject, "RolesAges"), narrow):
        kubectl(subject, "create", "job", "break-ages", "--from=cronjob/ages")
        kubectl(subject, "wait", "--for=jsonpath={.status.failed}=1", "job/break-ages", "--timeout=90s")
        yield
    kubectl(subject, "delete", "job", "break-ages")
