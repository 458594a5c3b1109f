"""Doors left open, and a front that says the wrong thing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

from rehearsal.breaks import breaks
from rehearsal.breaks.host import NGINX, RELOAD_NGINX, edited, shell
from rehearsal.checks import Subject
from rehearsal.checks.single.exposure import (
    a_database_that_is_away_makes_the_host_unready_and_replaces_nothing,
    nothing_answers_on_the_public_address_but_53_80_and_443,
    plain_http_is_redirected_to_https,
)

_PORT = 9100


@breaks(nothing_answers_on_the_public_address_but_53_80_and_443, says="these ports answer: [53, 80, 443, 9100]")
def the_security_group_opens_the_port_of_something_that_listens(subject: Subject) -> Iterator[None]:
    ec2, host = subject.tier.client("ec2"), subject.host
    reservations = ec2.describe_instances(InstanceIds=[host.id])["Reservations"]
    group = reservations[0]["Instances"][0]["SecurityGroups"][0]["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": _PORT, "ToPort": _PORT, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    try:
        shell(
            host,
            f"systemd-run -q --unit=break-listener python3 -m http.server {_PORT} --directory /run/systemd && sleep 1",
        )
        yield
    finally:
        shell(host, "systemctl stop break-listener || true")
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


@breaks(a_database_that_is_away_makes_the_host_unready_and_replaces_nothing, says="/healthz is 200 and /readyz 200")
def readiness_asks_nobody(subject: Subject) -> Iterator[None]:
    with _answered(subject, "/readyz", "return 200;"):
        yield


def _answered(subject: Subject, path: str, how: str) -> AbstractContextManager[None]:
    """NGINX answers a path in its own way."""
    place = "  location /static/ {"
    own = f"  location = {path} {{ {how} }}\n"
    return edited(subject.host, NGINX, {place: own + place}, then=RELOAD_NGINX)
