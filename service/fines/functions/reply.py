"""The answer that CloudFormation waits for from a custom resource (CloudFormation user guide, "Custom resource response objects")."""

import json
import urllib.request
from typing import Any

_LONGEST_REASON = 500  # characters; the whole answer may have 4096


def reply(event: dict[str, Any], *, id: str, failure: str = "") -> None:
    """Tells CloudFormation how it went, under the resource's physical id; `failure` is the reason of one."""
    body = {
        "Status": "FAILED" if failure else "SUCCESS",
        "Reason": failure[-_LONGEST_REASON:] or "done",
        "PhysicalResourceId": id,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    # The URL is signed for a request without a content type.
    request = urllib.request.Request(  # noqa: S310 - the address is CloudFormation's own
        event["ResponseURL"], data=json.dumps(body).encode(), method="PUT", headers={"Content-Type": ""}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
        answer.read()
