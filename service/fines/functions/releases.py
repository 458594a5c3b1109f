"""What a function does once a release, when CloudFormation asks for it by a custom resource.

The physical id lists the releases that it was done for, the newest last. A request for one that is in it is the way back of a
deployment: nothing is done then, and nothing can fail. Deletion does nothing either: what was made outlives the stack's resources.
"""

import sys
from collections.abc import Callable
from typing import Any

from fines.functions.reply import reply

_KEPT = 12  # releases: each has 64 digits, and an id may have 1024 characters


def once_a_release(event: dict[str, Any], work: Callable[[], object], *, trouble: str) -> None:
    """Does the work if the request's release is a new one, and answers the request, whatever happens.

    `trouble` is what the reason of a failure begins with.
    """
    known = [release for release in event.get("PhysicalResourceId", "").split(",") if release]
    id, failure = event.get("PhysicalResourceId") or "none", ""
    try:
        if event["RequestType"] != "Delete":
            release = event["ResourceProperties"]["Release"]
            if release not in known:
                work()
                id = ",".join([*known, release][-_KEPT:])
    except Exception as error:
        failure = f"{trouble}: {type(error).__name__}: {error}"
        print(failure, file=sys.stderr)
    reply(event, id=id, failure=failure)
