"""An instance refresh: a group's machines are replaced by such of its present launch template, without ever being fewer."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

from rehearsal.cloud.group import Group
from rehearsal.cloud.policies import Properties

log = logging.getLogger("rehearsal.refresh")
WARMUP = 3.0  # seconds at most of the warm-up: metrics that settle are nothing that a rehearsal waits for
SERVES = 600.0  # seconds within which a new machine must serve


class RefreshError(RuntimeError):
    """An instance refresh failed; with AWS's kind of words for it."""


def refresh(
    group: Group,
    preferences: Properties,
    *,
    launch: Callable[[Group], str],
    end: Callable[[Group, list[Properties]], None],
) -> None:
    """Launches as many machines more than wanted as the maximum allows, then ends an old one for each that serves.

    Raises:
        RefreshError: a new machine does not serve. AWS launches others for up to an hour before it says so.
    """
    most, warmup = int(preferences.get("MaxHealthyPercentage", 110)), float(preferences.get("InstanceWarmup", 0))
    old = [record for record in group.serving if not group.is_present(record)]  # SkipMatching
    log.info("group %s: an instance refresh of %d machines begins", group.name, len(old))
    while old:
        with group.lock:
            room = max(1, math.ceil(group.desired * most / 100) - len(group.serving))
            new = [launch(group) for _ in range(min(room, len(old)))]
        for id in new:
            _await_service(group, id)
        time.sleep(min(warmup, WARMUP))
        with group.lock:
            leaving, old = old[: len(new)], old[len(new) :]
            end(group, [record for record in leaving if record in group.serving])
            old = [record for record in old if record in group.serving]
    group.await_endings()
    log.info("group %s: the instance refresh is over", group.name)


def _await_service(group: Group, id: str) -> None:
    """Waits until a machine is in service, and its load balancer finds it healthy.

    Raises:
        RefreshError: it does not serve.
    """
    deadline = time.monotonic() + SERVES
    while time.monotonic() < deadline:
        if id in group.abandoned or not any(record["InstanceId"] == id for record in group.serving):
            break
        if group.is_found_healthy(id):
            return
        time.sleep(0.2)
    raise RefreshError(f"Instance refresh failed: the new instance {id} does not serve")
