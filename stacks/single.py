"""Tier single: one host that serves, stores, backs up and answers for its own domain."""

from __future__ import annotations

import json
from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from stacks.parts.machine import GROUP_LOGICAL_ID, HOOK, HOST_FILES, SingleHost, debian
from stacks.parts.monitoring import HostAlarms, HostLogs, retention_of
from stacks.parts.moving import Moving
from stacks.parts.names import SharedName
from stacks.parts.network import PublicNetwork
from stacks.parts.outputs import tell
from stacks.parts.permissions import STACK_TAG, HostRoles, bound
from stacks.parts.release import Release
from stacks.parts.storage import Buckets, DataVolume, RootSecret
from stacks.settings import Settings

_OF_ANOTHER_TIER = [
    *("bin/password-ages", "bin/*dump*", "systemd/fines-password-ages.*"),
    "README.md",
    *("steps/authorities", "steps/dumps", "containers/managed-database.conf", "nginx/behind-balancer.inc"),
    "bin/backup-ages",
    *("systemd/fines-backup-ages.*", "systemd/fines-dump.*", "systemd/fines-dump-drill.*"),
]


class SingleStack(cdk.Stack):
    """One EC2 host in a group of one: NGINX over containers, PostgreSQL, backups and DNS."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings) -> None:
        super().__init__(
            scope,
            id,
            env=cdk.Environment(region=settings.region),
            termination_protection=settings.deletion_protection,
            description="Traffic fines on one host",
        )
        cdk.Tags.of(self).add(STACK_TAG, id)
        cdk.Tags.of(self).add("fines:stage", settings.stage)
        bound(self, settings.permissions_boundary)
        namespace, log_prefix = f"Fines/{id}", f"/fines/{settings.stage}/{settings.tier}"
        ds_parameter = f"/fines/{id}/ds-record"
        retention = retention_of(settings.log_days)

        network = PublicNetwork(self, "Network", zone=settings.zone, log_retention=retention)
        buckets = Buckets(self, "Buckets", backup_days=settings.backup_days, media_days=settings.media_days)
        data = DataVolume(
            self,
            "Data",
            zone=network.zone,
            gibibytes=settings.data_volume_gb,
            generation=settings.data_volume_generation,
            snapshot=settings.data_volume_snapshot,
        )
        secret = RootSecret(
            self, "Secret", what="The root of all secrets of the host; without it the backups cannot be read"
        ).secret
        release = Release(self, "Release", cpu=settings.cpu, app_containers=settings.app_containers)
        host_files = s3_assets.Asset(self, "HostFiles", path=str(HOST_FILES), exclude=_OF_ANOTHER_TIER)

        roles = HostRoles(self, "Roles")
        roles.fetch_host_files(host_files)
        roles.read_secret(secret)
        roles.follow(release)
        roles.attach(data.volume)
        roles.take_address(network)
        roles.keep_backups(buckets.backups)
        roles.keep_media(buckets.media)
        roles.publish(ds_parameter)
        roles.report(namespace=namespace, log_prefix=log_prefix)
        roles.signal(group_name=id)
        roles.be_reached()
        if settings.moves_with:
            Moving(self, "Moving", other=settings.moves_with, role=roles.host, buckets=buckets)

        host = SingleHost(
            self,
            "Host",
            network=network,
            role=roles.host,
            instance_type=settings.instance_type,
            machine_image=debian(settings),
            after=roles,
            environment={
                "FINES_STACK": id,
                "FINES_STAGE": settings.stage,
                "FINES_TIER": settings.tier,
                "FINES_REGION": settings.region,
                "AWS_DEFAULT_REGION": settings.region,
                "FINES_DOMAIN": settings.domain,
                "FINES_TIMEZONE": settings.timezone,
                "FINES_HOST_ASSET": host_files.s3_object_url,
                "FINES_VOLUME_ID": data.volume.ref,
                "FINES_ADDRESS_ALLOCATION": network.address.attr_allocation_id,
                "FINES_ADDRESS": network.address.ref,
                "FINES_RELEASE_PARAMETER": release.parameter.parameter_name,
                "FINES_SECRET_ARN": secret.secret_arn,
                "FINES_BACKUP_BUCKET": buckets.backups.bucket_name,
                "FINES_MEDIA_BUCKET": buckets.media.bucket_name,
                "FINES_APP_ROLE_ARN": roles.app.role_arn,
                "FINES_GROUP_LOGICAL_ID": GROUP_LOGICAL_ID,
                "FINES_GROUP_NAME": id,
                "FINES_HOOK_NAME": HOOK,
                "FINES_DS_PARAMETER": ds_parameter,
                "FINES_BACKUP_DAYS": str(settings.backup_days),
                "FINES_RESTORE": settings.restore,
                "FINES_EXTRA_RECORDS": _json(settings.extra_records),
                "FINES_DNS_SECONDARIES": _json(settings.dns_secondaries),
                "FINES_ACME_DIRECTORY": settings.acme_directory,
                "FINES_ALARM_EMAIL": settings.alarm_email,
                "FINES_LOG_GROUP_PREFIX": log_prefix,
                "FINES_METRIC_NAMESPACE": namespace,
                "FINES_RATE_TOKEN_PER_MINUTE": str(settings.calls_per_minute),
                "FINES_RATE_ADDRESS_PER_MINUTE": str(settings.calls_per_minute_of_an_address),
                "FINES_RATE_REPORT_PER_MINUTE": str(settings.reports_per_minute),
                "FINES_RATE_LOGIN_PER_MINUTE": str(settings.logins_per_minute),
                "FINES_REPORT_NEEDS_TOKEN": str(settings.report_needs_token).lower(),
                "FINES_TOKEN_DAYS": str(settings.token_days),
            },
        )
        release.wait_after(host.group, seconds=1800)
        if settings.shares_name:
            SharedName(
                self,
                "Name",
                domain=settings.domain,
                zone_id=settings.hosted_zone_id,
                address=network.address.ref,
                tier=settings.tier,
                weight=settings.dns_weight,
            )

        HostLogs(self, "Logs", prefix=log_prefix, retention=retention)
        alarms = HostAlarms(self, "Alarms", namespace=namespace, email=settings.alarm_email)

        domain, address = settings.domain, network.address.ref
        tell(self, "Url", f"https://{domain}/", "Where the service answers")
        tell(self, "PublicAddress", address, "The host's fixed address")
        tell(self, "NameServers", f"ns1.{domain} ns2.{domain}", "The domain's name servers, to enter at its registrar")
        glue = f"ns1.{domain} A {address}, ns2.{domain} A {address}"
        tell(self, "GlueRecords", glue, "The name servers' addresses, to enter at the registrar too")
        tell(self, "DsParameter", ds_parameter, "The SSM parameter that holds the DS record once the host made its key")
        tell(self, "ConnectCommand", _connect(settings), "A shell on the host, by Session Manager")
        tell(self, "BackupLocation", f"s3://{buckets.backups.bucket_name}/pgbackrest", "pgBackRest's repository")
        tell(self, "MediaBucket", buckets.media.bucket_name, "Where photographs lie")
        tell(self, "SecretArn", secret.secret_arn, "The root of all secrets; without it the backups cannot be read")
        tell(self, "GroupName", host.group.ref, "The Auto Scaling group of the host")
        tell(self, "AlarmTopic", alarms.topic.topic_arn, "Where alarms are told")


def _json(texts: Sequence[str]) -> str:
    """A JSON list for a line of boot.env, which holds its value between single quotes."""
    return json.dumps(texts).replace("'", "\\u0027")


def _connect(settings: Settings) -> str:
    region = f"--region {settings.region}"
    return (
        f"aws ssm start-session {region} --target $(aws ec2 describe-instances {region} "
        f"--filters Name=tag:{STACK_TAG},Values={settings.stack_name} Name=instance-state-name,Values=running "
        "--query 'Reservations[].Instances[].InstanceId' --output text)"
    )
