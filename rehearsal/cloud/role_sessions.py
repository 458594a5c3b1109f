"""Sessions of roles for what runs in the rehearsal, as instance metadata and Lambda hand them out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from rehearsal.machines.metadata import Credentials


class RoleSessions(Protocol):
    """Issues credentials of a role."""

    def issue(self, role_arn: str, *, source: str) -> Credentials: ...


def renewed(issue: Callable[[], Credentials]) -> Callable[[], Credentials]:
    """Gives the same session until five minutes before its end, as the metadata service does."""
    held: list[Credentials] = []

    def credentials() -> Credentials:
        if not held or held[0].expires < time.time() + 300:
            held[:] = [issue()]
        return held[0]

    return credentials
