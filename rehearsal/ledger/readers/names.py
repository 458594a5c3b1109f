"""Hosted zones and their records, and certificates."""

from __future__ import annotations

from typing import Any

from rehearsal.ledger.readers.registry import UNREADABLE, Absent, Asked, Cloud, Found, only, picked, reads


@reads("AWS::Route53::RecordSet")
def record_set(cloud: Cloud, asked: Asked) -> Found:
    zone, wanted = asked.wanted["HostedZoneId"], asked.wanted
    own = [
        each
        for each in cloud.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone)
        if (each["Name"].rstrip("."), each["Type"], each.get("SetIdentifier"))
        == (wanted["Name"].rstrip("."), wanted["Type"], wanted.get("SetIdentifier"))
    ]
    record = only(own, f"a record {wanted['Name']} of type {wanted['Type']} in {zone}")
    alias: dict[str, Any] = dict(record.get("AliasTarget", {}))
    if alias:
        # A name is the same with and without its last dot, and Route 53 writes load balancers' names with it.
        alias["DNSName"] = alias["DNSName"].rstrip(".").removeprefix("dualstack.")
    properties = {
        **picked(record, "Type", "SetIdentifier", "Weight", "TTL", "HealthCheckId"),
        "Name": wanted["Name"] if record["Name"].rstrip(".") == wanted["Name"].rstrip(".") else record["Name"],
        "HostedZoneId": zone,
        "AliasTarget": alias or None,
        "ResourceRecords": [each["Value"] for each in record.get("ResourceRecords", [])],
    }
    return Found(properties)


@reads("AWS::Route53::HostedZone")
def hosted_zone(cloud: Cloud, asked: Asked) -> Found:
    answer = cloud("route53").get_hosted_zone(Id=asked.physical_id)
    properties = {"Name": answer["HostedZone"]["Name"]}
    return Found(properties, {"Id": asked.physical_id, "NameServers": answer["DelegationSet"]["NameServers"]})


@reads("AWS::CertificateManager::Certificate")
def certificate(cloud: Cloud, asked: Asked) -> Found:
    record = cloud("acm").describe_certificate(CertificateArn=asked.physical_id)["Certificate"]
    if record["Status"] != "ISSUED":
        raise Absent(f"the certificate is {record['Status']}")
    tags = cloud("acm").list_tags_for_certificate(CertificateArn=asked.physical_id)["Tags"]
    options = record.get("DomainValidationOptions", [{}])
    properties = {
        **picked(record, "DomainName"),
        "SubjectAlternativeNames": record.get("SubjectAlternativeNames"),
        "ValidationMethod": options[0].get("ValidationMethod"),
        # That a zone proved the name shows in the zone, not in the certificate.
        "DomainValidationOptions": UNREADABLE,
        "Tags": tags,
    }
    return Found(properties)
