"""Doors left open, and what is served in the clear."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rehearsal.breaks import breaks
from rehearsal.breaks.host import NGINX, RELOAD_NGINX, edited, shell
from rehearsal.checks import Subject
from rehearsal.checks.single.exposure import (
    nothing_answers_on_the_public_address_but_53_80_and_443,
    plain_http_is_redirected_to_https,
)

_PORT = 9100


@breaks(nothing_answers_on_the_public_address_but_53_80_and_443, says="these ports answer: [53, 80, 443, 9100]")
def the_security_group_opens_the_port_of_something_that_listens(subject: Subject) -> Iterator[None]:
    host = subject.host
    with _opened(subject, "tcp", _PORT):
        try:
            shell(
                host,
                f"systemd-run -q --unit=break-listener python3 -m http.server {_PORT} --directory /run/systemd && sleep 1",
            )
            yield
        finally:
            shell(host, "systemctl stop break-listener || true")


@breaks(
    nothing_answers_on_the_public_address_but_53_80_and_443,
    says="datagrams come through to these ports: [53, 5355]",
    again=True,
)
def the_security_group_lets_datagrams_in_for_link_local_names(subject: Subject) -> Iterator[None]:
    with _opened(subject, "udp", 5355):
        yield


@contextmanager
def _opened(subject: Subject, protocol: str, port: int) -> Iterator[None]:
    """The host's security group lets the world in at one port more."""
    ec2 = subject.tier.client("ec2")
    reservations = ec2.describe_instances(InstanceIds=[subject.host.id])["Reservations"]
    group = reservations[0]["Instances"][0]["SecurityGroups"][0]["GroupId"]
    rule = {"IpProtocol": protocol, "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    try:
        yield
    finally:
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[rule])


@breaks(
    nothing_answers_on_the_public_address_but_53_80_and_443,
    says="these ports listen beyond the loopback: [5432]",
    again=True,
)
def postgresql_listens_on_all_addresses(subject: Subject) -> Iterator[None]:
    file, restart = "/etc/postgresql/17/main/postgresql.conf", "systemctl restart postgresql@17-main.service"
    with edited(subject.host, file, {"listen_addresses = ''": "listen_addresses = '*'"}, then=restart):
        yield


@breaks(plain_http_is_redirected_to_https, says="200, Location None", again=True)
def plain_http_is_served(subject: Subject) -> Iterator[None]:
    redirect = f"location / {{ return 301 https://{subject.domain}$request_uri; }}"
    with edited(subject.host, NGINX, {redirect: "location / { return 200; }"}, then=RELOAD_NGINX):
        yield
