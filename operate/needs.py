"""What a tier takes of an account's quotas."""

from __future__ import annotations

from dataclasses import dataclass

from stacks.settings import Settings, Tier


@dataclass(frozen=True)
class Needs:
    """What a first deployment makes; a test holds it against the template."""

    addresses: int
    networks: int
    machines: int
    gp3_gib: int


ROOT_DISK_GIB = 16


def needs_of(settings: Settings) -> Needs:
    """What the settings' tier needs.

    Raises:
        NotImplementedError: the tier is not built yet.
    """
    if settings.tier is Tier.SINGLE:
        return Needs(addresses=1, networks=1, machines=1, gp3_gib=settings.data_volume_gb + ROOT_DISK_GIB)
    raise NotImplementedError(f"what tier {settings.tier} needs is not known yet")
