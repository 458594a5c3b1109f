"""What stands behind ACM: certificates that are issued once their validation record is seen, signed by the run's own authority.

It is looked for where a resolver of the world would find it: at the name server that the domain is delegated to, and where
nothing is delegated, in the hosted zones.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dns.exception
import dns.message
import dns.query
import dns.rdatatype
from ministack.services import acm, route53
from ministack.services.cloudformation import provisioners

from rehearsal.cloud.authority import Authority
from rehearsal.cloud.keeping import keep
from rehearsal.cloud.policies import Properties

_PACE = 1.0
_PATIENCE = 2.0  # seconds for a name server's answer
NameServer = Callable[[str], str]


def play(authority: Authority, *, region: str, name_server: NameServer = lambda name: "") -> None:
    """Has certificates carry a key and a chain, once their validation records are seen.

    `name_server` tells the address of the server that a name is delegated to; nothing, if it is to none.
    """
    _play_templates(authority, name_server)
    plain = acm._request_certificate

    def request(data: dict[str, Any]) -> Any:
        answer = plain(data)
        if answer[0] == 200:
            record = acm._certificates[json.loads(answer[2])["CertificateArn"]]
            record["Status"] = "PENDING_VALIDATION"
            for option in record["DomainValidationOptions"]:
                option["ValidationStatus"] = "PENDING_VALIDATION"
        return answer

    def issue_what_is_proven() -> None:
        for record in list(acm._certificates.values()):
            options = record["DomainValidationOptions"]
            if record["Status"] == "PENDING_VALIDATION" and all(
                is_seen(option["ResourceRecord"], name_server) for option in options
            ):
                _issue(authority, record)

    acm._request_certificate = request
    keep("certificates that wait to be proven", issue_what_is_proven, region=region, every=_PACE)


def delegations(file: Path) -> NameServer:
    """The name servers of a resolver's file of delegations (dnsmasq(8), --server: ADDRESS or ADDRESS#PORT)."""

    def name_server(name: str) -> str:
        for line in file.read_text().splitlines() if file.exists() else []:
            _, domain, address = line.split("/")
            if f".{name.rstrip('.')}".endswith(f".{domain}"):
                return address
        return ""

    return name_server


def is_seen(record: Properties, name_server: NameServer) -> bool:
    """Whether the world finds a validation record."""
    if server := name_server(record["Name"]):
        address, _, port = server.partition("#")
        asked = dns.message.make_query(record["Name"], "CNAME")
        try:
            answer = dns.query.udp(asked, address, port=int(port or 53), timeout=_PATIENCE)
        except (dns.exception.DNSException, OSError):
            return False
        return any(
            str(each) == record["Value"]
            for found in answer.answer
            if found.rdtype == dns.rdatatype.CNAME
            for each in found
        )
    return any(
        each["Name"].rstrip(".") == record["Name"].rstrip(".") and record["Value"] in each.get("ResourceRecords", [])
        for zone in list(route53._zones)
        for each in list(route53._records.get(zone, []))
    )


def _play_templates(authority: Authority, name_server: NameServer) -> None:
    handlers = provisioners._RESOURCE_HANDLERS["AWS::CertificateManager::Certificate"]
    plain = dict(handlers)

    def create(logical_id: str, properties: Properties, stack: str) -> Any:
        arn, attributes = plain["create"](logical_id, properties, stack)
        record = acm._certificates[arn]
        zones = {each["DomainName"]: each.get("HostedZoneId") for each in properties.get("DomainValidationOptions", [])}
        for option in record["DomainValidationOptions"]:
            if zone := zones.get(option["DomainName"]):
                _put(zone, option["ResourceRecord"])
            if not is_seen(option["ResourceRecord"], name_server):
                raise ValueError(
                    f"the record {option['ResourceRecord']['Name']} is not seen where the domain is delegated to: "
                    "AWS would wait for it for hours, and then give the certificate up"
                )
        _issue(authority, record)
        return arn, attributes

    handlers["create"] = create


def _issue(authority: Authority, record: Properties) -> None:
    issued = authority.issue(*record["SubjectAlternativeNames"])
    record["_pem_body"], record["_private_key"] = issued.chain, issued.key
    for option in record["DomainValidationOptions"]:
        option["ValidationStatus"] = "SUCCESS"
    record["Status"] = "ISSUED"


def _put(zone: str, record: Properties) -> None:
    """Writes a validation record into a hosted zone, as CloudFormation does.

    Raises:
        ValueError: the zone is not there, so that the certificate would never be issued.
    """
    id = zone.rpartition("/")[2]
    if id not in route53._zones:
        raise ValueError(f"No hosted zone found with ID: {id}")
    made = {"Name": record["Name"], "Type": record["Type"], "TTL": "300", "ResourceRecords": [record["Value"]]}
    with route53._lock:
        kept = [each for each in route53._records.get(id, []) if each["Name"] != record["Name"]]
        route53._records[id] = [*kept, made]
