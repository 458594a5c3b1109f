"""Pods and nodes that go: nothing that was acknowledged goes with them."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.kubectl import NAMESPACE, is_ready, kubectl, pods, ran
from rehearsal.checks.load import Load, must_be_there_once
from rehearsal.checks.people import People
from rehearsal.kubernetes import groups

_OFFICERS, _PAUSE = 8, 0.22
SERVES_SECONDS = 240
_MANY, _MAY_LACK = 4, 1  # pods of which some are on the same node, and how many the template's budget lets go at a time
_SETTLES_SECONDS = 2


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
    people = People.make(subject, officers=4, owners=2)
    with _at_least(subject, _MANY), Load(people, officers=4, pause=_PAUSE) as load:
        node, least = pods(subject)[0]["spec"]["nodeName"], _MANY - _MAY_LACK
        own = [each["metadata"]["name"] for each in pods(subject) if each["spec"]["nodeName"] == node]
        if len(own) < 2:
            raise CheckError(f"{len(own)} pods are on {node}: of two, one has to wait for the other")
        kubectl(subject, "cordon", node)
        try:
            fewest = min(_evicted(subject, name) for name in own)
            _await_ready(subject, _MANY, without=set(own))
        finally:
            kubectl(subject, "uncordon", node)
        load.stop()
    if fewest < least:
        raise CheckError(f"{fewest} pods were ready at a time, the budget asks for {least}")
    if load.ledger.refused:
        raise CheckError(f"{len(load.ledger.refused)} requests failed, the first: {load.ledger.refused[0][1]}")
    return f"{len(own)} pods of {node} went, never fewer than {fewest} of {_MANY} were ready; {len(load.ledger.acknowledged)} fines, none failed"


@contextlib.contextmanager
def _at_least(subject: Subject, count: int) -> Iterator[None]:
    """So many pods for the length of a block, whatever their schedule says."""
    before = kubectl(subject, "get", "hpa/web", "--output=jsonpath={.spec.minReplicas}")
    _set_minimum(subject, str(count))
    try:
        _await_ready(subject, count, without=set())
        yield
    finally:
        _set_minimum(subject, before)


def _set_minimum(subject: Subject, count: str) -> None:
    kubectl(subject, "patch", "hpa/web", "--type=merge", f'--patch={{"spec": {{"minReplicas": {count}}}}}')


def _evicted(subject: Subject, name: str) -> int:
    """Evicts a pod, as a drain does, again and again until its budget allows it; the fewest that were ready meanwhile."""
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": NAMESPACE}}
    place = f"/api/v1/namespaces/{NAMESPACE}/pods/{name}/eviction"
    deadline = time.monotonic() + SERVES_SECONDS
    while ran(subject, "create", "--raw", place, "--filename=-", input=json.dumps(eviction)).returncode:
        if time.monotonic() > deadline:
            raise CheckError(f"{name} could not be evicted within {SERVES_SECONDS} s")
        time.sleep(1)
    fewest, seen = _ready(subject), time.monotonic()
    while time.monotonic() < seen + _SETTLES_SECONDS:
        fewest = min(fewest, _ready(subject))
        time.sleep(0.3)
    return fewest


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
    deadline = time.monotonic() + SERVES_SECONDS
    while True:
        there = [each for each in pods(subject) if is_ready(each) and each["metadata"]["name"] not in without]
        if len(there) >= count:
            return
        if time.monotonic() > deadline:
            raise CheckError(f"{len(there)} pods are ready after {SERVES_SECONDS} s, {count} should be")
        time.sleep(1)


def _told(load: Load, what: str) -> str:
    ledger = load.ledger
    tried = len(ledger.acknowledged) + len(ledger.refused)
    share = 100 * len(ledger.refused) / tried
    return (
        f"{what}; {len(ledger.acknowledged)} fines there once, "
        f"{len(ledger.refused)} of {tried} requests failed ({share:.1f} %) and were repeated"
    )
