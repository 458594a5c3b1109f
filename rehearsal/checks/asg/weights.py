"""The shares that tiers have of the name in its hosted zone, as an operator sees and changes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rehearsal.checks import Subject


def shares(subject: Subject) -> dict[str, int]:
    """The weight of each tier's record."""
    return {name: int(record["Weight"]) for name, record in _records(subject).items()}


def give(subject: Subject, weights: Mapping[str, int]) -> None:
    """Gives tiers other shares, all at once."""
    records = _records(subject)
    changes = [
        {"Action": "UPSERT", "ResourceRecordSet": {**records[name], "Weight": weight}}
        for name, weight in weights.items()
    ]
    subject.tier.client("route53").change_resource_record_sets(
        HostedZoneId=str(subject.context["hosted_zone_id"]), ChangeBatch={"Changes": changes}
    )


def _records(subject: Subject) -> dict[str, dict[str, Any]]:
    pages = subject.tier.client("route53").get_paginator("list_resource_record_sets")
    return {
        record["SetIdentifier"]: record
        for page in pages.paginate(HostedZoneId=str(subject.context["hosted_zone_id"]))
        for record in page["ResourceRecordSets"]
        if "SetIdentifier" in record
    }
