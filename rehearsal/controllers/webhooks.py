"""The admission webhooks that EKS and its controllers give a cluster, behind one address: what each changes of a pod."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import ssl
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

log = logging.getLogger("rehearsal.webhooks")
Json = dict[str, Any]
Patch = list[Json]  # JSON patch, RFC 6902
Changes = Callable[[str, Json], Patch]  # of a pod in a namespace


class Webhooks:
    """Answers the API server's questions about pods that are to be made."""

    def __init__(self, changes: Mapping[str, Changes]) -> None:
        """`changes` are by the path that each is asked at."""
        self._changes = changes

    async def start(self, *, address: str, port: int, context: ssl.SSLContext) -> int:
        """Listens on an address; returns the port."""
        app = web.Application()
        app.router.add_post("/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, address, port, ssl_context=context).start()
        return int(runner.addresses[0][1])

    async def _answer(self, request: web.Request) -> web.Response:
        review = await request.json()
        asked = review["request"]
        changes = self._changes.get(request.path)
        if changes is None:
            return web.Response(status=404)
        namespace, pod = asked.get("namespace", "default"), asked["object"]
        patch = await asyncio.get_running_loop().run_in_executor(None, changes, namespace, pod)
        answer: Json = {"uid": asked["uid"], "allowed": True}
        if patch:
            answer |= {"patchType": "JSONPatch", "patch": base64.b64encode(json.dumps(patch).encode()).decode()}
        return web.json_response({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answer})
