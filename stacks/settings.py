"""The settings of a deployment: typed, frozen, refused early and all at once. Nothing here knows of the CDK."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from typing import Any

from stacks import values
from stacks.peaks import Peak, misfits, peaks
from stacks.values import Reader, SettingsError

__all__ = ["Cpu", "Settings", "SettingsError", "Stage", "Tier"]

# Keys of the CDK's own: feature flags, what its CLI adds, and what its look-ups remember in cdk.context.json.
_FOREIGN = re.compile(
    r"^@aws-cdk|^aws-cdk:|^aws:|^cdk:|^cli-telemetry$|^acknowledged-issue-numbers$"
    r"|^(ami|availability-zones|hosted-zone|key-provider|load-balancer|security-group|ssm|vpc-provider):"
)


class Tier(StrEnum):
    """The three ways to run the service."""

    SINGLE = "single"
    ASG = "asg"
    EKS = "eks"


class Stage(StrEnum):
    """What a deployment is for; production asks for more care."""

    DEV = "dev"
    STAGING = "staging"
    PRODUCTION = "production"


class Cpu(StrEnum):
    """The processor architectures of EC2, by AWS's names."""

    ARM64 = "arm64"
    X86_64 = "x86_64"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything an operator can set: each field is a context key, cdk deploy -c KEY=VALUE or `context` of cdk.json.

    One cdk.json holds the settings of all tiers that somebody runs: a tier leaves those alone that are another's.
    """

    tier: Tier
    domain: str
    stage: Stage = Stage.DEV
    region: str = "us-east-1"
    zone: int = 0  # which of the region's first two availability zones the host lives in
    timezone: str = "UTC"
    cpu: Cpu = Cpu.ARM64
    instance_type: str = ""  # by default the smallest that fits, of the chosen processor
    machine_image: str = ""  # an AMI, or a public parameter that names one; by default Debian's newest
    app_containers: int = 2
    data_volume_gb: int = 30
    data_volume_generation: int = 1  # a higher one makes a new volume and keeps the old
    data_volume_snapshot: str = ""  # what fills the volume; it stays set as long as its generation lives
    backup_days: int = 35
    restore: str = ""  # what an empty volume beside existing backups means: latest, a time, or none
    media_days: int = 90  # how long a photograph that was deleted or replaced can be brought back
    alarm_email: str = ""
    extra_records: tuple[str, ...] = ()
    dns_secondaries: tuple[str, ...] = ()
    acme_directory: str = "https://acme-v02.api.letsencrypt.org/directory"
    deletion_protection: bool = False  # in production true, unless it is set
    log_days: int = 30
    calls_per_minute: int = 300  # of one token
    calls_per_minute_of_an_address: int = 6000  # all its tokens together, invented ones too
    reports_per_minute: int = 60  # from one address without a token
    logins_per_minute: int = 10  # from one address
    report_needs_token: bool = False  # whether owners' reports are for officers alone
    token_days: int = 90  # how long an officer's token works
    permissions_boundary: str = ""  # the ARN of a policy that bounds every role of the stack
    moves_between: str = ""  # two tiers between which data may move now: single,asg
    shares_name: bool = False  # whether tier single, too, has a share of the name in the hosted zone
    # of the tiers behind a load balancer
    hosted_zone_id: str = ""
    hosted_zone_name: str = ""
    certificate_arn: str = ""  # of a certificate that is there already; by default the hosted zone proves a new one
    dns_weight: int = 100  # this tier's share of the name, beside those of other tiers; 0 takes no traffic
    zones: int = 2
    nat_gateways: int = 0  # by default one, in production one a zone
    min_machines: int = 2
    max_machines: int = 8
    peaks: tuple[
        Peak, ...
    ] = ()  # 08:00-09:00=6,20:00-21:00=6: no fewer than 6 machines then, by the clocks of timezone
    requests_per_machine: int = 1200  # a minute, about which the group is kept by growing and shrinking
    cpu_percent: int = 50  # the machines' average, about which the group is kept likewise
    stop_on_alarm: bool = True  # false for a release that ends an outage: the alarm on server errors does not stop it
    machine_disk_gb: int = 16  # of each machine; the restore drill needs room for the database on one
    database_class: str = ""  # by default the smallest that fits
    database_gb: int = 20
    database_max_gb: int = 200  # up to which the database's storage grows by itself
    rotation_days: int = 30  # after which the database's passwords are new
    operators: tuple[str, ...] = ()  # who may take the role that operates the stack; ARNs of roles and users of IAM
    reviewers: tuple[str, ...] = ()  # who may take the one that looks
    deployers: tuple[str, ...] = ()  # who may take the one that deploys

    @property
    def stack_name(self) -> str:
        """The stack's id: another tier or stage is another stack beside the first."""
        return f"fines-{self.stage}-{self.tier}"

    @property
    def moves_with(self) -> str:
        """The stack of the same stage that data may move to and from now; none, if there is none."""
        two = self.moves_between.split(",")
        return f"fines-{self.stage}-{two[1 - two.index(self.tier)]}" if self.tier in two else ""

    @property
    def domain_is_reserved(self) -> bool:
        """Whether nobody can own the domain, so that it can be tried and never be delegated."""
        return bool(_RESERVED.fullmatch(self.domain))

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Settings:
        """Settings from the CDK's context, where `-c` gives texts and cdk.json any JSON.

        Raises:
            SettingsError: with a line for every wrong, missing and unknown key.
        """
        own = {key: value for key, value in context.items() if value is not None and not _FOREIGN.match(key)}
        known = [field.name for field in fields(cls)]
        errors = [_unknown(key, known) for key in own if key not in known]
        read: dict[str, Any] = {}
        for field in fields(cls):
            if field.name in own:
                try:
                    read[field.name] = _READERS[field.name](field.name, own[field.name])
                except SettingsError as error:
                    errors.append(str(error))
            elif field.default is MISSING:
                errors.append(_MISSING[field.name])
        errors += _together(read)
        if errors:
            raise SettingsError("\n".join(errors))
        read.setdefault("deletion_protection", read.get("stage") is Stage.PRODUCTION)
        cpu = read.get("cpu", Cpu.ARM64)
        if not read.get("instance_type"):
            read["instance_type"] = _SMALLEST[cpu]
        if not read.get("database_class"):
            read["database_class"] = _SMALLEST_DATABASE[cpu]
        if not read.get("nat_gateways"):
            read["nat_gateways"] = read.get("zones", 2) if read.get("stage") is Stage.PRODUCTION else 1
        return cls(**read)


