"""A stack takes one operation at a time: MiniStack lets a second one begin, and both then change the same resources."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import handlers
from ministack.services.cloudformation.helpers import _error

from rehearsal.cloud.policies import stacks_of

_CHANGE = ("CreateChangeSet", "ExecuteChangeSet", "UpdateStack")


def one_at_a_time() -> None:
    """Refuses a change, or the end, of a stack that is being changed, in CloudFormation's words."""
    for action in _CHANGE:
        _refuse(action, "updated", lambda status: True)
    # a stack that is being made may be deleted: that is how one gives it up
    _refuse("DeleteStack", "deleted", lambda status: not status.startswith(("CREATE", "DELETE")))


def _refuse(action: str, done: str, when: Callable[[str], bool]) -> None:
    plain = handlers._ACTION_HANDLERS[action]

    def handle(parameters: Any) -> Any:
        for stack in stacks_of(_name(handlers._p(parameters, "StackName"))):
            status = str(stack["StackStatus"])
            if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS" and when(status):
                message = f"Stack:{stack['StackId']} is in {status} state and can not be {done}."
                return _error("ValidationError", message)
        return plain(parameters)

    handlers._ACTION_HANDLERS[action] = handle


def _name(stack: str) -> str:
    """A stack's name, which may be given as its ARN."""
    return stack.split("/")[1] if stack.startswith("arn:") else stack
