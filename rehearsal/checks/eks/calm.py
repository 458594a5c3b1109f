"""Pods that go when demand and peaks are over; others look at something else meanwhile, since Kubernetes takes its time."""

from __future__ import annotations

import json
import time

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.eks.scaling import rush
from rehearsal.checks.kubectl import await_pods, kubectl

SHRINKS_SECONDS = 600  # it waits five minutes, and takes a quarter of them each minute


@check("eks")
def after_the_demand_pods_go_one_by_one_until_the_least_is_there(subject: Subject) -> str:
    subject.once(rush)
    least, began = int(str(subject.context["min_pods"])), time.monotonic()
    await_pods(subject, at_least=least, at_most=least, seconds=SHRINKS_SECONDS)
    told = [
        each["message"]
        for each in json.loads(kubectl(subject, "get", "events", "--output=json"))["items"]
        if each["involvedObject"]["name"] == "web" and each["reason"] == "SuccessfulRescale"
    ]
    down = [each for each in told if "below target" in each]
    if not down:
        raise CheckError(f"no decision of the autoscaler took a pod away: {told}")
    return f"{least} pods are there {time.monotonic() - began:.0f} s after this was looked for: {down[-1]}"
