"""Processes of Auto Scaling groups that somebody has suspended: SuspendProcesses and ResumeProcesses, which MiniStack lacks."""

from __future__ import annotations

from typing import Any

from ministack.services import autoscaling

ALL = {"Launch", "Terminate", "HealthCheck", "ReplaceUnhealthy", "AZRebalance", "AlarmNotification", "ScheduledActions"}


class Suspended:
    """What is suspended of each group; takes the calls that say so."""

    def __init__(self) -> None:
        self._of: dict[str, set[str]] = {}
        autoscaling._ACTION_MAP["SuspendProcesses"] = lambda params: self._change(params, suspend=True)
        autoscaling._ACTION_MAP["ResumeProcesses"] = lambda params: self._change(params, suspend=False)

    def of(self, group: str) -> set[str]:
        """The names of the group's suspended processes."""
        return self._of.get(group, set())

    def _change(self, params: dict[str, Any], *, suspend: bool) -> Any:
        group = autoscaling._p(params, "AutoScalingGroupName")
        named = set(autoscaling._parse_member_list(params, "ScalingProcesses")) or ALL
        if unknown := named - ALL:
            return autoscaling._error("ValidationError", f"No such scaling process: {sorted(unknown)[0]}")
        self._of[group] = self.of(group) | named if suspend else self.of(group) - named
        return autoscaling._xml(200, f"{'Suspend' if suspend else 'Resume'}ProcessesResponse", "")
