"""Where a call arrives."""

from __future__ import annotations

from dataclasses import dataclass

from rehearsal.cloud.permissions.lookup import Lookup


@dataclass(frozen=True)
class Place:
    """Where calls arrive: what stands for ${Partition}, ${Region} and ${Account}."""

    account: str
    region: str
    lookup: Lookup
    partition: str = "aws"

    def arn(self, service: str, rest: str, *, account: str | None = None) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account if account is None else account}:{rest}"
