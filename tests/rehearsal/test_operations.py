"""A stack that is being changed is not changed by another meanwhile, and tells its operations apart, as CloudFormation has it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest

os.environ.setdefault("MINISTACK_REGION", "us-east-1")

from ministack.core.responses import request_scope
from ministack.services.cloudformation import _change_sets, _stack_events, _stacks, handlers
from ministack.services.cloudformation.stacks import _add_event

from rehearsal.cloud import operations
from tests.rehearsal.permissions.world import ACCOUNT, REGION

ID = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/fines-dev-asg/1"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The actions that were let through."""
    through: list[str] = []

    def passes(action: str) -> Any:
        return lambda parameters: through.append(action)

    for action in ("CreateChangeSet", "ExecuteChangeSet", "UpdateStack", "DeleteStack"):
        monkeypatch.setitem(handlers._ACTION_HANDLERS, action, passes(action))
    operations.one_at_a_time()
    with request_scope(ACCOUNT, REGION):
        yield through
        _stacks.pop("fines-dev-asg", None)


def call(action: str, status: str, name: str = "fines-dev-asg") -> Any:
    _stacks["fines-dev-asg"] = {"StackName": "fines-dev-asg", "StackId": ID, "StackStatus": status}
    return handlers._ACTION_HANDLERS[action]({"StackName": [name]})


@pytest.mark.parametrize("name", ["fines-dev-asg", ID])
@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "CREATE_IN_PROGRESS"])
@pytest.mark.parametrize("action", ["CreateChangeSet", "ExecuteChangeSet", "UpdateStack"])
def test_a_change_is_refused_while_another_is_under_way(asked: list[str], action: str, status: str, name: str) -> None:
    answer = call(action, status, name)
    assert answer[0] == 400
    assert f"Stack:{ID} is in {status} state and can not be updated." in str(answer[2])
    assert asked == []


def test_a_change_set_that_is_named_by_its_arn_alone_is_of_its_stack(
    asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:changeSet/another/1"
    monkeypatch.setitem(_change_sets, arn, {"ChangeSetName": "another", "StackName": "fines-dev-asg"})
    call("CreateChangeSet", "UPDATE_IN_PROGRESS")
    answer = handlers._ACTION_HANDLERS["ExecuteChangeSet"]({"ChangeSetName": [arn]})
    assert answer[0] == 400 and "can not be updated" in str(answer[2])
    assert asked == []


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_what_rests_or_was_only_reviewed_is_changed(asked: list[str], status: str) -> None:
    call("CreateChangeSet", status)
    call("ExecuteChangeSet", status)
    assert asked == ["CreateChangeSet", "ExecuteChangeSet"]


def test_a_stack_that_is_being_updated_is_not_deleted(asked: list[str]) -> None:
    answer = call("DeleteStack", "UPDATE_IN_PROGRESS")
    assert answer[0] == 400 and f"Stack [{ID}] cannot be deleted while in status UPDATE_IN_PROGRESS" in str(answer[2])
    assert asked == []


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "DELETE_FAILED"])
def test_a_stack_that_is_being_made_may_be_given_up(asked: list[str], status: str) -> None:
    call("DeleteStack", status)
    assert asked == ["DeleteStack"]


def test_each_event_names_the_operation_that_it_belongs_to(monkeypatch: pytest.MonkeyPatch) -> None:
    told = handlers._ACTION_HANDLERS["DescribeStackEvents"]
    monkeypatch.setitem(handlers._ACTION_HANDLERS, "DescribeStackEvents", told)
    operations.told_apart()
    with request_scope(ACCOUNT, REGION):
        _stacks["fines-dev-asg"] = {
            "StackName": "fines-dev-asg",
            "StackId": ID,
            "StackStatus": "UPDATE_ROLLBACK_COMPLETE",
        }
        for status in (
            *("UPDATE_IN_PROGRESS", "the resource's", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"),
            *("UPDATE_IN_PROGRESS", "the resource's", "UPDATE_ROLLBACK_IN_PROGRESS", "the resource's"),
        ):
            if status == "the resource's":
                _add_event(ID, "fines-dev-asg", "Queue", "AWS::SQS::Queue", "UPDATE_FAILED", "no such thing", "queue")
            else:
                _add_event(ID, "fines-dev-asg", "fines-dev-asg", "AWS::CloudFormation::Stack", status, "", ID)
        _, _, body = handlers._ACTION_HANDLERS["DescribeStackEvents"]({"StackName": ["fines-dev-asg"]})
        events = [event["EventId"] for event in _stack_events.pop(ID)]
        _stacks.pop("fines-dev-asg")
    named = re.findall(r"<EventId>(.*?)</EventId><OperationId>(.*?)</OperationId>", body.decode())
    assert dict(named) == dict(zip(events, [events[0]] * 4 + [events[4]] * 2 + [events[6]] * 2, strict=True))
