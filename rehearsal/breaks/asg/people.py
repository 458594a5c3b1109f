"""Roles for people that do too little, too much, or let somebody in whom nobody named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from rehearsal import principals
from rehearsal.breaks import breaks
from rehearsal.breaks.cloud import Statements, other_statements, role_of
from rehearsal.cdk import ACCOUNT
from rehearsal.checks import Subject
from rehearsal.checks.asg.people import (
    a_deployer_takes_the_roles_of_the_bootstrap_and_does_nothing_else,
    a_reviewer_sees_states_figures_and_logs_and_is_refused_values_data_and_every_change,
    an_operator_does_what_the_runbook_asks_of_one_and_is_refused_the_rest,
    who_is_not_named_or_shows_no_second_factor_takes_no_role_of_people,
)
from rehearsal.cloud.permissions.asking import Role

_OPERATOR = an_operator_does_what_the_runbook_asks_of_one_and_is_refused_the_rest
_NOT_NAMED = who_is_not_named_or_shows_no_second_factor_takes_no_role_of_people


@breaks(_OPERATOR, says="open a shell and end it: An error occurred (AccessDenied", again=True, tier="asg")
def the_machines_tag_in_the_operators_role_is_misspelt(subject: Subject) -> Iterator[None]:
    def narrow(statements: Statements) -> Statements:
        told = json.dumps(statements).replace(f'": "{subject.stack}"', '": "fines-dev-agg"')
        changed: Statements = json.loads(told)
        return changed

    with other_statements(subject, role_of(subject, "Operator"), narrow):
        yield


@breaks(_OPERATOR, says="others were not refused: forward a port", tier="asg")
def an_operator_may_choose_the_document_of_a_session(subject: Subject) -> Iterator[None]:
    def widen(statements: Statements) -> Statements:
        return [
            s | {"Resource": "arn:aws:ssm:*:*:document/*"} if s["Sid"] == "ByTheUsualDocument" else s
            for s in statements
        ]

    with other_statements(subject, role_of(subject, "Operator"), widen):
        yield


@breaks(_OPERATOR, says="others were not refused: read the database's password")
def an_operator_may_read_what_may_be_rotated(subject: Subject) -> Iterator[None]:
    def widen(statements: Statements) -> Statements:
        more = ["secretsmanager:RotateSecret", "secretsmanager:GetSecretValue"]
        return [{**s, "Action": more, "Condition": {}} if s["Sid"] == "RotatePasswords" else s for s in statements]

    with other_statements(subject, role_of(subject, "Operator"), widen):
        yield


@breaks(
    a_reviewer_sees_states_figures_and_logs_and_is_refused_values_data_and_every_change,
    says="others were not refused: read the access log",
    again=True,
)
def a_reviewer_may_read_every_log(subject: Subject) -> Iterator[None]:
    def widen(statements: Statements) -> Statements:
        return [s | {"Resource": "arn:aws:logs:*:*:log-group:*"} if s["Sid"] == "ReadLogs" else s for s in statements]

    with other_statements(subject, role_of(subject, "Reviewer"), widen):
        yield


@breaks(
    a_deployer_takes_the_roles_of_the_bootstrap_and_does_nothing_else,
    says="others were not refused: take CloudFormation's own role",
    again=True,
)
def a_deployer_may_take_any_role_and_that_of_cloudformation_lets_the_account_in(subject: Subject) -> Iterator[None]:
    def widen(statements: Statements) -> Statements:
        return [s | {"Resource": "*"} for s in statements]

    role = f"cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{subject.tier.session.region_name}"
    iam = subject.tier.client("iam")
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    everybody = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    with (
        _trusting(subject, role, trust, {"Effect": "Allow", "Principal": everybody, "Action": "sts:AssumeRole"}),
        other_statements(subject, role_of(subject, "Deployer"), widen),
    ):
        yield


@breaks(_NOT_NAMED, says="were not refused: operadora as Operator without a second factor", again=True)
def a_password_is_enough_for_an_operator(subject: Subject) -> Iterator[None]:
    with _also_trusts(subject, role_of(subject, "Operator"), {"AWS": principals.arn("user", principals.OPERATOR)}):
        yield


@breaks(_NOT_NAMED, says="were not refused: operadora as Deployer", again=True)
def everybody_of_the_account_is_a_deployer(subject: Subject) -> Iterator[None]:
    everybody = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    with _also_trusts(subject, role_of(subject, "Deployer"), everybody):
        yield


@contextmanager
def _also_trusts(subject: Subject, role: Role, principal: dict[str, str]) -> Iterator[None]:
    more: dict[str, object] = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    with _trusting(subject, role.name, dict(role.trust), more):
        yield


@contextmanager
def _trusting(subject: Subject, name: str, trust: dict[str, object], more: dict[str, object]) -> Iterator[None]:
    """A role whose trust has one statement more than its template's."""
    iam, statements = subject.tier.client("iam"), trust["Statement"]
    assert isinstance(statements, list)
    wider = json.dumps({**trust, "Statement": [*statements, more]})
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=wider)
    try:
        yield
    finally:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
