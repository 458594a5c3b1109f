"""Policies of the network that allow too little, and too much."""

from __future__ import annotations

import time
from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.eks.objects import gone, there
from rehearsal.checks import Subject
from rehearsal.checks.eks.network import (
    a_pod_reaches_the_database_names_the_agent_and_tls_outside_and_nothing_else as check,
)

_TAKES_EFFECT_SECONDS = 2
_EVERYTHING = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "everything", "namespace": "fines"},
    "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]},
}


@breaks(check, says="does not reach the agent of Pod Identity", again=True)
def the_policy_that_lets_pods_speak_to_aws_is_gone(subject: Subject) -> Iterator[None]:
    with gone(subject, "networkpolicy/aws"):
        time.sleep(_TAKES_EFFECT_SECONDS)
        yield
    time.sleep(_TAKES_EFFECT_SECONDS)


@breaks(check, says="reaches its own node, another node", again=True)
def a_policy_lets_pods_speak_to_everybody(subject: Subject) -> Iterator[None]:
    with there(subject, _EVERYTHING):
        time.sleep(_TAKES_EFFECT_SECONDS)
        yield
    time.sleep(_TAKES_EFFECT_SECONDS)
