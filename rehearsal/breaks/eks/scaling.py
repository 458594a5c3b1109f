"""Autoscalers that do not follow the demand."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.eks.objects import patched
from rehearsal.checks import Subject
from rehearsal.checks.eks.calm import after_the_demand_pods_go_one_by_one_until_the_least_is_there as calm
from rehearsal.checks.eks.scaling import demand_makes_more_pods_up_to_the_most_and_every_fine_is_there_once as check
from rehearsal.checks.kubectl import kubectl

_AT_ONCE = {"stabilizationWindowSeconds": 0, "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]}


@breaks(check, says="pods are wanted after")
def the_most_is_the_least(subject: Subject) -> Iterator[None]:
    most = int(kubectl(subject, "get", "hpa/web", "--output=jsonpath={.spec.maxReplicas}"))
    with patched(subject, "hpa/web", *({"spec": {"maxReplicas": number}} for number in (2, most))):
        yield


@breaks(calm, says="pods are ready after", again=True, SHRINKS_SECONDS=90)
def no_pod_is_taken_away(subject: Subject) -> Iterator[None]:
    """Afterwards they go at once, and not after five minutes as the template has it: nothing else waits for that."""
    never, at_once = (
        {"spec": {"behavior": {"scaleDown": _AT_ONCE | {"selectPolicy": word}}}} for word in ("Disabled", "Max")
    )
    with patched(subject, "hpa/web", never, at_once):
        yield
