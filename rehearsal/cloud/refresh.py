"""An instance refresh: a group's machines are replaced by such of its present launch template, without ever being fewer."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence

from ministack.services import cloudwatch

from rehearsal.cloud.alarms import points_of, state_of
from rehearsal.cloud.group import Group
from rehearsal.cloud.policies import Properties, stacks_of

log = logging.getLogger("rehearsal.refresh")
# seconds at most of the warm-up, and of the bake time: what is only waited for is cut short in a rehearsal
WARMUP = 3.0
SERVES = 600.0  # seconds within which a new machine must serve


class RefreshError(RuntimeError):
    """An instance refresh failed; with AWS's kind of words for it."""


class Alarms:
    """The alarms that end a refresh when they go off by what came since it began."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self.names, self._since = list(names), time.time()

    def must_be_quiet(self) -> None:
        """Raises RefreshError when one of them went off."""
        now = time.time()
        for name in self.names:
            alarm = cloudwatch._alarms[name]
            points = points_of(alarm, now, since=self._since)
            if points and state_of(alarm, points, now)[0] == "ALARM":
                raise RefreshError(f"Instance refresh failed: the alarm {name} went off")


def watched(stack: str, preferences: Properties) -> Alarms:
    """The alarms that an update policy names. A rollback's own refresh heeds none: there is nothing left to go back to."""
    living = next(iter(stacks_of(stack)))
    if "ROLLBACK" in living["StackStatus"]:
        return Alarms()
    named = preferences.get("AlarmSpecification", {}).get("Alarms", [])
    return Alarms(
        [living["_resources"][each["Ref"]]["PhysicalResourceId"] if isinstance(each, dict) else each for each in named]
    )


def refresh(
    group: Group,
    preferences: Properties,
    *,
    alarms: Alarms,
    launch: Callable[[Group, str], str],
    end: Callable[[Group, list[Properties]], None],
) -> None:
    """Launches as many machines more than wanted as the maximum allows, then ends an old one for each that serves.

    Raises:
        RefreshError: a new machine does not serve, or an alarm went off. Of the former AWS launches others for up to an hour
            before it says so.
    """
    most, warmup = int(preferences.get("MaxHealthyPercentage", 110)), float(preferences.get("InstanceWarmup", 0))
    with group.lock:
        old = [record for record in group.serving if not group.is_present(record)]  # SkipMatching
        serving = [record for record in group.serving if record["LifecycleState"] == "InService"]
        # What does not serve yet needs no successor first; and before a rollback there are more than are needed.
        leaving = [record for record in old if record not in serving]
        old = [record for record in old if record in serving]
        needless = max(0, len(serving) - group.desired)
        end(group, [*leaving, *old[:needless]])
        old = old[needless:]
    log.info("group %s: an instance refresh of %d machines begins", group.name, len(old))
    while old:
        with group.lock:
            room = max(1, math.ceil(group.desired * most / 100) - len(group.serving))
            # Each in the zone of the one whose place it takes, so that the group stays spread over its zones.
            new = [launch(group, record["AvailabilityZone"]) for record in old[:room]]
        for id in new:
            _await_service(group, id, alarms)
        _wait(warmup, alarms)
        with group.lock:
            leaving, old = old[: len(new)], old[len(new) :]
            end(group, [record for record in leaving if record in group.serving])
            old = [record for record in old if record in group.serving]
    group.await_endings()
    _wait(float(preferences.get("BakeTime", 0)), alarms)
    log.info("group %s: the instance refresh is over", group.name)


def _wait(seconds: float, alarms: Alarms) -> None:
    """Lets a time pass in which an alarm may go off."""
    deadline = time.monotonic() + min(seconds, WARMUP)
    while time.monotonic() < deadline:
        alarms.must_be_quiet()
        time.sleep(0.2)
    alarms.must_be_quiet()


def _await_service(group: Group, id: str, alarms: Alarms) -> None:
    """Waits until a machine is in service, and its load balancer finds it healthy.

    Raises:
        RefreshError: it does not serve, or an alarm went off.
    """
    deadline = time.monotonic() + SERVES
    while time.monotonic() < deadline:
        if id in group.abandoned or not any(record["InstanceId"] == id for record in group.serving):
            break
        alarms.must_be_quiet()
        if group.is_found_healthy(id):
            return
        time.sleep(0.2)
    raise RefreshError(f"Instance refresh failed: the new instance {id} does not serve")
