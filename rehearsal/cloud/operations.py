"""A stack takes one operation at a time: MiniStack lets a second one begin, and both then change the same resources."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import changesets, handlers
from ministack.services.cloudformation.helpers import _error, _p

from rehearsal.cloud.policies import stacks_of

_CHANGES = ("CreateChangeSet", "ExecuteChangeSet", "UpdateStack")


def one_at_a_time() -> None:
    """Refuses a change, or the end, of a stack that is being changed, in CloudFormation's words."""
    for action in _CHANGES:
        _refuse(action, "Stack:{id} is in {status} state and can not be updated.", lambda status: True)
    # a stack that is being made may be deleted: that is how one gives it up
    given_up = ("CREATE", "DELETE")
    deleted = "Stack [{id}] cannot be deleted while in status {status}"
    _refuse("DeleteStack", deleted, lambda status: not status.startswith(given_up))


def _refuse(action: str, words: str, when: Callable[[str], bool]) -> None:
    plain = handlers._ACTION_HANDLERS[action]

    def handle(parameters: Any) -> Any:
        for stack in stacks_of(_name(parameters)):
            status = str(stack["StackStatus"])
            if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS" and when(status):
                return _error("ValidationError", words.format(id=stack["StackId"], status=status))
        return plain(parameters)

    handlers._ACTION_HANDLERS[action] = handle


def _name(parameters: Any) -> str:
    """The name of the stack that is meant: itself or its ARN is given, or a change set's ARN alone."""
    stack = str(_p(parameters, "StackName"))
    if not stack:
        _, found = changesets._find_change_set(_p(parameters, "ChangeSetName"))
        stack = str(found["StackName"]) if found else ""
    return stack.split("/")[1] if stack.startswith("arn:") else stack
