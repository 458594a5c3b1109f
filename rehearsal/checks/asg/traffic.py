"""Fines through the load balancer: acknowledged once, there once, by machines in each zone and all their containers."""

from __future__ import annotations

import json
import time
from collections import Counter

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.load import Load, must_be_there_once
from rehearsal.checks.people import People
from rehearsal.machines.machine import Machine

FINES = 500


@check("asg")
def five_hundred_fines_reach_both_zones_and_every_container_and_are_each_there_once(subject: Subject) -> str:
    hosts = subject.hosts
    zones = {_zone(subject, machine) for machine in hosts}
    if len(hosts) < 2 or len(zones) < 2:
        raise CheckError(f"{len(hosts)} machines serve, in {sorted(zones)}: two in two zones are expected")
    before = {machine.id: _served(machine) for machine in hosts}
    people = People.make(subject, officers=8, owners=5)
    began = time.monotonic()
    with Load(people, officers=8, fines=FINES) as load:
        load.join()
    seconds = time.monotonic() - began
    if len(load.ledger.acknowledged) != FINES:
        raise CheckError(f"{len(load.ledger.acknowledged)} of {FINES} were acknowledged: {load.ledger.refused[:2]}")
    must_be_there_once(load.ledger, people, subject)
    shares = []
    for machine in hosts:
        now = _served(machine) - before[machine.id]
        wanted = int(str(subject.context.get("app_containers", 2)))
        if len(now) < wanted:
            raise CheckError(f"{machine.id} served in {sorted(now)} alone, it has {wanted} containers")
        shares.append(f"{_zone(subject, machine)} {now.total()}")
    return f"{FINES} acknowledged in {seconds:.1f} s and reported; {', '.join(sorted(shares))} requests"


def _zone(subject: Subject, machine: Machine) -> str:
    found = subject.tier.client("ec2").describe_instances(InstanceIds=[machine.id])["Reservations"][0]["Instances"][0]
    return str(found["Placement"]["AvailabilityZone"])


def _served(machine: Machine) -> Counter[str]:
    """How many fines each container took, by the machine's access log."""
    counts: Counter[str] = Counter()
    for line in machine.run("cat", "/var/log/nginx/fines.log").stdout.splitlines():
        entry = json.loads(line)
        if entry["method"] == "POST" and entry["status"] == 200:
            counts[entry.get("upstream", "").rpartition(", ")[2]] += 1
    return counts
