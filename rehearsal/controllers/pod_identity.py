"""EKS Pod Identity: pods of an associated account are told of a token and of an agent, which hands out their role's credentials.

Source: EKS user guide, «Learn how EKS Pod Identity grants pods access to AWS services».
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from aiohttp import web

from rehearsal.controllers.webhooks import Json, Patch
from rehearsal.machines.metadata import Credentials

log = logging.getLogger("rehearsal.pod_identity")
AGENT = "169.254.170.23"
AUDIENCE = "pods.eks.amazonaws.com"
_FOLDER = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"
_VOLUME, _FILE = "eks-pod-identity-token", "eks-pod-identity-token"
_SECONDS = 86400  # for which a token is good
Role = Callable[[str, str], str]  # of a namespace and an account; empty where there is none


class Reviewer(Protocol):
    """Says whose a token is: a namespace and an account, or None."""

    def __call__(self, token: str, audience: str, /) -> tuple[str, str] | None: ...


def changes(role: Role, region: str) -> Callable[[str, Json], Patch]:
    """What EKS changes of pods."""

    def of(namespace: str, pod: Json) -> Patch:
        spec = pod["spec"]
        if not role(namespace, spec.get("serviceAccountName") or "default"):
            return []
        told = {
            "AWS_STS_REGIONAL_ENDPOINTS": "regional",
            "AWS_DEFAULT_REGION": region,
            "AWS_REGION": region,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{AGENT}/v1/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": f"{_FOLDER}/{_FILE}",
        }
        token = {"serviceAccountToken": {"audience": AUDIENCE, "expirationSeconds": _SECONDS, "path": _FILE}}
        volume = {"name": _VOLUME, "projected": {"defaultMode": 420, "sources": [token]}}
        patch: Patch = [{"op": "add", "path": "/spec/volumes", "value": [*spec.get("volumes", []), volume]}]
        for kind in ("containers", "initContainers"):
            for number, container in enumerate(spec.get(kind) or []):
                known = container.get("env") or []
                names = {each["name"] for each in known}
                env = [*known, *({"name": key, "value": value} for key, value in told.items() if key not in names)]
                mounts = [
                    *(container.get("volumeMounts") or []),
                    {"name": _VOLUME, "mountPath": _FOLDER, "readOnly": True},
                ]
                patch.append({"op": "add", "path": f"/spec/{kind}/{number}/env", "value": env})
                patch.append({"op": "add", "path": f"/spec/{kind}/{number}/volumeMounts", "value": mounts})
        return patch

    return of


class Agent:
    """Hands out credentials to who shows a pod's token."""

    def __init__(self, *, review: Reviewer, role: Role, issue: Callable[[str, str], Credentials]) -> None:
        """`issue` gives a session of a role, for a source that is told of."""
        self._review, self._role, self._issue = review, role, issue
        self._held: dict[tuple[str, str], Credentials] = {}

    async def start(self, *, address: str, port: int = 0) -> int:
        """Listens on an address; returns the port."""
        app = web.Application()
        app.router.add_get("/v1/credentials", self._answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, address, port).start()
        return int(runner.addresses[0][1])

    async def _answer(self, request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "")
        whose = await asyncio.get_running_loop().run_in_executor(None, self._review, token, AUDIENCE) if token else None
        if whose is None:
            return web.Response(status=400, text="Service account token cannot be validated")
        if not (role := self._role(*whose)):
            return web.Response(status=404, text=f"no role is associated with the account {'/'.join(whose)}")
        held = self._held.get(whose)
        if held is None or held.expires < time.time() + 900:
            held = self._held[whose] = self._issue(role, f"eks-{whose[0]}-{whose[1]}"[:60])
        return web.json_response(_told(held, role))


def _told(held: Credentials, role: str) -> dict[str, Any]:
    return {
        "AccessKeyId": held.access_key,
        "SecretAccessKey": held.secret,
        "Token": held.token,
        "AccountId": role.split(":")[4],
        "Expiration": datetime.fromtimestamp(held.expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
