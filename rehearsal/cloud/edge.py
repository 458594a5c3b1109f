"""An edge of CloudFront's: it ends TLS for the names of distributions, keeps what it served for as long as it may, and compresses.

What it does not have goes on to the local AWS, under the distribution's own name.
"""

from __future__ import annotations

import gzip
import ssl
import time
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from rehearsal.cloud.authority import Authority
from rehearsal.cloud.distributions import Behaviour, Distributions

NAMES = "*.cloudfront.net"
# CloudFront developer guide: errors are kept for ten seconds unless a distribution says otherwise ...
_KEPT_ERRORS, _ERROR_SECONDS = {400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504}, 10.0
# ... and of these types what has from 1,000 to 10,000,000 bytes is compressed ("Serve compressed files").
_COMPRESSED = {
    *("application/javascript", "application/json", "application/xml", "font/otf", "font/ttf", "image/svg+xml"),
    *("text/css", "text/html", "text/javascript", "text/plain", "text/xml"),
}
_LEAST_BYTES, _MOST_BYTES = 1_000, 10_000_000
_NOT_PASSED_ON = {"accept-encoding", "connection", "content-length", "host", "keep-alive", "transfer-encoding"}
_NOT_PASSED_BACK = {"connection", "content-length", "date", "keep-alive", "transfer-encoding"}
# A request for a part, or for what changed since, is asked of the origin each time.
_OF_A_KIND = ("Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range")
Headers = CIMultiDict[str]


@dataclass(frozen=True)
class _Kept:
    status: int
    headers: Headers
    body: bytes
    since: float  # time.monotonic()
    seconds: float
    invalidations: int  # of the distribution, when this was kept


class Edge:
    """Serves all distributions on one address, over HTTPS and HTTP."""

    def __init__(self, *, backend: str, distributions: Distributions) -> None:
        self._backend, self._distributions = backend, distributions
        self._session: aiohttp.ClientSession | None = None
        self._kept: dict[tuple[str, str, str, bool], _Kept] = {}

    async def start(self, *, address: str, authority: Authority, ports: tuple[int, int] = (443, 80)) -> tuple[int, int]:
        """Listens on an address, by default on the ports of the web (0: free ones), which are returned."""
        self._session = aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=60))
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue(NAMES).load(context)
        await web.TCPSite(runner, address, ports[0], ssl_context=context).start()
        await web.TCPSite(runner, address, ports[1]).start()
        secure, plain = (int(found[1]) for found in runner.addresses)
        return secure, plain

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        host = request.host.partition(":")[0].lower()
        behaviour = self._distributions.behaviour(host)
        if behaviour is None:  # nothing but a distribution's own name goes on from here: the gate is not asked
            return web.Response(
                status=403, text="The request could not be satisfied.", headers={"Server": "CloudFront"}
            )
        zipped = behaviour.compresses and "gzip" in request.headers.get("Accept-Encoding", "").lower()
        is_plain = request.method == "GET" and not any(name in request.headers for name in _OF_A_KIND)
        keeps = request.secure and behaviour.keyed_by_path and is_plain
        # A policy's answer to an origin depends on who asks, so that each origin has its own.
        key = (host, request.rel_url.raw_path, request.headers.get("Origin", ""), zipped)
        if keeps and (kept := self._living(key)) is not None:
            age = {"Age": str(int(time.monotonic() - kept.since))}
            error = kept.status >= 400
            said = {"X-Cache": f"{'Error' if error else 'Hit'} from cloudfront", **({} if error else age)}
            return _response(kept.status, kept.headers, said, kept.body)
        invalidations = len(self._distributions.invalidations(host))
        status, headers, body = await self._fetched(request, host)
        if zipped and status == 200:
            headers, body = _zipped(headers, body)
        if keeps and (seconds := _seconds(behaviour, status, headers)) > 0:
            self._kept[key] = _Kept(status, headers, body, time.monotonic(), seconds, invalidations)
        return _response(status, headers, {}, body)

    def _living(self, key: tuple[str, str, str, bool]) -> _Kept | None:
        """What is kept of a path, unless its time is over or it was invalidated since."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        since = self._distributions.invalidations(key[0])[kept.invalidations :]
        ended = any(_names(pattern, key[1]) for paths in since for pattern in paths)
        if ended or time.monotonic() > kept.since + kept.seconds:
            del self._kept[key]
            return None
        return kept

    async def _fetched(self, request: web.Request, host: str) -> tuple[int, Headers, bytes]:
        """The distribution's answer, as the local AWS makes it."""
        assert self._session is not None
        passed = CIMultiDict((k, v) for k, v in request.headers.items() if k.lower() not in _NOT_PASSED_ON)
        passed.update({"Host": host, "X-Forwarded-Proto": "https" if request.secure else "http"})
        async with self._session.request(
            request.method,
            URL(self._backend + request.raw_path, encoded=True),
            headers=passed,
            data=await request.read(),
            allow_redirects=False,
            skip_auto_headers=("Content-Type", "User-Agent", "Accept", "Accept-Encoding"),
        ) as answer:
            return answer.status, _passed_back(answer.headers), await answer.read()


def _response(status: int, headers: Headers, more: dict[str, str], body: bytes) -> web.Response:
    told = headers.copy()
    told.update(more)
    return web.Response(status=status, headers=told, body=body)


def _passed_back(headers: CIMultiDictProxy[str]) -> Headers:
    return CIMultiDict((k, v) for k, v in headers.items() if k.lower() not in _NOT_PASSED_BACK)


def _seconds(behaviour: Behaviour, status: int, headers: Headers) -> float:
    """For how long an answer is kept."""
    if status == 200:
        return behaviour.seconds(headers.get("Cache-Control", ""))
    return _ERROR_SECONDS if status in _KEPT_ERRORS else 0


def _zipped(headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    """An answer compressed, if it is of a kind and size that is; its entity tag is a weak one then."""
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in _COMPRESSED or not _LEAST_BYTES <= len(body) <= _MOST_BYTES or "Content-Encoding" in headers:
        return headers, body
    told = headers.copy()
    told.update({"Content-Encoding": "gzip", "Vary": "Accept-Encoding"})
    if (tag := told.get("ETag", "")).startswith('"'):
        told["ETag"] = f"W/{tag}"
    return told, gzip.compress(body, 6, mtime=0)


def _names(pattern: str, path: str) -> bool:
    """Whether an invalidation's path is a file's: its last character may be a star."""
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern
