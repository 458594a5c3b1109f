"""What stands behind Route 53's name servers: the address records of hosted zones, for the resolver of the rehearsal.

Aliases lead where their load balancer's name leads. Of several weighted records all that have a weight are told.
"""

from __future__ import annotations

import logging
import threading
import time

from ministack.services import route53

from rehearsal.cloud.names import Names

log = logging.getLogger("rehearsal.zones")
_PACE = 0.5


class Zones:
    """Keeps the resolver in step with the hosted zones."""

    def __init__(self, names: Names, region: str) -> None:
        self._names, self._region = names, region
        self._told: set[str] = set()
        threading.Thread(target=self._keep, name="zones", daemon=True).start()

    def _keep(self) -> None:
        from ministack.core.responses import set_request_region

        set_request_region(self._region)
        while True:
            time.sleep(_PACE)
            try:
                self._bring_in_step()
            except Exception:  # what cannot be told now is told later
                log.exception("the hosted zones could not be told")

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
