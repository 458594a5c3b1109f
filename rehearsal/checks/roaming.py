"""People who ask where the name leads each time, as a client does whose resolver has forgotten it."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass

import httpx

from rehearsal.checks import CheckError
from rehearsal.checks.people import People
from rehearsal.tier import Tier


class Asking(httpx.BaseTransport):
    """Connects to where the hosted zone leads the name at the moment of each request."""

    def __init__(self, tier: Tier, domain: str, verify: ssl.SSLContext | bool) -> None:
        self._tier, self._domain = tier, domain
        self._inner = httpx.HTTPTransport(verify=verify, limits=httpx.Limits(max_keepalive_connections=32))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        found = self._tier.addresses(self._domain)
        if not found:
            raise httpx.ConnectError(f"the hosted zone leads {self._domain} nowhere", request=request)
        request.extensions["sni_hostname"] = self._domain
        request.url = request.url.copy_with(host=found[0])
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


@dataclass(frozen=True)
class Roaming(People):
    """Test people whose clients go where the name leads."""

    tier: Tier

    @classmethod
    def like(cls, people: People, tier: Tier) -> Roaming:
        return cls(people.address, people.domain, people.tokens, people.owners, people.plates, tier)

    def client(self, *, verify: ssl.SSLContext | bool = False, timeout: float = 30.0) -> httpx.Client:
        return httpx.Client(
            base_url=f"https://{self.domain}", transport=Asking(self.tier, self.domain, verify), timeout=timeout
        )


def await_lead(tier: Tier, domain: str, wanted: set[str], *, seconds: float = 10) -> None:
    """Waits until the name leads to these addresses and no other."""
    until = time.monotonic() + seconds
    while (found := set(tier.addresses(domain))) != wanted:
        if time.monotonic() > until:
            raise CheckError(f"{domain} leads to {sorted(found)} after {seconds:.0f} s, not to {sorted(wanted)}")
        time.sleep(0.1)
