"""The database's standby takes over: when the primary loses power, and when an operator asks for it. Nothing acknowledged is lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.asg.fleet import healthy
from rehearsal.checks.load import Load, must_be_there_once
from rehearsal.checks.people import People
from rehearsal.checks.rds import await_standby, in_a_container, instance, primary, psql, value
from rehearsal.checks.runbook import no_cli
from rehearsal.checks.serving import who_serves
from rehearsal.checks.sessions import typed_by_an_operator
from rehearsal.cloud.events import PROMOTED, UNHEALTHY
from rehearsal.machines.machine import Machine
from rehearsal.report import Figure

PROMOTED_SECONDS = 60  # within which the standby must take over
_AGAIN_SECONDS = 90  # after which the service must acknowledge fines again
_OFFICERS = 8
_PACE = 0.25  # seconds between an officer's fines: below the limit on a token
_BEFORE, _AFTER = 200, 100  # fines that are acknowledged before and after
# As a client has it that knows nothing but how to connect: one session, used ten times a second, and made anew when it is lost.
_BARE = """
import json, sys, time
import psycopg
given, connection, lost, until = json.load(sys.stdin), None, False, time.time() + 150
while time.time() < until:
    try:
        if connection is None:
            connection = psycopg.connect(**given, autocommit=True)
        connection.execute("CREATE TEMPORARY TABLE IF NOT EXISTS bare (n int)")
        if lost:
            print(time.time())
            break
    except psycopg.Error:
        connection, lost = None, True
    time.sleep(0.1)
"""
# Writes at an address for as long as it is let, and then tries to for a while more; says when it last could.
_CLINGING = """
import json, sys, time
import psycopg
given, connection, last, until = json.load(sys.stdin), None, 0.0, time.time() + 40
while time.time() < until:
    try:
        if connection is None:
            connection = psycopg.connect(**given, autocommit=True)
        connection.execute("CREATE TEMPORARY TABLE IF NOT EXISTS clinging (n int)")
        last = time.time()
    except psycopg.Error:
        if connection is not None:
            until = time.time() + 10
        connection = None
    time.sleep(0.1)
