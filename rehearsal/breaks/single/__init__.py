"""The breaks of tier single, one file for each file of its checks."""

from rehearsal.breaks.single import (
    alarms,
    backups,
    boot,
    certificates,
    dns,
    exposure,
    pages,
    permissions,
    power,
    refusals,
    releases,
    replacements,
    resources,
    restores,
    traffic,
)

__all__ = [
    "alarms",
    "backups",
    "boot",
    "certificates",
    "dns",
    "exposure",
    "pages",
    "permissions",
    "power",
    "refusals",
    "releases",
    "replacements",
    "resources",
    "restores",
    "traffic",
]
