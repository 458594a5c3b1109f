"""Lifecycle hooks of Auto Scaling groups: a machine that is launched or ended waits for an answer, or until its heartbeat runs out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ministack.services import autoscaling

from rehearsal.cloud.policies import Properties

LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"


@dataclass
class _Action:
    hook: str
    heard: float = field(default_factory=time.monotonic)  # when the machine gave its last sign of life
    result: str = ""


class Hooks:
    """The actions under way in all groups; takes the calls that answer them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._actions: dict[tuple[str, str], _Action] = {}
        autoscaling._ACTION_MAP["CompleteLifecycleAction"] = self.complete
        autoscaling._ACTION_MAP["RecordLifecycleActionHeartbeat"] = self.hear

    def wait(
        self, group: str, id: str, hook: Properties, *, alive: Callable[[], bool] = lambda: True
    ) -> tuple[str, bool]:
        """Waits for the answer of a hook; returns it, or the hook's default, and whether it was answered.

        A machine that dies meanwhile is not waited for.
        """
        action, patience = _Action(hook.get("LifecycleHookName", "")), int(hook.get("HeartbeatTimeout", 3600))
        with self._changed:
            self._actions[group, id] = action
            while not action.result and alive() and time.monotonic() < action.heard + patience:
                self._changed.wait(0.2)
            if self._actions.get((group, id)) is action:  # or another hook of the same machine waits by now
                del self._actions[group, id]
        return action.result or hook.get("DefaultResult", "ABANDON"), bool(action.result)

    def complete(self, params: dict[str, Any]) -> Any:
        """CompleteLifecycleAction."""
        with self._changed:
            action, id = self._found(params)
            if action is None:
                return _no_action(id)
            action.result = _value(params, "LifecycleActionResult") or "CONTINUE"
            self._changed.notify_all()
        return autoscaling._xml(200, "CompleteLifecycleActionResponse", "<CompleteLifecycleActionResult/>")

    def hear(self, params: dict[str, Any]) -> Any:
        """RecordLifecycleActionHeartbeat."""
        with self._changed:
            action, id = self._found(params)
            if action is None:
                return _no_action(id)
            action.heard = time.monotonic()
        return autoscaling._xml(
            200, "RecordLifecycleActionHeartbeatResponse", "<RecordLifecycleActionHeartbeatResult/>"
        )

    def _found(self, params: dict[str, Any]) -> tuple[_Action | None, str]:
        """The action that a call is about, if one waits, and the call's instance."""
        id, hook = _value(params, "InstanceId"), _value(params, "LifecycleHookName")
        action = self._actions.get((_value(params, "AutoScalingGroupName"), id))
        return (action if action is not None and action.hook == hook else None), id


def hook_of(properties: Properties, transition: str) -> Properties | None:
    """The hook of a group's own list for a transition, if it has one."""
    hooks = properties.get("LifecycleHookSpecificationList", [])
    return next((hook for hook in hooks if hook["LifecycleTransition"] == transition), None)


def _value(params: dict[str, Any], key: str) -> str:
    found = params.get(key, "")
    return str(found[0] if isinstance(found, list) else found)


def _no_action(id: str) -> Any:
    return autoscaling._error("ValidationError", f"No active Lifecycle Action found with instance ID {id}")