print(last)
"""
_BACK_SECONDS = 10.0  # within which all containers have the database again, once one of them does
# How soon a session notices that nobody is there any more: the service's own words for libpq, which both go by.
_PATIENCE = {
    "connect_timeout": 3,
    "tcp_user_timeout": 5000,
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 3,
}


@check("asg")
def the_database_loses_power_under_load_and_no_acknowledged_fine_is_lost_and_nothing_that_serves_is_replaced(
    subject: Subject,
) -> str:
    began, serving = time.time(), who_serves(subject)
    standby, lost = await_standby(subject), primary(subject)
    people = People.make(subject, officers=_OFFICERS, owners=5)
    with ThreadPoolExecutor(2) as beside, Load(people, officers=_OFFICERS, pause=_PACE, patience=5) as load:
        bare = beside.submit(in_a_container, subject, _BARE, value(subject), seconds=180, **_PATIENCE, **_named("bare"))
        load.await_acknowledged(_BEFORE, seconds=60)
        _await_session(lost, "bare", bare)
        cut, offset = time.monotonic(), time.time() - time.monotonic()
        lost.unplug()
        lost.cut_power()
        alive = beside.submit(_health, people, until=lambda: _is_promoted(subject, standby))
        promoted = _await_promoted(subject, standby) - offset
        load.await_acknowledged(_AFTER, seconds=_AGAIN_SECONDS)
        load.stop()
        connected = float(bare.result(timeout=120)) - offset
    last = max(moment for moment in load.ledger.moments if moment <= cut)
    first = min(moment for moment in load.ledger.moments if moment > promoted)
    slowest, unready = alive.result()
    must_be_there_once(load.ledger, people, subject, patience=_BACK_SECONDS)
    _must_serve(subject, serving, began)
    if not unready:
        raise CheckError("/readyz said all the time that the service was ready, without a database")
    after = await_standby(subject)
    back, bare_back = first - cut, connected - cut
    told = f"{back:.1f} s after the cut against {bare_back:.1f} s; {first - promoted:.1f} and {connected - promoted:.1f} s after the promotion"
    subject.figures.append(
        Figure("first fine after a failover against a bare reconnect loop", back / bare_back, 1.5, told)
    )
    return (
        f"promoted after {promoted - cut:.1f} s; {first - last:.1f} s of refusal; the first fine against a bare reconnect loop: "
        f"{told} (ratio {back / bare_back:.2f}); /healthz answered within {slowest:.1f} s; {len(load.ledger.acknowledged)} fines there "
        f"once, nothing that serves was replaced, {after.id} is the new standby in {instance(subject)['SecondaryAvailabilityZone']}"
    )


@check("asg", takes=no_cli)
def a_failover_asked_for_by_the_runbook_loses_no_fine_and_the_old_primary_takes_no_write(subject: Subject) -> str:
    began, serving = time.time(), who_serves(subject)
    standby, before = await_standby(subject), primary(subject)
    people = People.make(subject, officers=_OFFICERS, owners=5)
    with ThreadPoolExecutor(1) as beside, Load(people, officers=_OFFICERS, pause=_PACE, patience=5) as load:
        there = {**_PATIENCE, **_named("clinging"), "hostaddr": before.address}
        clinging = beside.submit(in_a_container, subject, _CLINGING, value(subject), seconds=90, **there)
        load.await_acknowledged(50, seconds=60)
        _await_session(before, "clinging", clinging)
        asked, offset = time.monotonic(), time.time() - time.monotonic()
        name = str(instance(subject)["DBInstanceIdentifier"])
        typed_by_an_operator(subject, "Fail over", service="rds", log="fail-over", INSTANCE=name)
        promoted = _await_promoted(subject, standby) - offset
        load.await_acknowledged(_AFTER, seconds=_AGAIN_SECONDS)
        load.stop()
        wrote = float(clinging.result(timeout=120)) - offset
    if wrote >= promoted:
        raise CheckError(f"{before.id} took a write {wrote - promoted:.1f} s after {standby.id} was promoted")
    must_be_there_once(load.ledger, people, subject, patience=_BACK_SECONDS)
    _must_serve(subject, serving, began)
    await_standby(subject)
    return (
        f"promoted {promoted - asked:.1f} s after it was asked for; {load.ledger.longest_silence():.1f} s of silence; "
        f"{len(load.ledger.acknowledged)} fines there once; {before.id} took its last write {promoted - wrote:.1f} s before that, "
        "and nothing in the ten seconds after it was gone"
    )


def _health(people: People, *, until: Callable[[], bool]) -> tuple[float, int]:
    """How long the process took at most to say that it lives, and how often it said that it was not ready.

    Raises:
        CheckError: it did not say that it lives.
    """
    slowest, unready, deadline = 0.0, 0, time.monotonic() + PROMOTED_SECONDS
    while not until() and time.monotonic() < deadline:
        for path in ("/healthz", "/readyz"):
            began = time.monotonic()
            with people.client(timeout=20) as client:
                status = client.get(path).status_code
            if path == "/readyz":
                unready += status == 503
                continue
            slowest = max(slowest, time.monotonic() - began)
            if status != 200:
                raise CheckError(f"/healthz was answered with {status} while the database was away")
        time.sleep(0.3)
    return slowest, unready


def _named(name: str) -> dict[str, str]:
    return {"application_name": name}


def _await_session(machine: Machine, name: str, program: Future[str]) -> None:
    """Waits until a program has its session in the database."""
    deadline = time.monotonic() + 30
    while name not in psql(machine, "SELECT application_name FROM pg_stat_activity").splitlines():
        if program.done() or time.monotonic() > deadline:
            raise CheckError(f"the client '{name}' has no session: {program.result() if program.done() else 'not yet'}")
        time.sleep(0.2)


def _is_promoted(subject: Subject, standby: Machine) -> bool:
    return any((event.machine, event.what) == (standby.id, PROMOTED) for event in subject.tier.events.all())


def _await_promoted(subject: Subject, standby: Machine) -> float:
    """When the standby took over, in seconds since 1970."""
    try:
        return subject.tier.events.wait(standby.id, PROMOTED, seconds=PROMOTED_SECONDS)
    except LookupError as error:
        raise CheckError(f"the standby was not promoted within {PROMOTED_SECONDS} s: {error}") from error


def _must_serve(subject: Subject, serving: set[str], since: float) -> None:
    """Raises where what serves was replaced, or is about to be."""
    now = who_serves(subject)
    if now != serving:
        raise CheckError(f"these were replaced: {sorted(serving - now)}, by {sorted(now - serving)}")
    if ill := {event.machine for event in subject.tier.events.all() if event.what == UNHEALTHY and event.at > since}:
        raise CheckError(f"these machines were found unhealthy: {sorted(ill)}")
    if (count := healthy(subject)) < len(serving):
        raise CheckError(f"the load balancer finds {count} of {len(serving)} healthy")
