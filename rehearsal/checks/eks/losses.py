"""Pods and nodes that go: nothing that was acknowledged goes with them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.eks.administrator import typed
from rehearsal.checks.kubectl import await_pods, is_ready, kubectl, pods
from rehearsal.checks.load import Load, must_be_there_once, none_failed
from rehearsal.checks.people import People
from rehearsal.checks.runbook import no_cli
from rehearsal.kubernetes import groups

_OFFICERS, _PAUSE = 8, 0.22
SERVES_SECONDS = 240
_MANY, _MAY_LACK = 4, 1  # pods of which some are on the same node, and how many the template's budget lets go at a time
_LOOKS_SECONDS = 0.3


@check("eks")
def a_pod_killed_under_load_is_replaced_and_no_acknowledged_fine_is_lost(subject: Subject) -> str:
    people, before = People.make(subject, officers=_OFFICERS, owners=4), pods(subject)
    victim = before[0]["metadata"]["name"]
    with Load(people, officers=_OFFICERS, pause=_PAUSE, patience=5) as load:
        load.await_acknowledged(100, seconds=60)
        kubectl(subject, "delete", "pod", victim, "--grace-period=0", "--force")
        began = time.monotonic()
        await_pods(subject, at_least=len(before), seconds=SERVES_SECONDS, without={victim})
        seconds = time.monotonic() - began
        load.await_acknowledged(100, seconds=60)
        load.stop()
    must_be_there_once(load.ledger, people, subject)
    return _told(load, f"{victim} was replaced in {seconds:.0f} s")


@check("eks")
def a_node_that_loses_power_under_load_is_replaced_and_no_acknowledged_fine_is_lost(subject: Subject) -> str:
    people, before = People.make(subject, officers=_OFFICERS, owners=4), pods(subject)
    node = before[0]["spec"]["nodeName"]
    if all(each["spec"]["nodeName"] == node for each in before):
        raise CheckError(f"all {len(before)} pods are on {node}: nobody would be left to serve")
    with Load(people, officers=_OFFICERS, pause=_PAUSE, patience=5) as load:
        load.await_acknowledged(100, seconds=60)
        groups.kill(_short(subject, node))
        began = time.monotonic()
        gone = {each["metadata"]["name"] for each in before if each["spec"]["nodeName"] == node}
        await_pods(subject, at_least=len(before), seconds=SERVES_SECONDS, without=gone)
        seconds = time.monotonic() - began
        load.await_acknowledged(100, seconds=60)
        load.stop()
    must_be_there_once(load.ledger, people, subject)
    return _told(load, f"{node} lost power; {len(before)} pods serve again after {seconds:.0f} s")


@check("eks", takes=no_cli)
def a_node_drained_by_the_runbook_never_leaves_fewer_pods_than_the_budget(subject: Subject) -> str:
    people = People.make(subject, officers=4, owners=2)
    with _at_least(subject, _MANY), Load(people, officers=4, pause=_PAUSE) as load:
        node, least = pods(subject)[0]["spec"]["nodeName"], _MANY - _MAY_LACK
        own = {each["metadata"]["name"] for each in pods(subject) if each["spec"]["nodeName"] == node}
        if len(own) < 2:
            raise CheckError(f"{len(own)} pods are on {node}: of two, one has to wait for the other")
        try:
            with _counted(subject) as fewest:
                typed(subject, "Tier eks: nodes", log="drain", NODE=node)
                if left := own & {each["metadata"]["name"] for each in pods(subject)}:
                    raise CheckError(f"{node} is drained and still has {', '.join(sorted(left))}")
                await_pods(subject, at_least=_MANY, seconds=SERVES_SECONDS, without=own)
        finally:
            kubectl(subject, "uncordon", node)
        load.stop()
    if fewest[0] < least:
        raise CheckError(f"{fewest[0]} pods were ready at a time, the budget asks for {least}")
    none_failed(load.ledger)
    return (
        f"{len(own)} pods of {node} went, never fewer than {fewest[0]} of {_MANY} were ready; "
        f"{len(load.ledger.acknowledged)} fines, none failed"
    )


@contextlib.contextmanager
def _counted(subject: Subject) -> Iterator[list[int]]:
    """The fewest pods that were ready at a time, in a list of one, looked at again and again for the length of a block."""
    fewest, over = [_ready(subject)], threading.Event()

    def look() -> None:
        while not over.wait(_LOOKS_SECONDS):
            with contextlib.suppress(CheckError):  # kubectl may fail once
                fewest[0] = min(fewest[0], _ready(subject))

    thread = threading.Thread(target=look, name="ready", daemon=True)
    thread.start()
    try:
        yield fewest
    finally:
        over.set()
        thread.join(30)


@contextlib.contextmanager
def _at_least(subject: Subject, count: int) -> Iterator[None]:
    """So many pods for the length of a block, whatever their schedule says."""
    before = kubectl(subject, "get", "hpa/web", "--output=jsonpath={.spec.minReplicas}")
    _set_minimum(subject, str(count))
    try:
        await_pods(subject, at_least=count, seconds=SERVES_SECONDS)
        yield
    finally:
        _set_minimum(subject, before)


def _set_minimum(subject: Subject, count: str) -> None:
    kubectl(subject, "patch", "hpa/web", "--type=merge", f'--patch={{"spec": {{"minReplicas": {count}}}}}')


def _short(subject: Subject, node: str) -> str:
    """What a node's control groups are called."""
    nodes = subject.tier.run.home / "clusters" / subject.outputs["ClusterName"] / "nodes"
    address = node.removeprefix("ip-").partition(".")[0].replace("-", ".")
    (found,) = [each.name for each in nodes.iterdir() if f'"{address}"' in (each / "etc/kubelet.json").read_text()]
    return found


def _ready(subject: Subject) -> int:
    return sum(map(is_ready, pods(subject)))


def _told(load: Load, what: str) -> str:
    ledger = load.ledger
    tried = len(ledger.acknowledged) + len(ledger.refused)
    share = 100 * len(ledger.refused) / tried
    usual = Counter(reason[:40] for _, reason in ledger.refused).most_common(2)
    mostly = f", mostly by {' and '.join(repr(reason) for reason, _ in usual)}" if usual else ""
    return (
        f"{what}; {len(ledger.acknowledged)} fines there once, "
        f"{len(ledger.refused)} of {tried} requests failed ({share:.1f} %{mostly}) and were repeated"
    )
