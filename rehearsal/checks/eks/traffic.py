"""Fines through the load balancer: acknowledged once, there once, by pods in each zone."""

from __future__ import annotations

import json
import time
from collections import Counter

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.kubectl import kubectl, objects, pods
from rehearsal.checks.load import Load, must_be_there_once
from rehearsal.checks.people import People

FINES = 500


@check("eks")
def five_hundred_fines_reach_both_zones_and_every_pod_and_are_each_there_once(subject: Subject) -> str:
    zones = {
        node["metadata"]["name"]: node["metadata"]["labels"]["topology.kubernetes.io/zone"]
        for node in objects(subject, "nodes")
    }
    serving = {pod["metadata"]["name"]: zones[pod["spec"]["nodeName"]] for pod in pods(subject)}
    if len(set(serving.values())) < 2:
        raise CheckError(f"pods serve in {sorted(set(serving.values()))}: two zones are expected")
    before = {name: _taken(subject, name) for name in serving}
    people = People.make(subject, officers=8, owners=5)
    began = time.monotonic()
    with Load(people, officers=8, fines=FINES) as load:
        load.join()
    seconds = time.monotonic() - began
    if len(load.ledger.acknowledged) != FINES:
        raise CheckError(f"{len(load.ledger.acknowledged)} of {FINES} were acknowledged: {load.ledger.refused[:2]}")
    must_be_there_once(load.ledger, people, subject)
    shares: Counter[str] = Counter()
    for name, zone in serving.items():
        taken = _taken(subject, name) - before[name]
        if not taken:
            raise CheckError(f"{name} in {zone} took no fine")
        shares[zone] += taken
    told = ", ".join(f"{zone} {count}" for zone, count in sorted(shares.items()))
    return f"{FINES} acknowledged in {seconds:.1f} s and reported, by {len(serving)} pods: {told}"


def _taken(subject: Subject, pod: str) -> int:
    """How many fines a pod took, by its NGINX's log."""
    lines = kubectl(subject, "logs", pod, "--container=front", "--tail=-1").splitlines()
    entries = [json.loads(line) for line in lines if line.startswith("{")]
    return sum(each.get("method") == "POST" and each.get("status") == 200 for each in entries)
