"""The migration of a release: run once, before any machine changes."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.parts.database import NAME, ManagedPostgres
from stacks.parts.functions import ServiceFunction
from stacks.parts.network import ZonedNetwork
from stacks.settings import Cpu


class Migration(Construct):
    """Brings the database up to a release; what depends on this changes after it, or not at all.

    Its first run makes the database's roles. On the way back it does nothing: migrations fit the version before them.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        network: ZonedNetwork,
        database: ManagedPostgres,
        image: ecr_assets.DockerImageAsset,
        cpu: Cpu,
        log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, id)
        self.function = migrator = ServiceFunction(
            self,
            "Migrator",
            what="Migrates the database, once a release",
            handler="fines.functions.migration.handler",
            network=network,
            image=image,
            cpu=cpu,
            log_retention=log_retention,
            minutes=15,
            retry_attempts=0,  # what ran out of time may hold locks still, and the deployment has failed by then
            environment={
                "DATABASE_HOST": database.host,
                "DATABASE_NAME": NAME,
                "MASTER_SECRET_ARN": database.master.secret_arn,
                "MIGRATOR_SECRET_ARN": database.migrator.secret_arn,
                "READER_SECRET_ARN": database.reader.secret_arn,
                "SERVICE_SECRET_ARN": database.service.secret_arn,
            },
        )
        secrets = database.secrets
        migrator.allow(
            "ReadTheSecretsOfTheDatabase",
            "secretsmanager:GetSecretValue",
            on=[secret.secret_arn for secret in secrets],
        )
        database.admit(migrator.security_group, who="The function that migrates")
        done = cdk.CustomResource(
            self,
            "Done",
            service_token=migrator.function.function_arn,
            resource_type="Custom::Migration",
            service_timeout=cdk.Duration.minutes(
                16
            ),  # a function that ends without a word fails the deployment a minute later
            properties={"Release": image.asset_hash},
        )
        # reached only once its rule is there, and by way of the NAT gateways
        done.node.add_dependency(
            database.instance, database.security_group, network.vpc.internet_connectivity_established
        )
