"""What moves the sizes of groups: scheduled actions and target tracking, as the local AWS holds them, by the run's own clock.

It writes the group's sizes into the local AWS's records, within minimum and maximum; the group's stand-in launches and ends machines.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

from ministack.services import autoscaling

from rehearsal.cloud.clock import Clock, Setting
from rehearsal.cloud.figures import statistic
from rehearsal.cloud.group import Group
from rehearsal.cloud.groups import resized, sizes
from rehearsal.cloud.policies import Properties
from rehearsal.cloud.schedule import due
from rehearsal.cloud.tracking import IN_MINUTES, LATE, metric_of, size, wish

log = logging.getLogger("rehearsal.scaling")
_MINUTE = 60.0
Suspended = Callable[[str], set[str]]  # the processes of a group that somebody suspended


class Scaling:
    """Plays the clockwork behind all groups."""

    def __init__(self, *, clock: Clock, groups: Callable[[], list[Group]], suspended: Suspended) -> None:
        self._clock, self._groups, self._suspended = clock, groups, suspended
        self._set: Setting | None = None
        self._shown = 0.0  # what the clock showed when it was looked at last
        self._since: dict[str, float] = {}  # by group: what it showed when the group's size changed last

    def step(self) -> None:
        """Does what is due since the last step. A clock that was set anew runs nothing of what lies between."""
        setting = self._clock.read()
        if setting is None:
            self._set = None
            return
        now = setting.shows(time.time())
        if setting != self._set:
            self._set, self._shown = setting, setting.at
            self._since.clear()
        before, self._shown = self._shown, now
        for group in self._groups():
            with group.lock:
                if group.name in autoscaling._asgs:
                    self._run_schedule(group, before, now)
                    if int(now // _MINUTE) > int(before // _MINUTE):
                        self._follow_demand(group, setting, now)

    def _run_schedule(self, group: Group, before: float, now: float) -> None:
        if "ScheduledActions" in self._suspended(group.name):
            return
        own = [each for each in autoscaling._scheduled_actions.values() if each["AutoScalingGroupName"] == group.name]
        for moment, action in due(own, datetime.fromtimestamp(before, UTC), datetime.fromtimestamp(now, UTC)):
            log.info("group %s: %s is due at %s", group.name, action["ScheduledActionName"], moment.isoformat())
            given = {key: value for key in sizes(group.name) if (value := int(action.get(key, -1))) >= 0}
            if resized(group.name, given):
                self._since[group.name] = now

    def _follow_demand(self, group: Group, setting: Setting, now: float) -> None:
        policies = [
            each
            for each in autoscaling._policies.values()
            if each["AutoScalingGroupName"] == group.name and each["PolicyType"] == "TargetTrackingScaling"
        ]
        if not policies or "AlarmNotification" in self._suspended(group.name):
            return
        since = self._since.get(group.name, setting.at)
        serving = [record for record in group.serving if record["LifecycleState"] == "InService"]
        # a group shrinks no more until all that it launched is in service, and past its warm-up
        settled = len(serving) == len(group.serving) and not self._warms_up(group, setting)
        wishes = []
        for policy in policies:
            tracking = policy["TargetTrackingConfiguration"]
            values = _minutes(policy, setting, since, now)
            shrinks = settled and not tracking.get("DisableScaleIn")
            wishes.append(wish(float(tracking["TargetValue"]), values, machines=len(serving), shrinks=shrinks))
        bounds = sizes(group.name)
        wanted = size(wishes, desired=bounds["DesiredCapacity"], least=bounds["MinSize"], most=bounds["MaxSize"])
        if resized(group.name, {"DesiredCapacity": wanted}):
            log.info("group %s: demand asks for %d machines: %s", group.name, wanted, wishes)
            self._since[group.name] = now

    def _warms_up(self, group: Group, setting: Setting) -> bool:
        """Whether a machine came into service less than the group's warm-up ago, by the clock."""
        warmup = float(group.properties.get("DefaultInstanceWarmup") or 0) / setting.pace
        since = time.monotonic() - warmup
        return any(group.entered.get(record["InstanceId"], 0.0) > since for record in group.serving)


def _minutes(policy: Properties, setting: Setting, since: float, now: float) -> list[float | None]:
    """The policy's metric in the last whole minutes of the clock; a count as if all of them were as long as a real one."""
    metric, length = metric_of(policy), _MINUTE / setting.pace
    last = now // _MINUTE * _MINUTE
    count = min(IN_MINUTES + LATE, int((last - since) // _MINUTE))
    ends = [setting.since + (last - number * _MINUTE - setting.at) / setting.pace for number in range(count)]
    spans = [(end - length, end) for end in reversed(ends)]
    values = statistic(metric.namespace, metric.name, metric.dimensions, metric.statistic, spans)
    factor = setting.pace if metric.is_a_count else 1.0
    return [None if value is None else value * factor for value in values]
