"""The AWS account that a deployment goes to, looked at, and changed by those calls alone that are named beforehand."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import NoCredentialsError

_READS = ("Describe", "Get", "Head", "List")
_PATIENT = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 3})


class Refused(RuntimeError):
    """A call that does more than look."""


class Account:
    """Clients of one region, by AWS's usual environment (AWS_PROFILE, AWS_ENDPOINT_URL ...), that can only read.

    `clients` are used instead of those that it would make; `changes` are calls that it may make besides (ssm:SendCommand).
    """

    def __init__(self, region: str, *, clients: Mapping[str, Any] | None = None, changes: Collection[str] = ()) -> None:
        self.region = region
        self._changes = frozenset(changes)
        self.calls: list[str] = []
        self._clients: dict[tuple[str, str], Any] = {(name, region): given for name, given in (clients or {}).items()}
        self._lock = threading.Lock()
        self._session: Any = None

    def client(self, service: str, *, region: str | None = None) -> Any:
        """A client of a service.

        Raises:
            botocore.exceptions.BotoCoreError: there are no credentials, or the profile does not exist.
        """
        key = (service, region or self.region)
        with self._lock:  # a session is no matter for several threads, its clients are
            if key not in self._clients:
                client = self._credible().client(service, region_name=key[1], config=_PATIENT)
                # on the client, not on the session: whose credentials are a role's has calls of its own to get them
                client.meta.events.register("before-parameter-build", self._only_read)
                self._clients[key] = client
            return self._clients[key]

    def _credible(self) -> Any:
        """The session, once it has credentials; whoever has none waits for an instance's only once."""
        if self._session is None:
            session = boto3.Session(region_name=self.region)
            self._session = session if session.get_credentials() else False
        if self._session is False:
            raise NoCredentialsError()
        return self._session

    def _only_read(self, *, model: Any, **_: Any) -> None:
        name = f"{model.service_model.service_name}:{model.name}"
        if not model.name.startswith(_READS) and name not in self._changes:
            raise Refused(f"{name} does more than look")
        self.calls.append(name)
