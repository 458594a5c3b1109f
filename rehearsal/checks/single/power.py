"""The host loses power: the group replaces it, and nothing that was acknowledged is lost."""

from __future__ import annotations

import time

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.database import started
from rehearsal.checks.load import Load, must_be_there_once
from rehearsal.checks.people import People
from rehearsal.checks.single.replacements import address_holder
from rehearsal.checks.single.volumes import volume_of
from rehearsal.checks.wal import wal_since

ENDS_SECONDS = 60  # within which a host that serves has ended its boot
LEAVES_SECONDS = 10  # within which WAL leaves once the database has started; PostgreSQL by itself takes twenty


@check("single")
def a_host_that_loses_power_under_load_is_replaced_and_every_acknowledged_fine_is_there_once(subject: Subject) -> str:
    people = People.make(subject, officers=8, owners=5)
    dead, volume = subject.host, volume_of(subject)
    with Load(people, officers=8, pause=0.05, patience=5) as load:
        load.await_acknowledged(100, seconds=60)
        cut = time.monotonic()
        dead.cut_power("/srv/fines")
        load.await_acknowledged(100, seconds=480)
        load.stop()
    heard = min(moment for moment in load.ledger.moments if moment > cut + 1)
    host = subject.host
    if host.id == dead.id:
        raise CheckError(f"{host.id} serves, which died")
    now, holder = volume_of(subject), address_holder(subject)
    if now != volume or holder != host.id:
        raise CheckError(f"{host.id} has the volume {now}, it was {volume}; the address is of {holder}")
    must_be_there_once(load.ledger, people, subject)
    subject.kept.append((people, load.ledger))
    return f"{dead.id} to {host.id}: {heard - cut:.0f} s of silence, {len(load.ledger.acknowledged)} fines there once"


@check("single")
def a_host_that_was_replaced_with_an_unchanged_release_signals_nothing_that_fails(subject: Subject) -> str:
    host = subject.host
    said, deadline = "", time.monotonic() + ENDS_SECONDS
    while "serving after" not in said and time.monotonic() < deadline:  # it serves a little before its boot is over
        said = host.run("cat", "/var/log/fines-boot.log").stdout
        time.sleep(1)
    if "serving after" not in said or host.run("test", "-e", "/run/fines/failure", check=False).returncode == 0:
        raise CheckError(f"the host's boot did not end well: {said[-400:]}")
    refused = [line for line in said.splitlines() if "was refused" in line]
    for whom in ("no stack operation waits for it", "nobody waits for this release any more"):
        if not any(whom in line for line in refused):
            raise CheckError(f"no signal was refused because {whom}: {refused or said[-400:]}")
    status = subject.tier.client("cloudformation").describe_stacks(StackName=subject.stack)["Stacks"][0]["StackStatus"]
    if not status.endswith("_COMPLETE"):
        raise CheckError(f"the stack is {status}")
    failed = host.run("systemctl", "list-units", "--failed", "--plain", "--no-legend", "fines-*").stdout.split("\n")
    if stray := [line.split()[0] for line in failed if line and not line.startswith("fines-agents")]:
        raise CheckError(f"these units failed: {stray}")
    return f"{len(refused)} signals refused and logged; the stack is {status}"


@check("single")
def what_a_host_could_not_send_when_it_died_leaves_once_the_next_one_has_a_database(subject: Subject) -> str:
    began = started(subject)
    deadline = time.time() + 40
    while not (sent := wal_since(subject, began)):
        if time.time() > deadline:
            raise CheckError(f"no WAL left the host in the {time.time() - began:.0f} s since its database started")
        time.sleep(1)
    after = min(sent) - began
    if after > LEAVES_SECONDS:
        raise CheckError(f"the first WAL left the host {after:.0f} s after its database started")
    return f"the first WAL left {max(after, 0):.0f} s after the database started"
