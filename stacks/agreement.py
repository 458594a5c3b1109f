"""What settings ask of each other: values that are right one by one, and do not fit together."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from stacks.choices import Cpu, Stage, Tier
from stacks.kubernetes_versions import NEWEST
from stacks.peaks import misfits
from stacks.values import KINDS

# RFC 2606 and RFC 6761: names that nobody can own.
RESERVED = re.compile(r"(.*\.)?(example|invalid|localhost|test|example\.(com|net|org))")
# EC2 instance types guide, "Instances built on the Xen System".
_XEN_TYPES = re.compile(r"(t[12]|m[1-4]|c[134]|r[34]|x1e?|d2|h1|i[23]|f1|g[23]s?|p[23])\.")
# The last word of the parameters in which Debian and others name their images.
_OF_A_PARAMETER = {"amd64": Cpu.X86_64, "x86_64": Cpu.X86_64, "arm64": Cpu.ARM64}
_ARM_TYPES = re.compile(r"(a1|[a-z]+\d+g[a-z]*)\.")


def disagreements(read: Mapping[str, Any], *, refused: Collection[str] = ()) -> list[str]:
    """What is wrong with values that are right one by one; a value that was `refused` by itself disagrees with nothing."""
    errors = []
    tier = read.get("tier")
    if tier in (Tier.ASG, Tier.EKS) or read.get("shares_name"):
        errors += _in_the_hosted_zone(read)
    if tier in (Tier.ASG, Tier.EKS):
        errors += _behind_a_load_balancer(read, "pods" if tier is Tier.EKS else "machines")
    if tier is Tier.EKS:
        errors += _on_kubernetes(read, refused)
    cpu, instance_type = read.get("cpu", Cpu.ARM64), read.get("instance_type", "")
    if "cpu" not in refused and instance_type and bool(_ARM_TYPES.match(instance_type)) != (cpu is Cpu.ARM64):
        other = Cpu.X86_64 if cpu is Cpu.ARM64 else Cpu.ARM64
        errors.append(
            f"instance_type={instance_type!r} does not have the processor cpu='{cpu}': "
            f"change one of them, for example: -c cpu={other}"
        )
    image = read.get("machine_image", "")
    of_image = _OF_A_PARAMETER.get(image.rpartition("/")[2]) if image.startswith("/") else None
    if "cpu" not in refused and of_image and of_image is not cpu:
        errors.append(
            f"machine_image={image!r} is of another processor than cpu='{cpu}': "
            f"change one of them, for example: -c cpu={of_image}"
        )
    if tier is Tier.SINGLE and instance_type and _XEN_TYPES.match(instance_type):
        errors.append(
            f"instance_type={instance_type!r} has no NVMe, by which the host finds its data volume: "
            "name one on Nitro, for example: -c instance_type=t3.small"
        )
    if read.get("domain"):
        errors += _within_the_zone(read.get("extra_records", ()), read["domain"])
    if read.get("data_volume_snapshot") and read.get("restore"):
        errors.append(
            "data_volume_snapshot and restore exclude each other: "
            "a volume is filled from a snapshot, or its database is restored from the backups"
        )
    if read.get("stage") is Stage.PRODUCTION:
        errors += _in_production(read)
    return errors


_OWN_NAMES = ("ns1", "ns2")  # of the zone's name servers, which the registrar's glue repeats


def _within_the_zone(records: Sequence[str], domain: str) -> list[str]:
    """What a name server would refuse of the records together, or what would lead its own names astray."""
    errors, owners = [], [_owner(line.split()[0], domain) for line in records]
    kinds = [next(word for word in line.split()[1:] if word in KINDS) for line in records]
    for line, owner, kind in zip(records, owners, kinds, strict=True):
        if owner.endswith("."):
            errors.append(
                f"extra_records: {line!r}: the name is outside of {domain}: write one of the domain, like www"
            )
        elif owner in _OWN_NAMES:
            errors.append(f"extra_records: {line!r}: {owner} is a name server of the zone: choose another name")
        elif kind in ("A", "AAAA") and owner == "@":
            errors.append(f"extra_records: {line!r}: the domain itself leads to this host: name another one otherwise")
        elif kind == "CNAME" and owner == "@":
            errors.append(
                f"extra_records: {line!r}: the domain itself has other records, beside which no CNAME may stand"
            )
        elif kind == "CNAME" and owners.count(owner) > 1:
            errors.append(f"extra_records: {line!r}: beside a CNAME its name has no other record: leave one of them")
    return errors


def _owner(name: str, domain: str) -> str:
    """The name of a record as it is within the domain, @ for the domain itself; one outside of it keeps the dot at its end."""
    name = name.lower()
    if not name.endswith("."):
        return name
    if name == f"{domain}.":
        return "@"
    return name.removesuffix(f".{domain}.")


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


def _behind_a_load_balancer(read: Mapping[str, Any], of: str) -> list[str]:
    """What the tiers with a load balancer and a managed database ask for besides; `of` is what serves, machines or pods."""
    least, most = read.get(f"min_{of}", 2), read.get(f"max_{of}", _MOST[of])
    errors = _bounds(read, of, _MOST[of])
    zone = read.get("timezone", "UTC")
    errors += misfits(read.get("peaks", ()), least=least, most=max(least, most), zone=zone, of=of)
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


_MOST = {"machines": 8, "pods": 12, "nodes": 6}  # by default


def _bounds(read: Mapping[str, Any], of: str, most: int) -> list[str]:
    least, most = read.get(f"min_{of}", 2), read.get(f"max_{of}", most)
    if least <= most:
        return []
    return [f"max_{of}={most} is below min_{of}={least}: give a larger one, for example: -c max_{of}={least}"]


def _on_kubernetes(read: Mapping[str, Any], refused: Collection[str]) -> list[str]:
    """What the tier on Kubernetes asks for besides."""
    errors = _bounds(read, "nodes", _MOST["nodes"])
    if not read.get("admin_role") and "admin_role" not in refused:
        errors.append(
            "admin_role is missing: name the role that administers the cluster, which nobody else could get into, "
            "for example: -c admin_role=arn:aws:iam::111122223333:role/administrators"
        )
    release, version = read.get("node_release", ""), read.get("kubernetes_version", NEWEST)
    if release and not release.startswith(f"{version}."):
        errors.append(
            f"node_release={release!r} is of another version than kubernetes_version={version}: "
            f"give one that begins with {version}., or none"
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
    if read.get("tier") is Tier.EKS:
        if not read.get("node_release"):
            errors.append(
                "node_release is missing: production names the release of its nodes' image, so that no deployment replaces a node "
                f"by surprise, for example: -c node_release={read.get('kubernetes_version', NEWEST)}.1-20261101"
            )
    elif not image:
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
