"""What settings ask of each other: values that are right one by one, and do not fit together."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from stacks.choices import Cpu, Stage, Tier
from stacks.peaks import misfits

# RFC 2606 and RFC 6761: names that nobody can own.
RESERVED = re.compile(r"(.*\.)?(example|invalid|localhost|test|example\.(com|net|org))")
_ARM_TYPES = re.compile(r"(a1|[a-z]+\d+g[a-z]*)\.")


def disagreements(read: Mapping[str, Any], *, refused: Collection[str] = ()) -> list[str]:
    """What is wrong with values that are right one by one; a value that was `refused` by itself disagrees with nothing."""
    errors = []
    if (tier := read.get("tier")) is Tier.EKS:
        errors.append(f"tier='{tier}' is not built yet: use single or asg, for example: cdk deploy -c tier=asg")
    if tier is Tier.ASG or read.get("shares_name"):
        errors += _in_the_hosted_zone(read)
    if tier is Tier.ASG:
        errors += _behind_a_load_balancer(read)
    cpu, instance_type = read.get("cpu", Cpu.ARM64), read.get("instance_type", "")
    if "cpu" not in refused and instance_type and bool(_ARM_TYPES.match(instance_type)) != (cpu is Cpu.ARM64):
        other = Cpu.X86_64 if cpu is Cpu.ARM64 else Cpu.ARM64
        errors.append(
            f"instance_type={instance_type!r} does not have the processor cpu='{cpu}': "
            f"change one of them, for example: -c cpu={other}"
        )
    if read.get("data_volume_snapshot") and read.get("restore"):
        errors.append(
            "data_volume_snapshot and restore exclude each other: "
            "a volume is filled from a snapshot, or its database is restored from the backups"
        )
    if read.get("stage") is Stage.PRODUCTION:
        errors += _in_production(read)
    return errors


def _in_the_hosted_zone(read: Mapping[str, Any]) -> list[str]:
    """What tiers ask for that take their name from Route 53."""
    errors = []
    zone, domain = read.get("hosted_zone_name", ""), read.get("domain", "")
    for name, example in (("hosted_zone_id", "Z0123456789ABCDEFGHIJ"), ("hosted_zone_name", "example.org")):
        if not read.get(name):
            errors.append(
                f"{name} is missing: give the hosted zone of the domain, for example: -c {name}={example}; "
                "who has none makes one with: cdk deploy --app 'python zone.py' -c hosted_zone_name=example.org"
            )
    if zone and domain and domain != zone and not domain.endswith(f".{zone}"):
        errors.append(
            f"domain={domain!r} is outside of hosted_zone_name={zone!r}: "
            f"give a name in the zone, for example: -c domain=fines.{zone}"
        )
    return errors


def _behind_a_load_balancer(read: Mapping[str, Any]) -> list[str]:
    """What the tiers with a group of machines and a managed database ask for besides."""
    errors = []
    least, most = read.get("min_machines", 2), read.get("max_machines", 8)
    if least > most:
        errors.append(
            f"max_machines={most} is below min_machines={least}: give a larger one, for example: -c max_machines={least}"
        )
    errors += misfits(read.get("peaks", ()), least=least, most=max(least, most), zone=read.get("timezone", "UTC"))
    if read.get("database_gb", 20) * 1.1 > read.get("database_max_gb", 200):
        errors.append(
            f"database_max_gb={read.get('database_max_gb', 200)} leaves no room to grow: RDS asks for a tenth more than "
            f"database_gb={read.get('database_gb', 20)}, for example: -c database_max_gb={read.get('database_gb', 20) * 2}"
        )
    if read.get("backup_days", 35) > 35:
        errors.append(
            f"backup_days={read['backup_days']}: RDS keeps backups for point-in-time recovery for at most 35 days: "
            "use -c backup_days=35"
        )
    return errors


def _in_production(read: Mapping[str, Any]) -> list[str]:
    """What production asks for besides."""
    errors = []
    example = (
        "for example: -c machine_image=ami-0123456789abcdef0, "
        "or a dated parameter: -c machine_image=/aws/service/debian/release/13/20251006-2257/arm64"
    )
    image = read.get("machine_image", "")
    if not image:
        errors.append(
            "machine_image is missing: production names its image, "
            f"so that no deployment replaces a machine by surprise, {example}"
        )
    elif "latest" in image.split("/"):
        errors.append(
            f"machine_image={image!r} names another image tomorrow: production wants a concrete one, {example}"
        )
    if (domain := read.get("domain")) and RESERVED.fullmatch(domain):
        errors.append(f"domain={domain!r} is reserved for examples: production wants a name of your own, -c domain=...")
    return errors
