"""The settings of a deployment: typed, frozen, refused early and all at once. Nothing here knows of the CDK."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from stacks.agreement import RESERVED, disagreements
from stacks.choices import Cpu, Stage, Tier
from stacks.kubernetes_versions import NEWEST, extended_support
from stacks.peaks import Peak
from stacks.readers import DOMAIN_NAME, READERS
from stacks.values import SettingsError

__all__ = ["DOMAIN_NAME", "Cpu", "Settings", "SettingsError", "Stage", "Tier"]

# Keys of the CDK's own: feature flags, what its CLI adds, and what its look-ups remember in cdk.context.json.
_FOREIGN = re.compile(
    r"^@aws-cdk|^aws-cdk:|^aws:|^cdk:|^cli-telemetry$|^acknowledged-issue-numbers$"
    r"|^(ami|availability-zones|hosted-zone|key-provider|load-balancer|security-group|ssm|vpc-provider):"
)


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
    # Limits: after a quiet minute as many more may come at once.
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
    # 08:00-09:00=6,20:00-21:00=6: no fewer than 6 machines (in tier eks: pods) then, by the clocks of timezone
    peaks: tuple[Peak, ...] = ()
    requests_per_machine: int = 1200  # a minute, about which the group is kept by growing and shrinking
    cpu_percent: int = 50  # the machines' average, about which the group is kept likewise; in tier eks the pods'
    stop_on_alarm: bool = True  # false for a release that ends an outage: the alarm on server errors does not stop it
    machine_disk_gb: int = 16  # of each machine; the restore drill needs room for the database on one
    database_class: str = ""  # by default the smallest that fits
    database_gb: int = 20
    database_max_gb: int = 200  # up to which the database's storage grows by itself
    rotation_days: int = 30  # after which the database's passwords are new
    operators: tuple[str, ...] = ()  # who may take the role that operates the stack; ARNs of roles and users of IAM
    reviewers: tuple[str, ...] = ()  # who may take the one that looks
    deployers: tuple[str, ...] = ()  # who may take the one that deploys
    # of the tier on Kubernetes
    kubernetes_version: str = NEWEST
    endpoint_public_ranges: tuple[
        str, ...
    ] = ()  # who reaches the cluster's API from outside the network; by default nobody
    admin_role: str = ""  # the ARN of the role that administers the cluster, beside the deployment's own
    node_release: str = ""  # of the nodes' machine image; by default the newest when the nodes are made
    min_nodes: int = 2
    max_nodes: int = 6
    node_disk_gb: int = 50  # of each node; uploads on the way, and the restore drill's database, need room on one
    min_pods: int = 2
    max_pods: int = 12
    spare_pods: int = (
        1  # room that is kept free, in pods of the service: who comes takes it, and a node is made meanwhile
    )

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
    def cautions(self) -> dict[str, str]:
        """What is allowed, and worth a thought: sentences by a name for each."""
        extended = extended_support(self.kubernetes_version) if self.tier is Tier.EKS else ""
        return {"extended-support": extended} if extended else {}

    @property
    def domain_is_reserved(self) -> bool:
        """Whether nobody can own the domain, so that it can be tried and never be delegated."""
        return bool(RESERVED.fullmatch(self.domain))

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
                    read[field.name] = READERS[field.name](field.name, own[field.name])
                except SettingsError as error:
                    errors.append(str(error))
            elif field.default is MISSING:
                errors.append(_MISSING[field.name])
        errors += disagreements(read, refused=own.keys() - read.keys())
        if errors:
            raise SettingsError("\n".join(errors))
        read.setdefault("deletion_protection", read.get("stage") is Stage.PRODUCTION)
        cpu = read.get("cpu", Cpu.ARM64)
        if not read.get("instance_type"):
            read["instance_type"] = (_SMALLEST_NODE if read.get("tier") is Tier.EKS else _SMALLEST)[cpu]
        if not read.get("database_class"):
            read["database_class"] = _SMALLEST_DATABASE[cpu]
        if not read.get("nat_gateways"):
            read["nat_gateways"] = read.get("zones", 2) if read.get("stage") is Stage.PRODUCTION else 1
        return cls(**read)


_SMALLEST = {Cpu.ARM64: "t4g.small", Cpu.X86_64: "t3.small"}
_SMALLEST_NODE = {Cpu.ARM64: "t4g.medium", Cpu.X86_64: "t3.medium"}
_SMALLEST_DATABASE = {Cpu.ARM64: "db.t4g.medium", Cpu.X86_64: "db.t3.medium"}
_MISSING = {
    "tier": "tier is missing: use one of single, asg, eks, for example: cdk deploy -c tier=single",
    "domain": "domain is missing: give the name where the service answers, for example: -c domain=fines.example.org",
}


def _unknown(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"the settings are {', '.join(known)}"
    return f"{key!r} is no setting: {hint}"
