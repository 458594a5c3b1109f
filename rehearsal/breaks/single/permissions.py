"""Roles that may do more than the template says, and containers that take the host's."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.cloud import Statements, host_role, other_statements
from rehearsal.breaks.host import HOSTS_OWN, shell
from rehearsal.checks import Subject
from rehearsal.checks.single.permissions import (
    a_container_cannot_get_the_credentials_of_the_host,
    every_statement_of_the_roles_of_host_and_containers_allows_its_own_resource_and_no_other,
    the_credentials_of_a_container_are_of_its_own_role_and_open_photos_alone,
    the_host_is_refused_what_its_role_does_not_name,
)


@breaks(
    every_statement_of_the_roles_of_host_and_containers_allows_its_own_resource_and_no_other,
    says="secretsmanager:GetSecretValue is allowed on every Secret by ",
    again=True,
)
def the_host_may_read_every_secret(subject: Subject) -> Iterator[None]:
    def widen(statements: Statements) -> Statements:
        return [s | {"Resource": "*"} if s["Sid"] == "ReadTheSecret" else s for s in statements]

    with other_statements(subject, host_role(subject), widen):
        yield


@breaks(
    the_host_is_refused_what_its_role_does_not_name,
    says="1 of 9 were not refused: call ssm get-parameter Name=/another/parameter",
)
def the_host_may_read_every_parameter(subject: Subject) -> Iterator[None]:
    def widen(statements: Statements) -> Statements:
        return [s | {"Resource": "*"} if s["Sid"] == "FollowTheRelease" else s for s in statements]

    with other_statements(subject, host_role(subject), widen):
        yield


@breaks(a_container_cannot_get_the_credentials_of_the_host, says="a container got a token", again=True)
def tokens_of_the_metadata_service_travel_two_hops(subject: Subject) -> Iterator[None]:
    ec2, id = subject.tier.client("ec2"), subject.host.id
    ec2.modify_instance_metadata_options(InstanceId=id, HttpPutResponseHopLimit=2)
    try:
        yield
    finally:
        ec2.modify_instance_metadata_options(InstanceId=id, HttpPutResponseHopLimit=1)


@breaks(the_credentials_of_a_container_are_of_its_own_role_and_open_photos_alone, says="a container is arn:aws:sts:")
def containers_are_handed_the_credentials_of_the_host(subject: Subject) -> Iterator[None]:
    try:
        shell(subject.host, HOSTS_OWN)
        yield
    finally:
        shell(subject.host, "systemctl start fines-app-credentials.service")
