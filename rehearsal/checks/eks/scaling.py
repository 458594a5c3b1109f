"""Pods that come by demand: decided by Kubernetes' own autoscaler, on what the nodes really measure."""

from __future__ import annotations

import json
import time
from typing import Any

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.kubectl import await_pods, kubectl
from rehearsal.checks.load import Load, must_be_there_once, none_failed
from rehearsal.checks.people import People

GROWS_SECONDS = 150  # within which demand must have made more pods
_OFFICERS, _PAUSE = 40, 0.21  # seconds between an officer's fines: below the limit on a token


@check("eks")
def demand_makes_more_pods_up_to_the_most_and_every_fine_is_there_once(subject: Subject) -> str:
    return subject.once(rush)


def rush(subject: Subject) -> str:
    least = int(str(subject.context["min_pods"]))
    people = People.make(subject, officers=_OFFICERS, owners=4)
    await_pods(subject, at_least=least, at_most=least, seconds=GROWS_SECONDS)
    began = time.monotonic()
    with Load(people, officers=_OFFICERS, pause=_PAUSE) as load:
        while (wanted := _scaler(subject)["status"]["desiredReplicas"]) <= least:
            if time.monotonic() > began + GROWS_SECONDS:
                raise CheckError(f"{wanted} pods are wanted after {GROWS_SECONDS} s of load: {_figures(subject)}")
            time.sleep(1)
        decided, figures = time.monotonic() - began, _figures(subject)
        await_pods(subject, at_least=least + 1, seconds=GROWS_SECONDS)
        seconds = time.monotonic() - began
        load.await_acknowledged(100, seconds=60)
        load.stop()
    none_failed(load.ledger)
    must_be_there_once(load.ledger, people, subject)
    return (
        f"{wanted} pods were wanted after {decided:.0f} s ({figures}) and more than {least} served after {seconds:.0f} s; "
        f"{len(load.ledger.acknowledged)} fines there once, none failed"
    )


def _scaler(subject: Subject) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(kubectl(subject, "get", "hpa/web", "--output=json"))
    return found


def _figures(subject: Subject) -> str:
    """What the autoscaler goes by: the share of what is asked for that the pods use."""
    metrics = _scaler(subject)["status"].get("currentMetrics") or [{}]
    used = metrics[0].get("containerResource", {}).get("current", {}).get("averageUtilization")
    return f"{used} % of the processors that pods ask for" if used is not None else "it has no figure"