_SMALLEST = {Cpu.ARM64: "t4g.small", Cpu.X86_64: "t3.small"}
_SMALLEST_DATABASE = {Cpu.ARM64: "db.t4g.medium", Cpu.X86_64: "db.t3.medium"}
_MISSING = {
    "tier": "tier is missing: use one of single, asg, eks, for example: cdk deploy -c tier=single",
    "domain": "domain is missing: give the name where the service answers, for example: -c domain=fines.example.org",
}
DOMAIN_NAME = r"(?=.{4,200}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
# The classes that RDS has for PostgreSQL 17 with a standby in another zone (RDS user guide, "Supported DB engines").
_DATABASE_CLASS = (
    r"db\.((t3|t4g)\.(micro|small|medium|x?large|2xlarge)"
    r"|(m5d?|r5d?|r5b)\.(x?large|(2|4|8|12|16|24)xlarge)"
    r"|(m6g|m6gd|r6g|r6gd|m7g|r7g|x2g)\.(x?large|(2|4|8|12|16)xlarge)"
    r"|(m6i|m6id|r6i|r6id|m7i|r7i|m8g|r8g)\.(x?large|(2|4|8|12|16|24|32|48)xlarge))"
)
_READERS: dict[str, Reader] = {
    "tier": values.choice(Tier),
    "domain": values.text(DOMAIN_NAME, example="fines.example.org"),
    "stage": values.choice(Stage),
    "region": values.text(r"[a-z]{2}(-[a-z]+)+-\d", example="us-east-1"),
    "zone": values.number(0, 1),
    "timezone": values.time_zone,
    "cpu": values.choice(Cpu),
    "instance_type": values.text(r"[a-z][a-z0-9-]*\.[a-z0-9-]+", example="t4g.small", optional=True),
    "machine_image": values.text(
        r"ami-[0-9a-f]{8,17}|(/[A-Za-z0-9_.-]+){2,15}", example="ami-0123456789abcdef0", optional=True
    ),
    "app_containers": values.number(1, 8),
    "data_volume_gb": values.number(8, 16384),
    "data_volume_generation": values.number(1, 999),
    "data_volume_snapshot": values.text(r"snap-[0-9a-f]{8,17}", example="snap-0123456789abcdef0", optional=True),
    "backup_days": values.number(1, 3650),
    "restore": values.moment,
    "media_days": values.number(1, 3650),
    "alarm_email": values.text(r"[^@\s'\"]+@[^@\s'\"]+\.[^@\s'\"]+", example="operator@example.org", optional=True),
    "extra_records": values.records,
    "dns_secondaries": values.addresses,
    "acme_directory": values.text(r"https://[^\s'\"]+", example="https://acme-v02.api.letsencrypt.org/directory"),
    "deletion_protection": values.flag,
    "log_days": values.number(1, 3653),
    "calls_per_minute": values.number(1, 100_000),
    "calls_per_minute_of_an_address": values.number(1, 1_000_000),
    "reports_per_minute": values.number(1, 100_000),
    "logins_per_minute": values.number(1, 100_000),
    "report_needs_token": values.flag,
    "token_days": values.number(1, 3650),
    "permissions_boundary": values.policy,
    "moves_between": values.text(r"(single|asg|eks),(?!\1)(single|asg|eks)", example="single,asg", optional=True),
    "shares_name": values.flag,
    "hosted_zone_id": values.text(r"Z[A-Z0-9]{5,31}", example="Z0123456789ABCDEFGHIJ", optional=True),
    "hosted_zone_name": values.text(DOMAIN_NAME, example="example.org", optional=True),
    "certificate_arn": values.text(
        r"arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[0-9a-f-]{36}",
        example="arn:aws:acm:us-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef",
        optional=True,
    ),
    "dns_weight": values.number(0, 255),
    "zones": values.number(2, 3),
    "nat_gateways": values.number(1, 3),
    "min_machines": values.number(1, 100),
    "max_machines": values.number(1, 100),
    "peaks": peaks,
    "requests_per_machine": values.number(1, 1_000_000),
    "cpu_percent": values.number(10, 90),
    "stop_on_alarm": values.flag,
    "machine_disk_gb": values.number(8, 16384),
    "database_class": values.text(_DATABASE_CLASS, example="db.t4g.medium", optional=True),
    "database_gb": values.number(20, 65536),
    "database_max_gb": values.number(22, 65536),
    "rotation_days": values.number(1, 365),
    **dict.fromkeys(("operators", "reviewers", "deployers"), values.principals),
}
# RFC 2606 and RFC 6761: names that nobody can own.
_RESERVED = re.compile(r"(.*\.)?(example|invalid|localhost|test|example\.(com|net|org))")
_ARM_TYPES = re.compile(r"(a1|[a-z]+\d+g[a-z]*)\.")


def _unknown(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"the settings are {', '.join(known)}"
    return f"{key!r} is no setting: {hint}"


def _together(read: Mapping[str, Any]) -> list[str]:
    """What is wrong with values that are right one by one."""
    errors = []
    if (tier := read.get("tier")) is Tier.EKS:
        errors.append(f"tier='{tier}' is not built yet: use single or asg, for example: cdk deploy -c tier=asg")
    if tier is Tier.ASG or read.get("shares_name"):
        errors += _in_the_hosted_zone(read)
    if tier is Tier.ASG:
        errors += _behind_a_load_balancer(read)
    cpu, instance_type = read.get("cpu", Cpu.ARM64), read.get("instance_type", "")
    if instance_type and bool(_ARM_TYPES.match(instance_type)) != (cpu is Cpu.ARM64):
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
    if (domain := read.get("domain")) and _RESERVED.fullmatch(domain):
        errors.append(f"domain={domain!r} is reserved for examples: production wants a name of your own, -c domain=...")
    return errors
