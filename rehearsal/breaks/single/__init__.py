"""The breaks of tier single, one file for each file of its checks."""

from rehearsal.breaks.single import (
    backups,
    boot,
    dns,
    exposure,
    permissions,
    power,
    refusals,
    releases,
    resources,
    traffic,
)

__all__ = ["backups", "boot", "dns", "exposure", "permissions", "power", "refusals", "releases", "resources", "traffic"]
