"""A permission that the host needs and does not have, and one that it has and does not need."""

from __future__ import annotations

from collections.abc import Iterator
from unittest import mock

from rehearsal.breaks import breaks
from rehearsal.breaks.cloud import Statements, host_role, other_statements, refusals_expected
from rehearsal.checks import Subject
from rehearsal.checks.single.refusals import no_call_of_the_machine_was_refused_for_a_missing_permission


@breaks(
    no_call_of_the_machine_was_refused_for_a_missing_permission,
    says="the first: cloudwatch:PutMetricData on *",
    again=True,
)
def the_host_may_not_send_metrics(subject: Subject) -> Iterator[None]:
    def narrow(statements: Statements) -> Statements:
        return [s for s in statements if s["Sid"] != "SendMetrics"]

    with refusals_expected(subject), other_statements(subject, host_role(subject), narrow):
        subject.host.run("systemctl", "start", "fines-metrics.service", check=False)
        yield


@breaks(no_call_of_the_machine_was_refused_for_a_missing_permission, says="TidySecrets")
def the_host_may_do_more_than_it_does(subject: Subject) -> Iterator[None]:
    more = {"Sid": "TidySecrets", "Effect": "Allow", "Action": "secretsmanager:DeleteSecret", "Resource": "*"}
    with (
        other_statements(subject, host_role(subject), lambda own: [*own, more]),
        mock.patch.object(subject, "whole", True),
    ):
        yield
