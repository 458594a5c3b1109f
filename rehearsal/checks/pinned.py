"""Connections to an address that the rehearsal knows, for names that nobody else resolves to it."""

from __future__ import annotations

import ssl

import httpx


class Pinned(httpx.BaseTransport):
    """Connects to one address, whatever a URL's name; the name goes into SNI and the Host header."""

    def __init__(self, address: str, domain: str, verify: ssl.SSLContext | bool) -> None:
        self._address, self._domain, self._answered = address, domain, False
        self._inner = httpx.HTTPTransport(verify=verify, limits=httpx.Limits(max_keepalive_connections=32))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["sni_hostname"] = self._domain
        request.url = request.url.copy_with(host=self._address)
        try:
            answer = self._inner.handle_request(request)
        except (httpx.RemoteProtocolError, httpx.ReadError):
            # A server may close an idle connection as a request is sent on it. What only looks is sent again (RFC 9110, 9.2.2),
            # as browsers do, once; who sends anything else sees it, and decides.
            if not self._answered or request.method not in ("GET", "HEAD"):
                raise
            self._answered = False
            answer = self._inner.handle_request(request)
        self._answered = True  # there is a connection that may be kept
        return answer

    def close(self) -> None:
        self._inner.close()
