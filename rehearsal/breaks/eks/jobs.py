"""Figures that reach nobody, proofs that may not be left, and an alarm that waits too long."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.cloud import Statements, other_alarm, other_statements, refusals_expected, role_of
from rehearsal.checks import Subject
from rehearsal.checks.eks.jobs import (
    a_dump_made_by_the_runbook_is_proven_by_restoring_it_and_cloudwatch_hears_how_old_both_are as dumped,
)
from rehearsal.checks.eks.jobs import (
    a_newest_dump_that_is_two_days_old_sets_the_alarm_off_and_so_does_silence as old,
)
from rehearsal.checks.eks.jobs import a_nights_clean_up_takes_the_sessions_that_ended_and_no_other as cleaned

_COLLECTOR, _POLICY = "OnNodesInsights", "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"


@breaks(dumped, says="the restore drill: FAILED", again=True)
def a_pod_may_not_leave_the_mark_that_a_dump_is_proven(subject: Subject) -> Iterator[None]:
    def narrow(statements: Statements) -> Statements:
        return [
            {**each, "Resource": [place for place in each["Resource"] if "proven" not in str(place)]}
            if isinstance(each["Resource"], list)
            else each
            for each in statements
        ]

    with refusals_expected(subject), other_statements(subject, role_of(subject, "DumpsRole"), narrow):
        yield


@breaks(cleaned, says="the Job of cleanup is not done", again=True)
def a_pod_that_cleans_up_may_not_read_its_login(subject: Subject) -> Iterator[None]:
    def others(statements: Statements) -> Statements:
        return [{**each, "Resource": "arn:aws:secretsmanager:*:*:secret:of-nobody"} for each in statements]

    with refusals_expected(subject), other_statements(subject, role_of(subject, "CleanupRole"), others):
        yield


@breaks(old, says="CloudWatch has no BackupAgeSeconds", again=True, HEARD_SECONDS=10)
def the_collector_of_logs_may_not_write_to_their_groups(subject: Subject) -> Iterator[None]:
    iam, role = subject.tier.client("iam"), role_of(subject, _COLLECTOR).name
    iam.detach_role_policy(RoleName=role, PolicyArn=_POLICY)
    try:
        with refusals_expected(subject):
            yield
    finally:
        iam.attach_role_policy(RoleName=role, PolicyArn=_POLICY)


@breaks(old, says="s sent the alarm is OK, not ALARM", PATIENCE=8)
def the_alarm_waits_for_a_week_without_a_dump(subject: Subject) -> Iterator[None]:
    with other_alarm(subject, "BackupAgeSeconds", Threshold=7.0 * 86400):
        yield
