"""Fines under load: each is acknowledged once and there once, on every container, also when one is killed."""

from __future__ import annotations

import time

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.containers import ports, served
from rehearsal.checks.load import Load, must_be_there_once
from rehearsal.checks.people import People

BACK_SECONDS = 30  # within which a killed container must run again
_MOST_CLOSED_IDLE = 8  # one an officer: the host's certificate may come meanwhile, and NGINX reloads for it


@check("single")
def five_hundred_fines_by_eight_officers_are_each_acknowledged_once_and_in_the_report_of_their_owner(
    subject: Subject,
) -> str:
    people = People.make(subject, officers=8, owners=5)
    began = time.monotonic()
    with Load(people, officers=8, fines=500) as load:
        load.join()
    seconds = time.monotonic() - began
    if len(load.ledger.acknowledged) != 500:
        raise CheckError(
            f"{len(load.ledger.acknowledged)} fines were acknowledged, 500 were posted: {load.ledger.refused[:2]}"
        )
    must_be_there_once(load.ledger, people, subject)
    return f"500 acknowledged in {seconds:.1f} s, 500 reported, {len(load.ledger.refused)} refusals"


@check("single")
def requests_reach_every_container(subject: Subject) -> str:
    before = served(subject)
    people = People.make(subject, officers=4, owners=2)
    with Load(people, officers=4, fines=60) as load:
        load.join()
    now = served(subject)
    running = {f"127.0.0.1:{port}" for port in ports(subject)}
    idle = sorted(address for address in running if now.get(address, 0) == before.get(address, 0))
    if idle or len(running) < 2:
        raise CheckError(f"of {sorted(running)} these got no request: {idle}")
    return ", ".join(f"{address} {now[address] - before.get(address, 0)}" for address in sorted(running))


@check("single")
def a_container_killed_under_load_costs_no_acknowledged_fine(subject: Subject) -> str:
    people = People.make(subject, officers=8, owners=5)
    before = ports(subject)
    victim = before[0]
    with Load(people, officers=8) as load:
        load.await_acknowledged(50, seconds=30)
        subject.host.run("podman", "kill", "--signal", "KILL", f"fines-web-{victim}")
        load.await_acknowledged(200, seconds=60)
        load.stop()
    must_be_there_once(load.ledger, people, subject)
    deadline = time.monotonic() + BACK_SECONDS
    while ports(subject) != before:
        if time.monotonic() > deadline:
            raise CheckError(f"the killed container did not come back: {ports(subject)} run, {before} did")
        time.sleep(0.5)
    ledger = load.ledger
    if ledger.refused:
        raise CheckError(
            f"{len(ledger.refused)} requests failed that another container could have answered: {ledger.refused[0][1]}"
        )
    if ledger.closed_idle > _MOST_CLOSED_IDLE:  # what dies is behind NGINX, which keeps the connections of its clients
        raise CheckError(f"{ledger.closed_idle} connections of clients were closed under a request")
    silence = ledger.longest_silence()
    return f"{len(ledger.acknowledged)} acknowledged and there, {silence:.2f} s of silence, none failed"
