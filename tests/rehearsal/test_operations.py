"""A stack that is being changed is not changed by another meanwhile, as CloudFormation has it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

os.environ.setdefault("MINISTACK_REGION", "us-east-1")

from ministack.core.responses import request_scope
from ministack.services.cloudformation import _change_sets, _stacks, handlers

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
