"""How each setting is read: what it may be, and what is said of anything else."""

from __future__ import annotations

from stacks import values
from stacks.choices import Cpu, Stage, Tier
from stacks.kubernetes_versions import kubernetes_version
from stacks.peaks import peaks
from stacks.values import Reader

DOMAIN_NAME = r"(?=.{4,200}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
# The classes that RDS has for PostgreSQL 17 with a standby in another zone (RDS user guide, "Supported DB engines").
_DATABASE_CLASS = (
    r"db\.((t3|t4g)\.(micro|small|medium|x?large|2xlarge)"
    r"|(m5d?|r5d?|r5b)\.(x?large|(2|4|8|12|16|24)xlarge)"
    r"|(m6g|m6gd|r6g|r6gd|m7g|r7g|x2g)\.(x?large|(2|4|8|12|16)xlarge)"
    r"|(m6i|m6id|r6i|r6id|m7i|r7i|m8g|r8g)\.(x?large|(2|4|8|12|16|24|32|48)xlarge))"
)
MOST_ZONES = 3
READERS: dict[str, Reader] = {
    "tier": values.choice(Tier),
    "domain": values.text(DOMAIN_NAME, example="fines.example.org"),
    "stage": values.choice(Stage),
    "region": values.region,
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
    "zones": values.number(2, MOST_ZONES),
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
    "kubernetes_version": kubernetes_version,
    "endpoint_public_ranges": values.ranges,
    "admin_role": values.role,
    "node_release": values.text(r"1\.\d{2}\.\d{1,2}-20\d{6}", example="1.36.1-20261101", optional=True),
    "min_nodes": values.number(2, 100),
    "max_nodes": values.number(2, 100),
    "node_disk_gb": values.number(20, 16384),
    "min_pods": values.number(2, 500),
    "max_pods": values.number(2, 500),
    "spare_pods": values.number(0, 50),
}
