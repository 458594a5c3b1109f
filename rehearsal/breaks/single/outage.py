"""What says the wrong thing, or does it, while the database is away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

from rehearsal.breaks import breaks
from rehearsal.breaks.host import NGINX, RELOAD_NGINX, edited, shell
from rehearsal.breaks.service import other_unit, ports
from rehearsal.checks import Subject
from rehearsal.checks.single.outage import a_database_that_is_away_makes_the_host_unready_and_replaces_nothing

_METRICS = "/opt/fines/host/bin/metrics"


@breaks(a_database_that_is_away_makes_the_host_unready_and_replaces_nothing, says="/healthz is 503")
def the_health_check_asks_the_database(subject: Subject) -> Iterator[None]:
    with _answered(subject, "/healthz", "rewrite ^ /readyz break; include /etc/nginx/fines/proxy.inc;"):
        yield


@breaks(
    a_database_that_is_away_makes_the_host_unready_and_replaces_nothing,
    says=("Podman looks after fines-web-", "by a health check of its own"),
)
def containers_that_are_not_ready_are_killed(subject: Subject) -> Iterator[None]:
    asked = "u.Request('http://127.0.0.1:8000/readyz', headers={'Host': 'localhost', 'X-Forwarded-Proto': 'https'})"
    ask = f'/venv/bin/python -c "import urllib.request as u; u.urlopen({asked}, timeout=2)"'
    # after three times thirty seconds
    with other_unit(subject.host, {"Exec=serve": f"HealthCmd={ask}\nHealthOnFailure=kill\nExec=serve"}):
        yield


@breaks(a_database_that_is_away_makes_the_host_unready_and_replaces_nothing, says=" served, after it [")
def a_container_is_started_anew_for_want_of_a_database(subject: Subject) -> Iterator[None]:
    host = subject.host
    first = f"fines-web@{ports(host)[0]}.service"
    watch = f"while systemctl is-active -q postgresql@17-main; do sleep 0.5; done; systemctl restart {first}"
    shell(host, f"systemd-run -q --unit=break-watch sh -c '{watch}'")
    try:
        yield
    finally:
        shell(host, "systemctl stop break-watch || true")


@breaks(a_database_that_is_away_makes_the_host_unready_and_replaces_nothing, says="/healthz is 200 and /readyz 200")
def readiness_asks_nobody(subject: Subject) -> Iterator[None]:
    with _answered(subject, "/readyz", "return 200;"):
        yield


@breaks(
    a_database_that_is_away_makes_the_host_unready_and_replaces_nothing,
    says="meanwhile the host told CloudWatch {'HostHealthy': [1.0]",
)
def the_host_always_says_that_it_is_healthy(subject: Subject) -> Iterator[None]:
    with edited(subject.host, _METRICS, {"0.0 if wrong else 1.0": "1.0"}):
        yield


@breaks(a_database_that_is_away_makes_the_host_unready_and_replaces_nothing, says="'ServerErrorPercent': [0.0]")
def the_host_takes_no_answer_for_an_error(subject: Subject) -> Iterator[None]:
    with edited(subject.host, _METRICS, {'startswith(b"5")': 'startswith(b"6")'}):
        yield


def _answered(subject: Subject, path: str, how: str) -> AbstractContextManager[None]:
    """NGINX answers a path in its own way."""
    place = "  location /static/ {"
    own = f"  location = {path} {{ {how} }}\n"
    return edited(subject.host, NGINX, {place: own + place}, then=RELOAD_NGINX)
