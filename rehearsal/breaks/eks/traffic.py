"""Pods that serve in one zone alone."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.eks.objects import await_rollout
from rehearsal.checks import Subject
from rehearsal.checks.eks.traffic import (
    five_hundred_fines_reach_both_zones_and_every_pod_and_are_each_there_once as check,
)
from rehearsal.checks.kubectl import kubectl, pods


@breaks(check, says="two zones are expected", again=True)
def all_pods_are_on_one_node(subject: Subject) -> Iterator[None]:
    first = pods(subject)[0]
    node, name = first["spec"]["nodeName"], first["metadata"]["name"]
    kubectl(subject, "cordon", node)
    try:
        kubectl(subject, "delete", "pod", name)
        await_rollout(subject)
        yield
    finally:
        kubectl(subject, "uncordon", node)
    kubectl(subject, "delete", "pod", pods(subject)[0]["metadata"]["name"])
    await_rollout(subject)
