"""The host's own name server: the zone, its signatures, and what it refuses."""

from __future__ import annotations

import base64
import subprocess
import sys
from typing import Any

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsigkeyring
import dns.zone

from rehearsal.checks import CheckError, Subject, check

_TRANSFER = """
import dns.query, dns.tsigkeyring, dns.zone
ring = dns.tsigkeyring.from_text({{"secondaries": "{secret}"}})
found = dns.query.xfr("{address}", "{domain}", timeout=5, lifetime=10, keyring=ring, keyname="secondaries")
print(len(dns.zone.from_xfr(found, relativize=True).nodes))
"""


@check("single")
def the_name_server_on_the_host_answers_for_the_zone_with_valid_signatures(subject: Subject) -> str:
    zone = dns.name.from_text(subject.domain)
    keys = _answer(subject, zone, "DNSKEY")
    given = str(subject.context["extra_records"]).split()
    seen = []
    for name, kind in (
        (zone, "SOA"),
        (zone, "NS"),
        (zone, "A"),
        (dns.name.from_text("ns1", zone), "A"),
        (dns.name.from_text("ns2", zone), "A"),
        (dns.name.from_text(given[0], zone), given[3]),
    ):
        answer = _answer(subject, name, kind)
        records = answer.get_rrset(answer.answer, name, dns.rdataclass.IN, dns.rdatatype.from_text(kind))
        if records is None or not answer.flags & dns.flags.AA:
            raise CheckError(f"{name} {kind} is not answered with authority: {answer.to_text()}")
        _validate(answer, keys, name, kind, zone)
        if kind == "A" and {record.address for record in records} != {subject.address}:
            raise CheckError(f"{name} leads to {records.to_text()}, the host's address is {subject.address}")
        if kind == "NS" and (served := {str(each.target).rstrip(".") for each in records}) != _name_servers(subject):
            raise CheckError(f"the zone names the servers {sorted(served)}, the stack {sorted(_name_servers(subject))}")
        if kind == given[3] and [each.to_text() for each in records] != [" ".join(given[4:])]:
            raise CheckError(f"the setting's record is {given}, the server says {records.to_text()}")
        seen.append(f"{name.relativize(zone)} {kind}")
    _validate(keys, keys, zone, "DNSKEY", zone)
    for name, kind in ((dns.name.from_text("nadie", zone), "A"), (zone, "AAAA")):
        _must_be_denied(_answer(subject, name, kind), keys, name, kind, zone)
    published = subject.tier.client("ssm").get_parameter(Name=subject.outputs["DsParameter"])["Parameter"]["Value"]
    key = next(k for k in keys.find_rrset(keys.answer, zone, dns.rdataclass.IN, dns.rdatatype.DNSKEY) if k.flags & 1)
    made = dns.dnssec.make_ds(zone, key, "SHA256").to_text()
    if made.lower().replace(" ", "") not in published.lower().replace(" ", ""):
        raise CheckError(f"the parameter's DS record is {published!r}, the key's is {made!r}")
    return f"{', '.join(seen)}, signed, and so is what there is not; DS {made.split()[0]} published"


@check("single")
def the_name_server_refuses_recursion_and_transfers_to_strangers(subject: Subject) -> str:
    foreign = dns.query.udp(dns.message.make_query("example.org", "A"), subject.address, timeout=5)
    if foreign.rcode() != dns.rcode.REFUSED or foreign.flags & dns.flags.RA:
        raise CheckError(
            f"a name of another zone was answered with {dns.rcode.to_text(foreign.rcode())}: {foreign.to_text()}"
        )
    try:
        given = [message for message in dns.query.xfr(subject.address, subject.domain, timeout=5, lifetime=10)]
    except (dns.query.TransferError, dns.exception.FormError, EOFError) as error:
        return f"recursion: REFUSED; transfer: {error}"
    raise CheckError(f"the zone was transferred to a stranger in {len(given)} messages")


