"""The database away: the process is well, the service is not, and nobody is replaced for it. Beside it run checks that ask for no fine."""

from __future__ import annotations

import time

import httpx

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.containers import instances

# Without a database: more than four times what the group takes to notice a dead machine (cloud/fleet.py).
AWAY_SECONDS = 14


@check("single", beside="the outage")
def a_database_that_is_away_makes_the_host_unready_and_replaces_nothing(subject: Subject) -> str:
    host, before = subject.host, serving(subject)
    _await_the_first_backup(subject)  # which would break off, and wait for ten minutes
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
    if before != (after := serving(subject)):
        raise CheckError(f"before the database went {before} served, after it {after}")
    return f"{AWAY_SECONDS} s without a database: /healthz good, /readyz not; {after[0]} and its {len(after) - 1} containers still there"


def _await_the_first_backup(subject: Subject, patience: float = 120) -> None:
    """Waits for the backup that a new host begins when it serves."""
    deadline = time.monotonic() + patience
    while subject.host.run("systemctl", "is-active", "fines-backup.service", check=False).stdout.startswith("activ"):
        if time.monotonic() > deadline:
            raise CheckError(f"the first backup is still being made after {patience:.0f} s")
        time.sleep(0.5)


def serving(subject: Subject) -> list[str]:
    """The ids of the machine, and of its containers with the moment of their start."""
    shown = subject.host.run("podman", "ps", "--filter", "name=fines-web", "--format", "{{.ID}} {{.StartedAt}}").stdout
    return instances(subject) + sorted(shown.splitlines())


def _status(subject: Subject, path: str) -> int:
    # whose certificate it is, is another check's
    with httpx.Client(verify=False, timeout=10) as client:  # noqa: S501
        return client.get(f"https://{subject.address}{path}", headers={"Host": subject.domain}).status_code
