"""The CDK's CLI looks at a stack every five seconds, and sleeps through the end of each deployment: it is answered when there is news."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from ministack.services import cloudformation

from rehearsal.cloud.policies import stacks_of

LONGEST = 50.0  # seconds that a look is held; what the CLI shows meanwhile it asks for besides
_PACE = 0.05


def answer_when_there_is_news() -> None:
    """Holds the CLI's looks at a stack until the operation on it has ended; AWS answers at once, and the CLI looks again."""
    plain = cloudformation.handle_request

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Any:
        deadline = time.monotonic() + LONGEST
        while is_under_way(headers, body) and time.monotonic() < deadline:
            await asyncio.sleep(_PACE)
        return await plain(method, path, headers, body, query)

    cloudformation.handle_request = handle


def is_under_way(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether this is the CLI's look at a stack on which an operation is under way."""
    if "aws-cdk/" not in headers.get("user-agent", ""):
        return False
    asked = {key: values[0] for key, values in parse_qs(body.decode(errors="replace")).items()}
    if asked.get("Action") != "DescribeStacks" or "StackName" not in asked:
        return False
    name = asked["StackName"]
    name = name.split("/")[1] if name.startswith("arn:") else name
    statuses = [str(stack["StackStatus"]) for stack in stacks_of(name)]
    return any(status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS" for status in statuses)
