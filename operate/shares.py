"""The shares that tiers have of the name: weighted records of a hosted zone, of which two change at once."""

from __future__ import annotations

import time
from typing import Any

from operate.account import Account

CHANGES = ("route53:ChangeResourceRecordSets",)
_SECONDS = 300  # AWS says that its servers know a change within 60
Record = dict[str, Any]


class Shares:
    """The address records of a name in a hosted zone, by the tiers that they lead to."""

    def __init__(self, account: Account, *, zone: str, domain: str) -> None:
        self._route53, self._zone, self._domain = account.client("route53"), zone, domain

    def all(self) -> dict[str, Record]:
        """The weighted records by their tiers; empty where there are none."""
        pages = self._route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=self._zone)
        return {
            record["SetIdentifier"]: record
            for page in pages
            for record in page["ResourceRecordSets"]
            if record["Name"].rstrip(".") == self._domain and record["Type"] == "A" and "SetIdentifier" in record
        }

    def hand_over(self, source: str, target: str) -> int:
        """Gives one tier's share to another, and returns once AWS's name servers know; returns the share.

        Raises:
            LookupError: one of them has no record.
            TimeoutError: AWS did not say that its servers know.
        """
        known = self.all()
        if missing := [tier for tier in (source, target) if tier not in known]:
            raise LookupError(
                f"{self._domain} has no weighted record for {' and '.join(missing)} in the zone {self._zone}"
            )
        share = int(known[source]["Weight"]) or int(known[target]["Weight"]) or 100
        changes = [
            {"Action": "UPSERT", "ResourceRecordSet": {**known[tier], "Weight": weight}}
            for tier, weight in ((target, share), (source, 0))
        ]
        asked = self._route53.change_resource_record_sets(
            HostedZoneId=self._zone, ChangeBatch={"Comment": f"from {source} to {target}", "Changes": changes}
        )
        until = time.monotonic() + _SECONDS
        while self._route53.get_change(Id=asked["ChangeInfo"]["Id"])["ChangeInfo"]["Status"] != "INSYNC":
            if time.monotonic() > until:
                raise TimeoutError(f"AWS's name servers do not know of it after {_SECONDS} s")
            time.sleep(1)
        return share
