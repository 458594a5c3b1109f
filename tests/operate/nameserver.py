"""A small name server for tests: it answers by UDP for its zones, refers to what they delegate, and resolves when asked to."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Sequence

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone

# a city's domain, of which its country's registry knows what the lines say
HEAD = "$TTL 300\n@ SOA ns hostmaster 1 3600 900 1209600 300\n@ NS ns\nns A 127.0.0.1\n"


def zone(origin: str, lines: str = "") -> dns.zone.Zone:
    return dns.zone.from_text(HEAD + lines, origin=origin, relativize=False)


class NameServer:
    """Serves zones at an address of the loopback until it is closed; one that is `lame` only resolves."""

    def __init__(
        self, zones: Sequence[dns.zone.Zone], *, address: str = "127.0.0.1", port: int = 0, lame: bool = False
    ) -> None:
        self._zones = list(zones)
        self._lame = lame
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, port))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())  # wakes it up, and ends it
        self._thread.join(timeout=5)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            wire, sender = self._socket.recvfrom(4096)
            if not wire:
                return
            with contextlib.suppress(dns.message.ShortHeader):
                self._socket.sendto(self._answer(dns.message.from_wire(wire)).to_wire(), sender)

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        answer = dns.message.make_response(query)
        question = query.question[0]
        above = [zone for zone in self._zones if zone.origin and question.name.is_subdomain(zone.origin)]
        if not above or (self._lame and not query.flags & dns.flags.RD):
            answer.set_rcode(dns.rcode.REFUSED)
            return answer
        if query.flags & dns.flags.RD:
            answer.flags |= dns.flags.RA
            self._resolve(answer, max(above, key=_depth), question)
        else:
            # who is asked for a DS record is the parent
            if question.rdtype == dns.rdatatype.DS:
                above = [zone for zone in above if zone.origin != question.name]
            self._with_authority(answer, max(above, key=_depth), question)
        return answer

    def _resolve(self, answer: dns.message.Message, zone: dns.zone.Zone, question: dns.rrset.RRset) -> None:
        found = zone.get_rrset(question.name, question.rdtype)
        if found is not None:
            answer.answer.append(found)
        elif not any(name.is_subdomain(question.name) for name in zone.nodes):
            answer.set_rcode(dns.rcode.NXDOMAIN)

    def _with_authority(self, answer: dns.message.Message, zone: dns.zone.Zone, question: dns.rrset.RRset) -> None:
        cut = question.name
        while cut != zone.origin and zone.get_rrset(cut, dns.rdatatype.NS) is None:
            cut = cut.parent()
        if cut != zone.origin and not (question.rdtype == dns.rdatatype.DS and cut == question.name):
            servers = zone.get_rrset(cut, dns.rdatatype.NS)
            assert servers is not None
            answer.authority.append(servers)
            answer.additional += [
                glue for server in servers if (glue := zone.get_rrset(server.target, dns.rdatatype.A)) is not None
            ]
            return
        answer.flags |= dns.flags.AA
        self._resolve(answer, zone, question)


def _depth(zone: dns.zone.Zone) -> int:
    return len(zone.origin or ())
