"""The CLI's look at a stack is held until there is news, and nobody else's."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

os.environ.setdefault("MINISTACK_REGION", "us-east-1")

from ministack.core.responses import request_scope
from ministack.services import cloudformation
from ministack.services.cloudformation import _stacks

from rehearsal.cloud import polls
from tests.rehearsal.permissions.world import ACCOUNT, REGION

ID = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/fines-dev-single/1"
CLI = {"user-agent": "aws-sdk-js/3.1 ua/2.1 os/linux aws-cdk/2.1138.0"}


@pytest.fixture
def stack() -> Iterator[dict[str, Any]]:
    with request_scope(ACCOUNT, REGION):
        _stacks["fines-dev-single"] = {"StackName": "fines-dev-single", "StackId": ID, "StackStatus": "UPDATE_COMPLETE"}
        yield _stacks["fines-dev-single"]
        _stacks.pop("fines-dev-single", None)


@pytest.mark.parametrize(
    ("status", "headers", "action", "name", "held"),
    [
        ("UPDATE_IN_PROGRESS", CLI, "DescribeStacks", "fines-dev-single", True),
        ("DELETE_IN_PROGRESS", CLI, "DescribeStacks", ID, True),
        ("UPDATE_ROLLBACK_IN_PROGRESS", CLI, "DescribeStacks", "fines-dev-single", True),
        ("UPDATE_COMPLETE", CLI, "DescribeStacks", "fines-dev-single", False),
        ("REVIEW_IN_PROGRESS", CLI, "DescribeStacks", "fines-dev-single", False),
        ("UPDATE_IN_PROGRESS", CLI, "DescribeStackEvents", "fines-dev-single", False),
        ("UPDATE_IN_PROGRESS", CLI, "DescribeStacks", "another", False),
        ("UPDATE_IN_PROGRESS", {"user-agent": "Boto3/1.43"}, "DescribeStacks", "fines-dev-single", False),
    ],
)
def test_whose_look_is_held(
    stack: dict[str, Any], status: str, headers: dict[str, str], action: str, name: str, held: bool
) -> None:
    stack["StackStatus"] = status
    body = f"Action={action}&StackName={name.replace(':', '%3A').replace('/', '%2F')}".encode()
    assert polls.is_under_way(headers, body) is held


def test_it_is_answered_as_soon_as_the_operation_has_ended(
    stack: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def plain(*_: Any) -> str:
        return str(stack["StackStatus"])

    async def look() -> tuple[str, float]:
        asyncio.get_running_loop().call_later(0.3, stack.update, {"StackStatus": "UPDATE_COMPLETE"})
        began = time.monotonic()
        answer = await cloudformation.handle_request(
            "POST", "/", CLI, b"Action=DescribeStacks&StackName=fines-dev-single", {}
        )
        return str(answer), time.monotonic() - began

    monkeypatch.setattr(cloudformation, "handle_request", plain)
    polls.answer_when_there_is_news()
    stack["StackStatus"] = "UPDATE_IN_PROGRESS"
    answer, seconds = asyncio.run(look())
    assert answer == "UPDATE_COMPLETE" and seconds > 0.25
