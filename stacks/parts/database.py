"""The managed database: RDS for PostgreSQL with a standby in another zone, and the secrets of those who use it."""

from __future__ import annotations

import json

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks import posture
from stacks.choices import POSTGRESQL
from stacks.parts.network import ZonedNetwork

NAME = "fines"
_MASTER = "fines_master"
_VERSION = rds.PostgresEngineVersion.of(POSTGRESQL, POSTGRESQL.partition(".")[0])
_LOGS = ("postgresql", "upgrade")


class ManagedPostgres(Construct):
    """PostgreSQL 17 in two zones, reached over TLS alone by those whom `admit` names; RDS knows it by its name.

    Four secrets open it: the master's makes roles, the migrator's owns the tables, the service's may read and write rows,
    and the reader's may read all of it, for the dumps.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        network: ZonedNetwork,
        instance_class: str,
        gibibytes: int,
        most_gibibytes: int,
        backup_days: int,
        log_retention: logs.RetentionDays,
        deletion_protection: bool,
    ) -> None:
        super().__init__(scope, id)
        self.security_group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=network.vpc,
            description="Who reaches the database: machines, and the functions that migrate and rotate",
            allow_all_outbound=False,
        )
        self.master = self._secret("Master", _MASTER, "Makes the roles of the database")
        self.migrator = self._secret("Migrator", "fines_migrator", "Owns the tables; for migrations alone")
        self.service = self._secret("Service", "fines_a", "What the service logs in with; two users take turns")
        self.reader = self._secret(
            "Reader", "fines_reader", "Reads everything and changes nothing; for the dumps alone"
        )
        parameters = rds.ParameterGroup(
            self,
            "Parameters",
            engine=rds.DatabaseInstanceEngine.postgres(version=_VERSION),
            description="Fines: TLS alone, and no statement in the log",
            parameters={
                "rds.force_ssl": "1",
                # No statement is written out, slow or failed: Django writes values into the text, among them session keys, hashes
                # of passwords, and what is told of persons; the details of an error quote rows. The service's log says which call
                # was slow or failed, and Database Insights which statement, without its values.
                "log_statement": "none",
                "log_min_duration_statement": "-1",
                "log_min_error_statement": "panic",
                "log_error_verbosity": "terse",
                "timezone": "UTC",
            },
        )
        kind = instance_class.removeprefix("db.")
        self.instance = rds.DatabaseInstance(
            self,
            "Instance",
            instance_identifier=name,
            engine=rds.DatabaseInstanceEngine.postgres(version=_VERSION),
            parameter_group=parameters,
            instance_type=ec2.InstanceType(kind),
            credentials=rds.Credentials.from_secret(self.master, _MASTER),
            database_name=NAME,
            vpc=network.vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            security_groups=[self.security_group],
            publicly_accessible=False,
            multi_az=True,
            storage_type=rds.StorageType.GP3,
            allocated_storage=gibibytes,
            max_allocated_storage=most_gibibytes,
            storage_encrypted=True,
            backup_retention=cdk.Duration.days(backup_days),
            copy_tags_to_snapshot=True,
            delete_automated_backups=False,
            # Far from the machines' dumps at night, and from the vault's snapshots: see parts/snapshots.py.
            preferred_backup_window="06:00-06:30",
            preferred_maintenance_window="sun:07:00-sun:07:30",
            auto_minor_version_upgrade=True,
            allow_major_version_upgrade=False,
            cloudwatch_logs_exports=list(_LOGS),
            database_insights_mode=rds.DatabaseInsightsMode.STANDARD,
            enable_performance_insights=True,
            performance_insight_retention=rds.PerformanceInsightRetention.DEFAULT,
            deletion_protection=deletion_protection,
            # A retained database would hold its network; a snapshot holds its data.
            removal_policy=cdk.RemovalPolicy.SNAPSHOT,
        )
        self._keep_logs(name, log_retention)
        posture.accept(
            self.instance,
            "AwsSolutions-RDS11",
            because="The security group lets in three named groups; another port would hide nothing from them.",
        )
        if not deletion_protection:
            posture.accept(
                self.instance,
                "AwsSolutions-RDS10",
                because="A stage whose setting deletion_protection is false is one that people mean to destroy.",
            )

    @property
    def host(self) -> str:
        return self.instance.db_instance_endpoint_address

    @property
    def secrets(self) -> tuple[secretsmanager.Secret, ...]:
        """What opens the database, in four ways."""
        return self.master, self.migrator, self.reader, self.service

    @property
    def log_group_name(self) -> str:
        """Where RDS writes the log of the server; the stack makes the group, under RDS's name for it."""
        return f"/aws/rds/instance/{self.instance.instance_identifier}/postgresql"

    @property
    def subnet_group_name(self) -> str:
        return self._plain.db_subnet_group_name or ""

    @property
    def parameter_group_name(self) -> str:
        return self._plain.db_parameter_group_name or ""

    @property
    def _plain(self) -> rds.CfnDBInstance:
        plain = self.instance.node.default_child
        assert isinstance(plain, rds.CfnDBInstance)
        return plain

    def admit(self, group: ec2.ISecurityGroup, *, who: str) -> None:
        """Lets the members of a security group connect, and them connect to nothing else of it."""
        self.security_group.add_ingress_rule(group, ec2.Port.tcp(5432), who)

    def _keep_logs(self, name: str, retention: logs.RetentionDays) -> None:
        """Makes the groups that the instance's logs go to before RDS would, which keeps what is in its own for ever."""
        for log in _LOGS:
            group = logs.LogGroup(
                self,
                f"{log.title()}Log",
                log_group_name=f"/aws/rds/instance/{name}/{log}",
                retention=retention,
                removal_policy=cdk.RemovalPolicy.DESTROY,
            )
            self.instance.node.add_dependency(group)

    def _secret(self, id: str, user: str, what: str) -> secretsmanager.Secret:
        """A generated password and its user, in the form that RDS and its rotation functions know."""
        secret = secretsmanager.Secret(
            self,
            id,
            description=what,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=json.dumps({"username": user}),
                generate_string_key="password",
                password_length=48,
                exclude_punctuation=True,
            ),
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        return secret
