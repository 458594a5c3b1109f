"""Roles that may do more than the template says, and containers that take their host's."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.cloud import Statements, other_statements, role_of
from rehearsal.breaks.host import HOSTS_OWN, shell
from rehearsal.checks import Subject
from rehearsal.checks.asg.permissions import (
    a_container_of_each_machine_cannot_get_the_credentials_of_its_host,
    a_machine_is_refused_what_its_role_does_not_name,
    every_statement_of_every_role_of_the_stack_allows_its_own_resource_and_no_other,
    the_credentials_of_a_container_are_of_its_own_role_and_open_photos_and_its_login_alone,
)

_STATEMENTS = every_statement_of_every_role_of_the_stack_allows_its_own_resource_and_no_other


@breaks(_STATEMENTS, says="rds:RebootDBInstance is allowed on every db by ", again=True)
def an_operator_may_fail_any_database_over(subject: Subject) -> Iterator[None]:
    def widen(statements: Statements) -> Statements:
        return [s | {"Resource": "*"} if s["Sid"] == "FailOver" else s for s in statements]

    with other_statements(subject, role_of(subject, "Operator"), widen):
        yield


@breaks(_STATEMENTS, says="secretsmanager:GetSecretValue is allowed on every Secret by ", again=True, tier="asg")
def the_function_that_migrates_may_read_every_secret(subject: Subject) -> Iterator[None]:
    def widen(statements: Statements) -> Statements:
        return [s | {"Resource": "*"} if s["Sid"] == "ReadTheSecretsOfTheDatabase" else s for s in statements]

    with other_statements(subject, role_of(subject, "Migrator"), widen):
        yield


@breaks(
    a_machine_is_refused_what_its_role_does_not_name,
    says="1 of 11 were not refused: call secretsmanager get-secret-value",
)
def machines_may_read_every_secret(subject: Subject) -> Iterator[None]:
    def widen(statements: Statements) -> Statements:
        return [s | {"Resource": "*"} if s["Sid"] == "ReadTheSecret" else s for s in statements]

    with other_statements(subject, role_of(subject, "RolesHost"), widen):
        yield


@breaks(a_container_of_each_machine_cannot_get_the_credentials_of_its_host, says="a container got a token", again=True)
def tokens_of_a_metadata_service_travel_two_hops(subject: Subject) -> Iterator[None]:
    ec2, id = subject.tier.client("ec2"), subject.hosts[-1].id
    ec2.modify_instance_metadata_options(InstanceId=id, HttpPutResponseHopLimit=2)
    try:
        yield
    finally:
        ec2.modify_instance_metadata_options(InstanceId=id, HttpPutResponseHopLimit=1)


@breaks(
    the_credentials_of_a_container_are_of_its_own_role_and_open_photos_and_its_login_alone,
    says="a container is arn:aws:sts:",
)
def containers_are_handed_the_credentials_of_their_host(subject: Subject) -> Iterator[None]:
    host = subject.hosts[-1]
    try:
        shell(host, HOSTS_OWN)
        yield
    finally:
        shell(host, "systemctl start fines-app-credentials.service")
