"""Operations on a stack, which takes one at a time and tells of each event to which it belongs.

MiniStack lets a second one begin, and both then change the same resources; and its events name none, so that the CDK's CLI takes
the failures of all times for those of the last deployment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from ministack.services.cloudformation import _stack_events, changesets, handlers
from ministack.services.cloudformation.helpers import _error, _p

from rehearsal.cloud.policies import stacks_of

_STACK, _EVENT = re.compile(rb"<StackId>([^<]+)</StackId>"), re.compile(rb"<EventId>([^<]+)</EventId>")
_CHANGES = ("CreateChangeSet", "ExecuteChangeSet", "UpdateStack")


def one_at_a_time() -> None:
    """Refuses a change, or the end, of a stack that is being changed, in CloudFormation's words."""
    for action in _CHANGES:
        _refuse(action, "Stack:{id} is in {status} state and can not be updated.", lambda status: True)
    # a stack that is being made may be deleted: that is how one gives it up
    given_up = ("CREATE", "DELETE")
    deleted = "Stack [{id}] cannot be deleted while in status {status}"
    _refuse("DeleteStack", deleted, lambda status: not status.startswith(given_up))


def told_apart() -> None:
    """Names in each event of a stack the operation that it belongs to: by the event of the stack itself with which that began."""
    plain = handlers._ACTION_HANDLERS["DescribeStackEvents"]

    def handle(parameters: Any) -> Any:
        status, headers, body = plain(parameters)
        named = {event: began for stack in set(_STACK.findall(body)) for event, began in _began(stack.decode())}
        return status, headers, _EVENT.sub(lambda found: found[0] + named.get(found[1], b""), body)

    handlers._ACTION_HANDLERS["DescribeStackEvents"] = handle


def _began(stack: str) -> Iterator[tuple[bytes, bytes]]:
    """The id of each event of a stack, and what names the operation in it."""
    began = ""
    for event in _stack_events.get(stack, []):
        status = event["ResourceStatus"]
        if event["PhysicalResourceId"] == stack and status.endswith("_IN_PROGRESS") and "CLEANUP" not in status:
            began = event["EventId"]
        yield event["EventId"].encode(), f"<OperationId>{began}</OperationId>".encode()


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
