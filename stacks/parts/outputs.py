"""What a stack tells people, and the tools that go by it."""

from __future__ import annotations

import aws_cdk as cdk

from stacks.parts.alarms import ServiceAlarms
from stacks.parts.balancer import Balancer
from stacks.parts.database import ManagedPostgres
from stacks.parts.snapshots import Snapshots
from stacks.parts.statics import Publication, StaticFiles
from stacks.parts.storage import Buckets


def tell(stack: cdk.Stack, name: str, value: str, what: str) -> None:
    """An output of the stack, with what it is."""
    cdk.CfnOutput(stack, name, value=value, description=what)


def tell_of_managed(
    stack: cdk.Stack,
    *,
    domain: str,
    balancer: Balancer,
    database: ManagedPostgres,
    buckets: Buckets,
    snapshots: Snapshots,
    statics: StaticFiles,
    publication: Publication,
    alarms: ServiceAlarms,
    dashboard: str,
) -> None:
    """What the tiers with a load balancer and a managed database tell alike."""
    tell(stack, "Url", f"https://{domain}/", "Where the service answers")
    tell(stack, "BalancerName", balancer.balancer.load_balancer_dns_name, "The load balancer's own name")
    tell(stack, "DatabaseSecretArn", database.service.secret_arn, "What the service logs in with; rotate it at will")
    restored = "What a dump is restored with: the login of who owns the tables"
    tell(stack, "MigratorSecretArn", database.migrator.secret_arn, restored)
    tell(stack, "BackupLocation", f"s3://{buckets.backups.bucket_name}/dumps", "The nightly dumps")
    vault = "AWS Backup's vault, with the database's snapshots"
    tell(stack, "BackupVault", snapshots.vault.backup_vault_name, vault)
    tell(stack, "MediaBucket", buckets.media.bucket_name, "Where photographs lie")
    static = "Where static files lie; CloudFront alone may read it"
    tell(stack, "StaticBucket", statics.bucket.bucket_name, static)
    tell(stack, "StaticOrigin", statics.origin, "Where browsers find static files")
    again = "Publishes static files again, if any are missing"
    tell(stack, "Publisher", publication.function.function_name, again)
    tell(stack, "DashboardName", dashboard, "What to look at first, in CloudWatch")
    tell(stack, "AlarmTopic", alarms.topic.topic_arn, "Where alarms are told")
