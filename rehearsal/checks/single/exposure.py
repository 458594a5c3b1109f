"""What the world reaches of the host, and what it does not."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.containers import instances
from rehearsal.checks.wire import answers

AWAY_SECONDS = 8  # without a database: more than twice what the group takes to notice a dead machine (cloud/fleet.py)
_OPEN = {53, 80, 443}
_TRIED = sorted(
    {
        *range(1, 1025),
        3306,
        5353,
        5432,
        6379,
        8000,
        8080,
        *range(8101, 8117),
        *range(8201, 8217),
        9090,
        9100,
        10250,
        27017,
    }
)


@check("single")
def nothing_answers_on_the_public_address_but_53_80_and_443(subject: Subject) -> str:
    with ThreadPoolExecutor(600) as pool:
        answering = {
            port
            for port, open in zip(_TRIED, pool.map(lambda p: answers(subject.address, p), _TRIED), strict=True)
            if open
        }
    if answering - _OPEN or not {80, 443} <= answering:
        raise CheckError(f"these ports answer: {sorted(answering)}")
    listening = set()
    for line in subject.host.run("ss", "-Hlntu").stdout.splitlines():
        address = line.split()[4]
        host, _, port = address.rpartition(":")
        if not host.strip("[]").split("%")[0].startswith(("127.", "::1")):
            listening.add(int(port))
    # what systemd-resolved has for link-local names is closed by the security group as well
    if stray := listening - _OPEN - {5355}:
        raise CheckError(f"these ports listen beyond the loopback: {sorted(stray)}")
    return f"{len(_TRIED)} ports tried from outside, {sorted(answering)} answer"


@check("single")
def plain_http_is_redirected_to_https(subject: Subject) -> str:
    answer = httpx.get(f"http://{subject.address}/admin/", headers={"Host": subject.domain}, timeout=10)
    if answer.status_code != 301 or answer.headers["Location"] != f"https://{subject.domain}/admin/":
        raise CheckError(f"{answer.status_code}, Location {answer.headers.get('Location')!r}")
    return answer.headers["Location"]


@check("single")
def a_database_that_is_away_makes_the_host_unready_and_replaces_nothing(subject: Subject) -> str:
    host, before = subject.host, _serving(subject)
    host.run("systemctl", "stop", "postgresql@17-main.service")
    try:
        deadline = time.monotonic() + AWAY_SECONDS
        while time.monotonic() < deadline:
            health, ready = _status(subject, "/healthz"), _status(subject, "/readyz")
            if health != 200 or ready == 200:
                raise CheckError(f"with the database stopped /healthz is {health} and /readyz {ready}")
            time.sleep(2)
    finally:
        host.run("systemctl", "start", "postgresql@17-main.service")
    deadline = time.monotonic() + 20
    while _status(subject, "/readyz") != 200:
        if time.monotonic() > deadline:
            raise CheckError("the database came back, /readyz did not within 20 s")
        time.sleep(0.5)
    if before != (after := _serving(subject)):
        raise CheckError(f"before the database went {before} served, after it {after}")
    return f"{AWAY_SECONDS} s without a database: /healthz good, /readyz not; {after[0]} and its {len(after) - 1} containers still there"


def _serving(subject: Subject) -> list[str]:
    """The ids of the machine, and of its containers with the moment of their start."""
    shown = subject.host.run("podman", "ps", "--filter", "name=fines-web", "--format", "{{.ID}} {{.StartedAt}}").stdout
    return instances(subject) + sorted(shown.splitlines())


def _status(subject: Subject, path: str) -> int:
    # whose certificate it is, is another check's
    with httpx.Client(verify=False, timeout=10) as client:  # noqa: S501
        return client.get(f"https://{subject.address}{path}", headers={"Host": subject.domain}).status_code
