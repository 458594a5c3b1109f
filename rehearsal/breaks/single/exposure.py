"""Doors left open, and a front that says the wrong thing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from rehearsal.breaks import breaks
from rehearsal.breaks.host import NGINX, RELOAD_NGINX, edited, shell
from rehearsal.breaks.service import ports, start
from rehearsal.checks import Subject
from rehearsal.checks.single.exposure import (
    a_database_that_is_away_makes_the_host_unready_and_replaces_nothing,
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


@breaks(a_database_that_is_away_makes_the_host_unready_and_replaces_nothing, says="/healthz is 503")
def the_health_check_asks_the_database(subject: Subject) -> Iterator[None]:
    with _answered(subject, "/healthz", "rewrite ^ /readyz break; include /etc/nginx/fines/proxy.inc;"):
        yield


@breaks(
    a_database_that_is_away_makes_the_host_unready_and_replaces_nothing, says="with the database stopped /healthz is 50"
)
def containers_that_are_not_ready_are_killed(subject: Subject) -> Iterator[None]:
    host, unit, running = subject.host, "/etc/containers/systemd/fines-web@.container", ports(subject.host)
    asked = "u.Request('http://127.0.0.1:8000/readyz', headers={'Host': 'localhost', 'X-Forwarded-Proto': 'https'})"
    ask = f'/venv/bin/python -c "import urllib.request as u; u.urlopen({asked}, timeout=2)"'
    each = "HealthInterval=3s\nHealthRetries=2\nHealthTimeout=2s\nHealthOnFailure=kill"
    killed = f"HealthCmd={ask}\n{each}\nExec=serve"
    try:
        with edited(host, unit, {"Exec=serve": killed}, then="systemctl daemon-reload"):
            start(host, running, verb="restart")
            yield
    finally:
        start(host, running, verb="restart")


@breaks(a_database_that_is_away_makes_the_host_unready_and_replaces_nothing, says="/healthz is 200 and /readyz 200")
def readiness_asks_nobody(subject: Subject) -> Iterator[None]:
    with _answered(subject, "/readyz", "return 200;"):
        yield


def _answered(subject: Subject, path: str, how: str) -> AbstractContextManager[None]:
    """NGINX answers a path in its own way."""
    place = "  location /static/ {"
    own = f"  location = {path} {{ {how} }}\n"
    return edited(subject.host, NGINX, {place: own + place}, then=RELOAD_NGINX)
