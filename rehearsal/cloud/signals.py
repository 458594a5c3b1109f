"""The signals that CloudFormation waits for when a group's creation or update policy says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import handlers

from rehearsal.cloud import events
from rehearsal.cloud.events import Events


class SignalError(RuntimeError):
    """A signal said FAILURE, or none came in time."""


class Signals:
    """Receives `SignalResource` calls for the groups that wait; all other calls go on to MiniStack."""

    def __init__(self, seen: Events) -> None:
        self._seen = seen
        self._changed = threading.Condition()
        self._waiting: dict[tuple[str, str], dict[str, str]] = {}
        self._onward: Callable[[dict[str, Any]], Any] = handlers._ACTION_HANDLERS["SignalResource"]
        handlers._ACTION_HANDLERS["SignalResource"] = self._receive

    def _receive(self, params: dict[str, Any]) -> Any:
        key = (
            _first(params, "StackName").rpartition("/")[0].rpartition("/")[2] or _first(params, "StackName"),
            _first(params, "LogicalResourceId"),
        )
        unique, status = _first(params, "UniqueId"), _first(params, "Status")
        if status == "SUCCESS" and unique:
            self._seen.add(unique, events.SIGNALLED)
        with self._changed:
            heard = self._waiting.get(key)
            if heard is not None and unique and status in ("SUCCESS", "FAILURE"):
                heard[unique] = status
                self._changed.notify_all()
                return handlers._xml(200, "SignalResourceResponse", "")
        return self._onward(params)

    def expect(self, stack: str, logical_id: str) -> None:
        """Begins to take signals for a resource."""
        with self._changed:
            self._waiting[stack, logical_id] = {}

    def wait(self, stack: str, logical_id: str, *, count: int, seconds: float) -> None:
        """Waits for `count` signals of success.

        Raises:
            SignalError: with CloudFormation's own words for it.
        """
        deadline = time.monotonic() + seconds
        try:
            with self._changed:
                heard = self._waiting[stack, logical_id]
                while True:
                    failed = [unique for unique, status in heard.items() if status == "FAILURE"]
                    if failed:
                        raise SignalError(
                            f"Received {len(failed)} FAILURE signal(s) out of {count}. Unable to satisfy 100% MinSuccessfulInstancesPercent requirement"
                        )
                    if len(heard) >= count:
                        return
                    left = deadline - time.monotonic()
                    if left <= 0:
                        raise SignalError(f"Failed to receive {count} resource signal(s) within the specified duration")
                    self._changed.wait(min(left, 1.0))
        finally:
            with self._changed:
                self._waiting.pop((stack, logical_id), None)


def _first(params: dict[str, Any], key: str) -> str:
    value = params.get(key, "")
    return str(value[0] if isinstance(value, list) else value)
