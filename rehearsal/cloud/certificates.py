"""What stands behind ACM: certificates that are issued once the hosted zone proves the name, signed by the run's own authority."""

from __future__ import annotations

from typing import Any

from ministack.services import acm, route53
from ministack.services.cloudformation import provisioners

from rehearsal.cloud.authority import Authority
from rehearsal.cloud.policies import Properties


def play(authority: Authority) -> None:
    """Has certificates of templates carry a key and a chain, after their validation records were put into their zones."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::CertificateManager::Certificate"]
    plain = dict(handlers)

    def create(logical_id: str, properties: Properties, stack: str) -> Any:
        arn, attributes = plain["create"](logical_id, properties, stack)
        record = acm._certificates[arn]
        issued = authority.issue(*record["SubjectAlternativeNames"])
        record["_pem_body"], record["_private_key"] = issued.chain, issued.key
        zones = {each["DomainName"]: each.get("HostedZoneId") for each in properties.get("DomainValidationOptions", [])}
        for option in record["DomainValidationOptions"]:
            if zone := zones.get(option["DomainName"]):
                _put(zone, option["ResourceRecord"])
        return arn, attributes

    handlers["create"] = create


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
