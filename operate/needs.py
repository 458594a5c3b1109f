"""What a tier takes of an account's quotas."""

from __future__ import annotations

from dataclasses import dataclass

from stacks.settings import Settings, Tier


@dataclass(frozen=True)
class Needs:
    """What a first deployment makes; a test holds it against the template. `machines_at_most` is what the group, or that of a cluster's nodes, may grow to."""

    addresses: int
    networks: int
    machines: int
    machines_at_most: int
    gp3_gib: int
    balancers: int = 0
    databases: int = 0


ROOT_DISK_GIB = 16


def needs_of(settings: Settings) -> Needs:
    """What the settings' tier needs."""
    if settings.tier is Tier.SINGLE:
        gib = settings.data_volume_gb + ROOT_DISK_GIB
        return Needs(addresses=1, networks=1, machines=1, machines_at_most=1, gp3_gib=gib)
    least, most, disk = (
        (settings.min_machines, settings.max_machines, settings.machine_disk_gb)
        if settings.tier is Tier.ASG
        else (settings.min_nodes, settings.max_nodes, settings.node_disk_gb)
    )
    return Needs(
        addresses=settings.nat_gateways,
        networks=1,
        machines=least,
        machines_at_most=most,
        gp3_gib=most * disk,
        balancers=1,
        databases=1,
    )
