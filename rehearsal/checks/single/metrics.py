"""The service's own metrics: CloudWatch takes them out of the log, and they say what happened."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.agent import send_logs
from rehearsal.checks.answers import answered
from rehearsal.checks.database import ask
from rehearsal.checks.figures import figures
from rehearsal.checks.people import People

_HOURS = 6 * 3600.0  # seconds: as long as a rehearsal may have served
_WRITTEN = 10.0  # seconds within which a line of a container is in the file that the agent reads
_FINES = 20
_GROUPS = 3  # of the host's own words, NGINX's and the service's
_STARTED = 600.0  # seconds since the host started, at most
_HELD, _BEFORE, _MORE = (
    0.7,
    0.4,
    0.3,
)  # seconds that a fine is held up at least; that it comes after the lock; and some more


@check("single")
def what_the_service_counts_is_taken_out_of_its_log_into_cloudwatch(subject: Subject) -> str:
    send_logs(subject)
    since, before = time.time(), _sums(subject)
    people = People.make(subject, officers=1, owners=1)
    with people.client() as client:
        for number in range(_FINES):
            key = {"Idempotency-Key": uuid.uuid4().hex}
            fine = {"placa_patente": people.plates[0], "timestamp": round(time.time(), 3), "comentarios": "métrica"}
            answered(client.post("/cargar_infraccion", json=fine, headers=people.bearer(0) | key), 200)
            if number == 0:
                answered(client.post("/cargar_infraccion", json=fine, headers=people.bearer(0) | key), 200)
                unknown = fine | {"placa_patente": "NADIE0"}
                answered(client.post("/cargar_infraccion", json=unknown, headers=people.bearer(0)), 404)
    most = _held_up(subject, people)
    happened = {"Requests": _FINES + 3, "FinesAccepted": _FINES + 1, "FinesRepeated": 1, "FinesRefused": 1}
    wanted = happened | {"ClientErrors": 1, "Latency": _FINES + 3}
    deadline = time.monotonic() + _WRITTEN
    while (grown := _grown(subject, before)) != wanted and time.monotonic() < deadline:
        time.sleep(0.5)
        send_logs(subject)
    if grown != wanted:
        raise CheckError(f"the metrics grew by {grown}, {wanted} happened")
    _must_be_read(subject, since)
    longest = max(figures(subject, "Latency", since=since, call="cargar_infraccion"), default=0.0)
    if not 1000 * _HELD <= longest <= 1000 * most:
        raise CheckError(f"a fine that was held up for {_HELD:.1f} s has a latency of {longest:g} ms")
    return (
        f"{wanted['Requests']} requests timed, {wanted['FinesAccepted']} fines accepted, 1 repeated, 1 refused; "
        f"one that was held up took {longest:.0f} ms"
    )


def _must_be_read(subject: Subject, since: float) -> None:
    """Of each thing that the host writes of itself, its log group has lines of now: CloudWatch's agent would send the same files."""
    logs, stack = subject.tier.client("logs"), subject.tier.client("cloudformation")
    resources = stack.describe_stack_resources(StackName=subject.stack)["StackResources"]
    groups = {  # the host may have said its last word of itself some minutes ago
        each["PhysicalResourceId"]: since - _STARTED * each["LogicalResourceId"].startswith("LogsHost")
        for each in resources
        if each["LogicalResourceId"].startswith("Logs")
    }
    silent = [
        group
        for group, moment in groups.items()
        if not logs.filter_log_events(logGroupName=group, startTime=int(moment * 1000), limit=1)["events"]
    ]
    if len(groups) != _GROUPS or silent:
        raise CheckError(f"of {', '.join(groups)} these have no line of now: {silent}")


def _held_up(subject: Subject, people: People) -> float:
    """Posts a fine that the database holds up; returns for how many seconds at the most."""
    seconds, began = _BEFORE + _HELD + _MORE, time.monotonic()
    lock = f"BEGIN; LOCK TABLE infracciones_infraccion IN SHARE ROW EXCLUSIVE MODE; SELECT pg_sleep({seconds})"
    with ThreadPoolExecutor(1) as beside, people.client() as client:
        held = beside.submit(ask, subject, lock)
        time.sleep(_BEFORE)
        fine = {"placa_patente": people.plates[0], "timestamp": round(time.time(), 3), "comentarios": "demorada"}
        answered(client.post("/cargar_infraccion", json=fine, headers=people.bearer(0)), 200)
        held.result()
    return time.monotonic() - began


def _grown(subject: Subject, before: dict[str, float]) -> dict[str, int]:
    now = _sums(subject)
    return {name: round(now[name] - before[name]) for name in now}


def _sums(subject: Subject) -> dict[str, float]:
    """What each metric of the call adds up to in the last hours; of the time that it took, how often it was measured."""
    since = time.time() - _HOURS
    counts = ("Requests", "FinesAccepted", "FinesRepeated", "FinesRefused", "ClientErrors")
    wanted = {name: "Sum" for name in counts} | {"Latency": "SampleCount"}
    return {
        name: sum(figures(subject, name, since=since, statistic=statistic, call="cargar_infraccion"))
        for name, statistic in wanted.items()
    }
