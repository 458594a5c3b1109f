"""Who a domain is delegated to, as its parent's own name servers say it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver

_PATIENCE = 4.0  # seconds a question
_MOST_SERVERS = 3  # of a parent, asked one after the other until one answers

# key tag, algorithm, digest type, digest in lower case
Ds = tuple[int, int, int, str]


@dataclass(frozen=True)
class Delegation:
    """What the parent says of a domain; names are without the dot at the end."""

    parent: str
    missing: str = ""  # the ancestor of the domain that does not exist
    servers: frozenset[str] = frozenset()
    glue: frozenset[tuple[str, str]] = frozenset()  # name server, address
    ds: frozenset[Ds] = frozenset()


class Resolver:
    """Asks the system's resolver where a parent's name servers are, and those themselves for the rest.

    `recursive` and `port` replace the system's resolver and port 53; `patience` is in seconds, for each question.
    """

    def __init__(self, *, recursive: Sequence[str] | None = None, port: int = 53, patience: float = _PATIENCE) -> None:
        self.port = port
        self.patience = patience
        self._recursive = recursive

    def delegation(self, domain: str) -> Delegation:
        """What the parent's name servers say of a domain.

        Raises:
            dns.exception.DNSException: nobody answered.
        """
        name = dns.name.from_text(domain)
        parent, missing = self._parent(name)
        referral = self._ask_zone(parent, name, dns.rdatatype.NS)
        signer = self._ask_zone(parent, name, dns.rdatatype.DS)
        servers, glue, ds = set(), set(), set()
        for rrset in [*referral.answer, *referral.authority]:
            if rrset.name == name and rrset.rdtype == dns.rdatatype.NS:
                servers |= {_text(record.target) for record in rrset}
        for rrset in referral.additional:
            if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
                glue |= {(_text(rrset.name), str(record.address)) for record in rrset}
        for rrset in signer.answer:
            if rrset.name == name and rrset.rdtype == dns.rdatatype.DS:
                ds |= {parse_ds(record.to_text()) for record in rrset}
        return Delegation(
            parent=_text(parent),
            missing=_text(missing) if missing else "",
            servers=frozenset(servers),
            glue=frozenset(glue),
            ds=frozenset(ds),
        )

    def serves(self, domain: str, address: str) -> bool:
        """Whether a name server at an address answers for a domain with authority."""
        query = dns.message.make_query(domain, dns.rdatatype.SOA, flags=0)
        with contextlib.suppress(dns.exception.DNSException, OSError):
            answer, _ = dns.query.udp_with_fallback(query, address, port=self.port, timeout=self.patience)
            return bool(answer.flags & dns.flags.AA and answer.answer)
        return False

    def _parent(self, name: dns.name.Name) -> tuple[dns.name.Name, dns.name.Name | None]:
        """The closest zone above a name, and the highest name between them that does not exist."""
        missing = None
        above = name
        while above != dns.name.root:
            above = above.parent()
            try:
                answer = self._system().resolve(above, dns.rdatatype.SOA, raise_on_no_answer=False)
            except dns.resolver.NXDOMAIN:
                missing = above
                continue
            if answer.rrset is not None and answer.rrset.name == above:
                break
        return above, missing

    def _ask_zone(self, zone: dns.name.Name, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> dns.message.Message:
        """The answer of one of a zone's own name servers."""
        query = dns.message.make_query(name, kind, flags=0)
        refusals = []
        for server, address in self._servers(zone):
            try:
                answer, _ = dns.query.udp_with_fallback(query, address, port=self.port, timeout=self.patience)
            except (dns.exception.DNSException, OSError) as error:
                refusals.append(f"{server} ({address}): {type(error).__name__}")
                continue
            if answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                return answer
            refusals.append(f"{server} ({address}): {dns.rcode.to_text(answer.rcode())}")
        told = ", ".join(refusals) or "none has an address"
        raise dns.exception.DNSException(f"those of {_text(zone)}: {told}")  # type: ignore[no-untyped-call]

    def _servers(self, zone: dns.name.Name) -> Iterator[tuple[str, str]]:
        names = [record.target for record in self._system().resolve(zone, dns.rdatatype.NS)]
        for server in sorted(names)[:_MOST_SERVERS]:
            with contextlib.suppress(dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
                yield _text(server), self._system().resolve(server, dns.rdatatype.A)[0].address

    def _system(self) -> dns.resolver.Resolver:
        resolver = dns.resolver.Resolver(configure=self._recursive is None)
        if self._recursive is not None:
            resolver.nameservers = list(self._recursive)
            resolver.port = self.port
        resolver.lifetime = 2 * self.patience
        return resolver


def parse_ds(text: str) -> Ds:
    """The fields of a DS record, as a zone file has them, its owner and type before them or not.

    Raises:
        ValueError: it is none.
    """
    words = text.split()
    if "DS" in words:
        words = words[words.index("DS") + 1 :]
    if len(words) < 4:
        raise ValueError(f"{text!r} is no DS record")
    return int(words[0]), int(words[1]), int(words[2]), "".join(words[3:]).lower()


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower() if name != dns.name.root else "the root"
