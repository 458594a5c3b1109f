"""Pods that nothing is made for any more, and a budget that asks for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from rehearsal.breaks import breaks
from rehearsal.breaks.eks.objects import await_rollout, patched
from rehearsal.checks import Subject
from rehearsal.checks.eks import losses
from rehearsal.checks.eks.losses import (
    a_node_drained_by_the_runbook_never_leaves_fewer_pods_than_the_budget,
    a_node_that_loses_power_under_load_is_replaced_and_no_acknowledged_fine_is_lost,
    a_pod_killed_under_load_is_replaced_and_no_acknowledged_fine_is_lost,
)
from rehearsal.checks.kubectl import kubectl


@contextmanager
def _no_room(subject: Subject) -> Iterator[None]:
    """The namespace has room for no pod more; those that there are are made anew once it has."""
    told = kubectl(
        subject, "get", "resourcequota", "--output=jsonpath={.items[0].metadata.name} {.items[0].spec.hard.pods}"
    )
    name, _, pods = told.partition(" ")
    none, before = ({"spec": {"hard": {"pods": number}}} for number in ("0", pods))
    with patched(subject, f"resourcequota/{name}", none, before):
        yield
    kubectl(subject, "rollout", "restart", "deployment/web")
    await_rollout(subject)


@breaks(
    a_pod_killed_under_load_is_replaced_and_no_acknowledged_fine_is_lost,
    says="pods are ready after",
    SERVES_SECONDS=40,
)
def no_pod_is_made_for_one_that_was_killed(subject: Subject) -> Iterator[None]:
    with _no_room(subject):
        yield


@breaks(
    a_node_drained_by_the_runbook_never_leaves_fewer_pods_than_the_budget, says="pods were ready at a time", again=True
)
def the_budget_lets_all_pods_go_at_once(subject: Subject) -> Iterator[None]:
    budgets = ({"spec": {"maxUnavailable": number}} for number in ("100%", 1))
    with patched(subject, "poddisruptionbudget/web", *budgets):
        yield


@breaks(
    a_node_that_loses_power_under_load_is_replaced_and_no_acknowledged_fine_is_lost,
    says="pods are ready after",
    lasting=4,
)
def no_pod_is_made_for_those_of_a_lost_node(subject: Subject) -> Iterator[None]:
    with _no_room(subject), mock.patch.object(losses, "SERVES_SECONDS", 60):
        yield
