"""How many pods there are at least, by the time of day: each change of a day, made by hand."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.asg.peaks import by_the_clock
from rehearsal.checks.eks.crons import changes, run_now
from rehearsal.checks.kubectl import await_pods, kubectl

FOLLOW_SECONDS = 90  # within which pods must be as many as a change asks for
_DAY = 24 * 60


@check("eks")
def each_change_of_a_day_run_by_hand_in_its_order_sets_the_minimum_that_the_settings_say_and_pods_follow(
    subject: Subject,
) -> str:
    zone, least = str(subject.context["timezone"]), int(str(subject.context["min_pods"]))
    wanted, crons = by_the_clock(str(subject.context["peaks"]), least=least), changes(subject, zone)
    if differ := differing(crons, wanted):
        raise CheckError(f"the settings and the CronJobs differ at {', '.join(differ)}")
    told = []
    for minute, name in sorted(crons.items()):
        run_now(subject, name, MINIMUM_AT=f"{minute // 60:02}:{minute % 60:02}")
        minimum = int(_autoscaler(subject)["spec"]["minReplicas"])
        if minimum != wanted[minute]:
            raise CheckError(f"{name} set a minimum of {minimum}, the settings say {wanted[minute]}")
        if minimum > least:
            await_pods(subject, at_least=minimum, seconds=FOLLOW_SECONDS)
        told.append(f"{minute // 60:02}:{minute % 60:02} {minimum}")
    # That they go again is seen later, beside other things: the autoscaler waits for five minutes (calm.py).
    return f"{zone}: {', '.join(told)}; pods followed each that made them more"


def differing(crons: Collection[int], wanted: Sequence[int]) -> list[str]:
    """The times of day at which the minimum changes and no CronJob fires, or the other way round."""
    changes = {minute for minute in range(_DAY) if wanted[minute] != wanted[minute - 1]}
    return [f"{each // 60:02}:{each % 60:02}" for each in sorted(changes ^ set(crons))]


def _autoscaler(subject: Subject) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(kubectl(subject, "get", "hpa/web", "--output=json"))
    return found
