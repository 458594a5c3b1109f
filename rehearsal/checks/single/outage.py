"""The database away: the process is well, the service is not, and nobody is replaced for it. Beside it run checks that ask for no fine."""

from __future__ import annotations

import json
import time

import httpx

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.containers import instances, ports
from rehearsal.checks.figures import figures, sent_now

# Without a database: more than four times what the group takes to notice a dead machine (cloud/fleet.py).
AWAY_SECONDS = 14


@check("single", beside="the outage")
def a_database_that_is_away_makes_the_host_unready_and_replaces_nothing(subject: Subject) -> str:
    host, before = subject.host, serving(subject)
    _must_not_be_looked_after(subject)
    _await_the_first_backup(subject)  # which would break off, and wait for ten minutes
    sent_now(subject, "HostHealthy")  # so that the next share of errors is of what comes now
    host.run("systemctl", "stop", "postgresql@17-main.service")
    try:
        deadline = time.monotonic() + AWAY_SECONDS
        while time.monotonic() < deadline:
            health, ready = _status(subject, "/healthz"), _status(subject, "/readyz")
            if health != 200 or ready == 200:
                raise CheckError(f"with the database stopped /healthz is {health} and /readyz {ready}")
            time.sleep(2)
        if (report := _status(subject, "/generar_informe?correo=nadie@prueba.example")) != 503:
            raise CheckError(f"with the database stopped a report was answered {report}, not 503")
        since = time.time()
        told = {"HostHealthy": sent_now(subject, "HostHealthy", statistic="Minimum")}
        told["ServerErrorPercent"] = figures(subject, "ServerErrorPercent", since=since)
    finally:
        host.run("systemctl", "start", "postgresql@17-main.service")
    deadline = time.monotonic() + 20
    while _status(subject, "/readyz") != 200:
        if time.monotonic() > deadline:
            raise CheckError("the database came back, /readyz did not within 20 s")
        time.sleep(0.5)
    if before != (after := serving(subject)):
        raise CheckError(f"before the database went {before} served, after it {after}")
    if not told["HostHealthy"] or min(told["HostHealthy"]) or not any(told["ServerErrorPercent"]):
        raise CheckError(f"meanwhile the host told CloudWatch {told}: it was not healthy, and answered with errors")
    now = sent_now(subject, "HostHealthy")
    # The timer counts from the last run, whoever asked for it: so that it goes off by itself again before others look for that.
    host.run("systemctl", "restart", "fines-metrics.timer")
    if now[-1:] != [1.0]:
        raise CheckError(f"it is well again, and tells CloudWatch of HostHealthy {now}")
    return (
        f"{AWAY_SECONDS} s without a database: /healthz good, /readyz not; {after[0]} and its {len(after) - 1} containers "
        f"still there; HostHealthy 0, then 1; {max(told['ServerErrorPercent']):g} % server errors"
    )


def _must_not_be_looked_after(subject: Subject) -> None:
    """No container has a health check of Podman's, which would outlast what this check waits for."""
    names = [f"fines-web-{port}" for port in ports(subject)]
    for container in json.loads(subject.host.run("podman", "inspect", *names).stdout):
        if health := container["Config"].get("Healthcheck"):
            raise CheckError(f"Podman looks after {container['Name']} by a health check of its own: {health}")


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
