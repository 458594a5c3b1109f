"""Clients of the local AWS that call with a role's credentials, and so through the gate, for what stands in for controllers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3

from rehearsal.cloud.role_sessions import RoleSessions, renewed
from rehearsal.machines.metadata import Credentials


class RoleClients:
    """Makes clients; a role's session is kept until it is about to end."""

    def __init__(self, *, sessions: RoleSessions, endpoint: str, bundle: Path, region: str) -> None:
        """`bundle` is the file with the authority that signs for the endpoint."""
        self._sessions, self._endpoint, self._bundle, self._region = sessions, endpoint, bundle, region
        self._made: dict[tuple[str, str, str], tuple[Credentials, Any]] = {}
        self._held: dict[tuple[str, str], Any] = {}

    def of(self, service: str, *, role: str, source: str) -> Any:
        """A client of a service; `source` is what the session is called."""
        held = self._held.setdefault((role, source), renewed(lambda: self._sessions.issue(role, source=source)))
        session = held()
        known, made = self._made.get((service, role, source), (None, None))
        if known is not session:
            made = boto3.client(
                service,
                region_name=self._region,
                endpoint_url=self._endpoint,
                verify=str(self._bundle),
                aws_access_key_id=session.access_key,
                aws_secret_access_key=session.secret,
                aws_session_token=session.token,
            )
            self._made[service, role, source] = session, made
        return made
