"""What the world reaches: HTTPS through the load balancer, with the certificate of the domain, and nothing but it."""

from __future__ import annotations

import contextlib
import ssl
import subprocess
from collections.abc import Iterator

import httpx

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.pinned import Pinned
from rehearsal.checks.rds import await_standby, primary
from rehearsal.checks.serving import listening, private_places
from rehearsal.checks.wire import TRIED, answering, answers

_OPEN = {80, 443}


@check("asg")
def https_verifies_for_the_domain_at_each_address_of_the_load_balancer_and_http_redirects(subject: Subject) -> str:
    found = subject.tier.addresses(subject.domain)
    if len(found) < 2:
        raise CheckError(f"{subject.domain} leads to {found}: two addresses in two zones are expected")
    trusted = ssl.create_default_context(cafile=str(subject.tier.run.authority))
    for address in found:
        with httpx.Client(transport=Pinned(address, subject.domain, trusted), timeout=10) as client:
            answer = client.get(f"https://{subject.domain}/readyz")
        if answer.status_code != 200 or "max-age=31536000" not in answer.headers.get("Strict-Transport-Security", ""):
            raise CheckError(f"{address} answered {answer.status_code} {dict(answer.headers)}: {answer.text[:160]}")
        plain = httpx.get(f"http://{address}/admin/?a=b", headers={"Host": subject.domain}, timeout=10)
        to = plain.headers.get("Location", "").replace(":443", "")
        if plain.status_code != 301 or to != f"https://{subject.domain}/admin/?a=b":
            raise CheckError(f"{address} answered HTTP with {plain.status_code} to {plain.headers.get('Location')}")
    return f"{', '.join(found)}: verified, and redirected to"


@check("asg")
def nothing_but_the_two_ports_of_the_web_is_reached_from_outside(subject: Subject) -> str:
    fronts = subject.tier.addresses(subject.domain)
    for address in fronts:
        if (found := answering(address)) != _OPEN:
            raise CheckError(f"of the load balancer's {address} these ports are reached from outside: {sorted(found)}")
    private = [
        *private_places(subject),
        *(place for machine in (primary(subject), await_standby(subject)) for place in listening(machine, 5432)),
    ]
    addresses = sorted({_split(place)[0] for place in private})
    if len(addresses) < 4:
        raise CheckError(f"two that serve and two of a database are expected, there are {addresses}")
    with _a_way_to(subject, addresses):
        reached = [place for place in private if answers(*_split(place))]
    if reached:
        raise CheckError(f"these are reached from outside: {', '.join(reached)}")
    return f"of {len(TRIED)} ports of {len(fronts)} addresses of the load balancer {sorted(_OPEN)} answer, and {', '.join(private)} are not reached"


@contextlib.contextmanager
def _a_way_to(subject: Subject, addresses: list[str]) -> Iterator[None]:
    """Routes of this system to private addresses of the rehearsal's own network, so that nothing but its rules keeps them."""
    added = []
    try:
        for address in addresses:
            subprocess.run(["ip", "route", "add", f"{address}/32", "via", subject.tier.network.cloud], check=True)
            added.append(address)
        yield
    finally:
        for address in added:
            subprocess.run(["ip", "route", "delete", f"{address}/32"], check=False)


def _split(place: str) -> tuple[str, int]:
    address, _, port = place.partition(":")
    return address, int(port)
