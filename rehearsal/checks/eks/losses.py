"""Pods and nodes that go: nothing that was acknowledged goes with them."""

from __future__ import annotations

import time

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.kubectl import is_ready, kubectl, objects, pods, ran
from rehearsal.checks.load import Load, must_be_there_once
from rehearsal.checks.people import People
from rehearsal.kubernetes import groups

_OFFICERS, _PAUSE = 8, 0.22
_SERVES_SECONDS = 240


@check("eks")
def a_pod_killed_under_load_is_replaced_and_no_acknowledged_fine_is_lost(subject: Subject) -> str:
    people, before = People.make(subject, officers=_OFFICERS, owners=4), pods(subject)
    victim = before[0]["metadata"]["name"]
    with Load(people, officers=_OFFICERS, pause=_PAUSE, patience=5) as load:
        load.await_acknowledged(100, seconds=60)
        kubectl(subject, "delete", "pod", victim, "--grace-period=0", "--force")
        began = time.monotonic()
        _await_ready(subject, len(before), without={victim})
        seconds = time.monotonic() - began
        load.await_acknowledged(100, seconds=60)
        load.stop()
    must_be_there_once(load.ledger, people, subject)
    return _told(load, f"{victim} was replaced in {seconds:.0f} s")


@check("eks")
def draining_a_node_never_leaves_fewer_pods_than_the_budget(subject: Subject) -> str:
    (budget,) = [each for each in objects(subject, "poddisruptionbudgets") if each["metadata"]["name"] == "web"]
    least = int(budget["status"]["desiredHealthy"])
    node = pods(subject)[0]["spec"]["nodeName"]
    fewest = 99
    people = People.make(subject, officers=4, owners=2)
    try:
        with Load(people, officers=4, pause=_PAUSE) as load:
            kubectl(subject, "cordon", node)
            for pod in [each for each in pods(subject) if each["spec"]["nodeName"] == node]:
                name = pod["metadata"]["name"]
                body = f'{{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {{"name": "{name}", "namespace": "fines"}}}}'
                deadline = time.monotonic() + _SERVES_SECONDS
                while ran(
                    subject,
                    "create",
                    "--raw",
                    f"/api/v1/namespaces/fines/pods/{name}/eviction",
                    "--filename=-",
                    input=body,
                ).returncode:
                    fewest = min(fewest, _ready(subject))
                    if time.monotonic() > deadline:
                        raise CheckError(f"{name} could not be evicted within {_SERVES_SECONDS} s")
                    time.sleep(1)
                fewest = min(fewest, _ready(subject))
            _await_ready(subject, least, without=set())
            load.stop()
    finally:
        kubectl(subject, "uncordon", node)
    if fewest < least:
        raise CheckError(f"{fewest} pods were ready at a time, the budget asks for {least}")
    if load.ledger.refused:
        raise CheckError(f"{len(load.ledger.refused)} requests failed, the first: {load.ledger.refused[0][1]}")
    return f"never fewer than {fewest} ready, of {least} that the budget asks for; {len(load.ledger.acknowledged)} fines, none failed"


@check("eks")
def a_node_that_loses_power_under_load_is_replaced_and_no_acknowledged_fine_is_lost(subject: Subject) -> str:
    people, before = People.make(subject, officers=_OFFICERS, owners=4), pods(subject)
    node = before[0]["spec"]["nodeName"]
    with Load(people, officers=_OFFICERS, pause=_PAUSE, patience=5) as load:
        load.await_acknowledged(100, seconds=60)
        groups.kill(_short(subject, node))
        began = time.monotonic()
        gone = {each["metadata"]["name"] for each in before if each["spec"]["nodeName"] == node}
        _await_ready(subject, len(before), without=gone)
        seconds = time.monotonic() - began
        load.await_acknowledged(100, seconds=60)
        load.stop()
    must_be_there_once(load.ledger, people, subject)
    return _told(load, f"{node} lost power; {len(before)} pods serve again after {seconds:.0f} s")


def _short(subject: Subject, node: str) -> str:
    """What a node's control groups are called."""
    nodes = subject.tier.run.home / "clusters" / subject.outputs["ClusterName"] / "nodes"
    address = node.removeprefix("ip-").partition(".")[0].replace("-", ".")
    (found,) = [each.name for each in nodes.iterdir() if f'"{address}"' in (each / "etc/kubelet.json").read_text()]
    return found


def _ready(subject: Subject) -> int:
    return sum(map(is_ready, pods(subject)))


def _await_ready(subject: Subject, count: int, *, without: set[str]) -> None:
    deadline = time.monotonic() + _SERVES_SECONDS
    while True:
        there = [each for each in pods(subject) if is_ready(each) and each["metadata"]["name"] not in without]
        if len(there) >= count:
            return
        if time.monotonic() > deadline:
            raise CheckError(f"{len(there)} pods are ready after {_SERVES_SECONDS} s, {count} should be")
        time.sleep(1)


def _told(load: Load, what: str) -> str:
    ledger = load.ledger
    tried = len(ledger.acknowledged) + len(ledger.refused)
    share = 100 * len(ledger.refused) / tried
    return (
        f"{what}; {len(ledger.acknowledged)} fines there once, "
        f"{len(ledger.refused)} of {tried} requests failed ({share:.1f} %) and were repeated"
    )
