"""What stands behind Route 53's name servers: the address records of hosted zones, for the resolver of the rehearsal.

Aliases lead where their load balancer's name leads. Of several weighted records all that have a weight are told.
"""

from __future__ import annotations

from ministack.services import route53

from rehearsal.cloud.keeping import keep
from rehearsal.cloud.names import Names

_PACE = 0.5


class Zones:
    """Keeps the resolver in step with the hosted zones."""

    def __init__(self, names: Names, region: str) -> None:
        self._names = names
        self._told: set[str] = set()
        keep("the hosted zones", self._bring_in_step, region=region, every=_PACE)

    def _bring_in_step(self) -> None:
        found: dict[str, list[str]] = {}
        for zone in list(route53._zones):
            for record in list(route53._records.get(zone, [])):
                if record["Type"] != "A" or str(record.get("Weight", "1")) == "0":
                    continue
                name = record["Name"].rstrip(".")
                if alias := record.get("AliasTarget"):
                    found.setdefault(name, []).extend(self._names.addresses(alias["DNSName"].rstrip(".")))
                else:
                    found.setdefault(name, []).extend(record.get("ResourceRecords", []))
        for name in self._told - set(found):
            self._names.lead(name, [])
        for name, addresses in found.items():
            self._names.lead(name, sorted(set(addresses)))
        self._told = set(found)