@check("single")
def a_secondary_that_a_setting_names_gets_the_zone_by_its_key_alone(subject: Subject) -> str:
    secret = base64.b64encode(bytes.fromhex(subject.host.run("cat", "/run/fines/secrets/tsig").stdout)).decode()
    other = base64.b64encode(b"another key of the same size, 32").decode()
    try:
        _transferred(subject, other)
    except dns.exception.DNSException as error:
        refused = str(error)
    else:
        raise CheckError("the zone was transferred to somebody with another key")
    try:
        names = {str(name) for name in _transferred(subject, secret).nodes}
    except dns.exception.DNSException as error:
        raise CheckError(f"the secondary that shows the key is refused: {type(error).__name__}: {error}") from error
    if not {"@", "ns1", "ns2"} <= names:
        raise CheckError(f"the transferred zone has no more than {sorted(names)}")
    elsewhere = _from_the_host_itself(subject, secret)
    return f"{len(names)} names with the key; without it: {refused}; with it, from an address that no setting names: {elsewhere}"


def _from_the_host_itself(subject: Subject, secret: str) -> str:
    """What the server tells somebody with the key who is none of the secondaries: the host, at its own address."""
    machine = subject.host
    program = _TRANSFER.format(address=machine.address, domain=subject.domain, secret=secret)
    command = ["nsenter", "--target", str(machine.leader), "--net", "--", sys.executable, "-c", program]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    if not done.returncode:
        raise CheckError(f"the zone was transferred to {machine.address}, which no setting names, by the key alone")
    return done.stderr.strip().splitlines()[-1].rpartition(": ")[2]


def _name_servers(subject: Subject) -> set[str]:
    return {f"{name}.{subject.domain}" for name in ("ns1", "ns2")}


def _transferred(subject: Subject, secret: str) -> dns.zone.Zone:
    """The zone, as a secondary with this key gets it."""
    ring = dns.tsigkeyring.from_text({"secondaries": secret})
    messages = dns.query.xfr(
        subject.address, subject.domain, timeout=5, lifetime=10, keyring=ring, keyname="secondaries"
    )
    return dns.zone.from_xfr(messages, relativize=True)


def _answer(subject: Subject, name: dns.name.Name, kind: str) -> dns.message.Message:
    query = dns.message.make_query(name, kind, want_dnssec=True)
    answer, _ = dns.query.udp_with_fallback(query, subject.address, timeout=5)
    return answer


def _must_be_denied(
    answer: dns.message.Message, keys: dns.message.Message, name: dns.name.Name, kind: str, zone: dns.name.Name
) -> None:
    """Raises unless the answer proves by a signed NSEC record that there is no such name, or no such type at it (RFC 4035, 5.4)."""
    proofs = [each for each in answer.authority if each.rdtype == dns.rdatatype.NSEC]
    wanted = dns.rcode.NOERROR if name == zone else dns.rcode.NXDOMAIN
    if answer.answer or answer.rcode() != wanted or not proofs:
        raise CheckError(f"{name} {kind} is not there, and the answer is {answer.to_text()}")
    for each in proofs:
        _validate(answer, keys, each.name, "NSEC", zone, section=answer.authority)
    if not any(_denies(each.name, each[0], name, dns.rdatatype.from_text(kind), zone) for each in proofs):
        raise CheckError(f"nothing proves that there is no {name} {kind}: {[each.to_text() for each in proofs]}")


def _denies(
    owner: dns.name.Name, proof: Any, name: dns.name.Name, type: dns.rdatatype.RdataType, zone: dns.name.Name
) -> bool:
    if owner == name:
        bit = 0x80 >> (type % 8)
        return not any(
            window == type // 256 and len(bits) > type % 256 // 8 and bits[type % 256 // 8] & bit
            for window, bits in proof.windows
        )
    return bool(owner < name and (name < proof.next or proof.next == zone))


def _validate(
    answer: dns.message.Message,
    keys: dns.message.Message,
    name: dns.name.Name,
    kind: str,
    zone: dns.name.Name,
    *,
    section: list[dns.rrset.RRset] | None = None,
) -> None:
    """Raises when the records of a section, by default the answer's, are not signed by the zone's own keys."""
    type, section = dns.rdatatype.from_text(kind), answer.answer if section is None else section
    records = answer.find_rrset(section, name, dns.rdataclass.IN, type)
    signatures = answer.get_rrset(section, name, dns.rdataclass.IN, dns.rdatatype.RRSIG, type)
    if signatures is None:
        raise CheckError(f"{name} {kind} has no signature")
    own = keys.find_rrset(keys.answer, zone, dns.rdataclass.IN, dns.rdatatype.DNSKEY)
    try:
        dns.dnssec.validate(records, signatures, {zone: own})
    except dns.exception.DNSException as error:
        raise CheckError(f"the signature of {name} {kind} is not valid: {error}") from error
