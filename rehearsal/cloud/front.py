"""The TLS front of the local AWS: every name under amazonaws.com ends here, as on AWS each ends at its service."""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import Mapping
from pathlib import Path

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from rehearsal.cloud.authority import Authority
from rehearsal.cloud.permissions import Gate, Request
from rehearsal.cloud.permissions.onward import onward

_HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "transfer-encoding",
    "content-encoding",
    "content-length",
    "host",
    "date",
    "server",
}
_BUCKET_HOST = re.compile(r"^(?P<bucket>[a-z0-9][a-z0-9.-]+)\.s3[.-](?P<region>[a-z0-9-]+\.)?amazonaws\.com$")
_WAIT_HANDLE_HOST = re.compile(r"^cloudformation-(waitcondition|custom-resource-response)-[a-z0-9-]+\.s3\.")
AUTHORITIES_HOST = "truststore.pki.rds.amazonaws.com"
_BODY_LIMIT = 5 * 2**30


def certify(
    *, authority: Authority, folder: Path, region: str, address: str, others: Mapping[str, Path]
) -> ssl.SSLContext:
    """Makes a certificate for AWS's names in the region.

    `others` are names that other servers of the rehearsal answer to, and the files for their keys and certificates.
    """
    certificate = authority.issue(
        "amazonaws.com",
        "*.amazonaws.com",
        f"*.{region}.amazonaws.com",
        f"*.s3.{region}.amazonaws.com",
        "*.s3.amazonaws.com",
        f"*.dkr.ecr.{region}.amazonaws.com",
        f"api.ecr.{region}.amazonaws.com",
        AUTHORITIES_HOST,
        str(ipaddress.ip_address(address)),
    )
    for name, file in others.items():
        file.touch(mode=0o600)
        file.write_text(authority.issue(name).both)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    pem = folder / "front.pem"
    pem.touch(mode=0o600)
    pem.write_text(certificate.both)
    context.load_cert_chain(pem)
    return context


class Front:
    """Passes requests on to MiniStack, after the gate has admitted them."""

    def __init__(self, *, backend: str, gate: Gate, authorities: str) -> None:
        """`authorities` are the certificates that the world downloads to know managed databases by."""
        self._backend, self._gate, self._authorities = backend, gate, authorities
        self._session: aiohttp.ClientSession | None = None

    async def start(self, *, address: str, context: ssl.SSLContext, port: int = 443) -> int:
        """Listens on a port of the address (0: a free one); returns the port."""
        self._session = aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=600))
        app = web.Application(client_max_size=_BODY_LIMIT)
        app.router.add_route("*", "/{path:.*}", self._pass)
        runner = web.AppRunner(app, access_log=None, auto_decompress=False)
        await runner.setup()
        await web.TCPSite(runner, address, port, ssl_context=context).start()
        return int(runner.addresses[0][1])

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        assert self._session is not None
        if request.host == AUTHORITIES_HOST:
            return web.Response(text=self._authorities, content_type="application/x-pem-file")
        body = await request.read()
        asked = Request.of(
            method=request.method,
            host=request.host,
            target=request.raw_path,
            headers=request.headers,
            body=body,
            source_ip=request.remote or "",
        )
        verdict = await self._gate.admit(asked)
        if verdict.status is not None:
            return web.Response(status=verdict.status, headers=dict(verdict.headers), body=verdict.body)
        # MiniStack would check a presigned URL again, under a host and path that are no longer the signed ones.
        target, added = onward(asked) or (request.raw_path, {})
        path = backend_path(request.host, target)
        headers = CIMultiDict((key, value) for key, value in request.headers.items() if key.lower() not in _HOP_BY_HOP)
        if encoding := request.headers.get("Content-Encoding"):
            headers["Content-Encoding"] = encoding
        headers.update(added)
        # A URL that is already quoted must not be quoted again: signatures and keys depend on its spelling.
        async with self._session.request(
            request.method,
            URL(self._backend + path, encoded=True),
            headers=headers,
            data=body,
            allow_redirects=False,
            skip_auto_headers=("Content-Type", "User-Agent", "Accept", "Accept-Encoding"),
        ) as answer:
            kept = CIMultiDict((key, value) for key, value in answer.headers.items() if key.lower() not in _HOP_BY_HOP)
            if request.method == "HEAD":
                kept["Content-Length"] = answer.headers.get("Content-Length", "0")
            response = web.Response(
                status=answer.status, headers=kept, body=None if request.method == "HEAD" else await answer.read()
            )
            return response


def backend_path(host: str, raw_path: str) -> str:
    """The path under which MiniStack knows what a host name of AWS and a path mean.

    A bucket in the host name becomes the first part of the path; a wait condition handle's bucket is no bucket of ours.
    """
    name = host.partition(":")[0].lower()
    if _WAIT_HANDLE_HOST.match(name):
        return raw_path
    if found := _BUCKET_HOST.match(name):
        return f"/{found['bucket']}{raw_path}"
    return raw_path
