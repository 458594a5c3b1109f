"""What outlives machines: buckets, the data volume and the generated secret. All of it is retained."""

from __future__ import annotations

import json

import aws_cdk as cdk
from aws_cdk import aws_dlm as dlm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks import posture

_SNAPSHOT_DAYS = 35  # the volume's snapshots are a second line behind the backups


class Buckets(Construct):
    """The buckets for backups and photographs, and the one that holds their access logs.

    Versions give back what was deleted or replaced, for `backup_days` and `media_days`. With `backups_expire` a backup is
    deleted when it is `backup_days` old; else whoever makes backups sees to that, as pgBackRest does.
    """

    def __init__(
        self, scope: Construct, id: str, *, backup_days: int, media_days: int, backups_expire: bool = False
    ) -> None:
        super().__init__(scope, id)
        self.logs = self._bucket("Logs", old_versions_days=30, expire_days=365)
        self.backups = self._bucket(
            "Backups",
            old_versions_days=backup_days,
            expire_days=backup_days if backups_expire else None,
            access_log="backups/",
        )
        self.media = self._bucket("Media", old_versions_days=media_days, access_log="media/")

    def static_files(self) -> s3.Bucket:
        """One more, for the files that pages name, of a tier whose machines do not serve them. Nothing in it is ever pruned."""
        return self._bucket("Static", old_versions_days=30, access_log="static/")

    def _bucket(
        self, id: str, *, old_versions_days: int, expire_days: int | None = None, access_log: str | None = None
    ) -> s3.Bucket:
        days = cdk.Duration.days
        return s3.Bucket(
            self,
            id,
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=days(7),
                    noncurrent_version_expiration=days(old_versions_days),
                    expiration=days(expire_days) if expire_days else None,
                )
            ],
            server_access_logs_bucket=self.logs if access_log else None,
            server_access_logs_prefix=access_log,
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )


class DataVolume(Construct):
    """The encrypted disk of the database, its certificates and keys, with a snapshot each day.

    CloudFormation never makes a volume again that it believes to exist: another generation is another resource.
    """

    def __init__(self, scope: Construct, id: str, *, zone: str, gibibytes: int, generation: int, snapshot: str) -> None:
        super().__init__(scope, id)
        name = f"{cdk.Stack.of(self).stack_name}-data"
        self.volume = ec2.CfnVolume(
            self,
            f"Generation{generation}",
            availability_zone=zone,
            size=gibibytes,
            volume_type="gp3",
            encrypted=True,
            snapshot_id=snapshot or None,
        )
        cdk.Tags.of(self.volume).add("Name", name)
        self.volume.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
        managed = "service-role/AWSDataLifecycleManagerServiceRole"
        role = iam.Role(
            self,
            "SnapshotRole",
            assumed_by=iam.ServicePrincipal("dlm.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(managed)],
        )
        posture.accept(
            role,
            f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{managed}]",
            because="AWS keeps this policy in step with what the service calls, and only the service takes the role.",
        )
        daily = dlm.CfnLifecyclePolicy.ScheduleProperty(
            name="Daily",
            copy_tags=True,
            create_rule=dlm.CfnLifecyclePolicy.CreateRuleProperty(interval=24, interval_unit="HOURS", times=["04:00"]),
            retain_rule=dlm.CfnLifecyclePolicy.RetainRuleProperty(interval=_SNAPSHOT_DAYS, interval_unit="DAYS"),
        )
        dlm.CfnLifecyclePolicy(
            self,
            "Snapshots",
            description="A snapshot of the data volume each day",
            state="ENABLED",
            execution_role_arn=role.role_arn,
            policy_details=dlm.CfnLifecyclePolicy.PolicyDetailsProperty(
                policy_type="EBS_SNAPSHOT_MANAGEMENT",
                resource_types=["VOLUME"],
                target_tags=[cdk.CfnTag(key="Name", value=name)],
                schedules=[daily],
            ),
        )


class RootSecret(Construct):
    """The one generated secret, from which the host derives all others.

    The generator's settings never change: CloudFormation would make a new value, and the backups' passphrase be gone.
    """

    def __init__(self, scope: Construct, id: str, *, what: str) -> None:
        super().__init__(scope, id)
        self.secret = secretsmanager.Secret(
            self,
            "Secret",
            description=what,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps({}),
                generate_string_key="root",
                password_length=64,
                exclude_punctuation=True,
            ),
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        posture.accept(
            self.secret,
            "AwsSolutions-SMG4",
            because="It is the passphrase of every backup ever made; a scheduled rotation would make them unreadable.",
        )
