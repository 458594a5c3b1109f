"""The rotation of the database's passwords: by a schedule, by a function of ours, with two users of the service in turns."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_logs as logs
from constructs import Construct, IDependable

from stacks.parts.database import NAME, ManagedPostgres
from stacks.parts.functions import ServiceFunction
from stacks.parts.network import ZonedNetwork
from stacks.settings import Cpu


class Rotation(Construct):
    """Gives each of the database's secrets a new value each `days`, the first time so long after it was made.

    The service's secret names its two users in turns, so that a password that somebody still holds works on until the
    next rotation. `after` is what makes the users.
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
        days: int,
        after: IDependable,
    ) -> None:
        super().__init__(scope, id)
        rotator = ServiceFunction(
            self,
            "Rotator",
            what="Gives the users of the database new passwords",
            handler="fines.functions.rotation.handler",
            network=network,
            image=image,
            cpu=cpu,
            log_retention=log_retention,
            minutes=1,
            environment={
                "DATABASE_HOST": database.host,
                "DATABASE_NAME": NAME,
                "MASTER_SECRET_ARN": database.master.secret_arn,
                "SERVICE_SECRET_ARN": database.service.secret_arn,
            },
        )
        secrets = (database.master, database.migrator, database.service)
        rotator.allow(
            "RotateTheSecretsOfTheDatabase",
            "secretsmanager:DescribeSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:PutSecretValue",
            "secretsmanager:UpdateSecretVersionStage",
            on=[secret.secret_arn for secret in secrets],
        )
        rotator.allow("InventPasswords", "secretsmanager:GetRandomPassword", on=["*"])
        database.admit(rotator.security_group, who="The function that rotates passwords")
        for secret in secrets:
            schedule = secret.add_rotation_schedule(
                "Rotation",
                rotation_lambda=rotator.function,
                automatically_after=cdk.Duration.days(days),
                rotate_immediately_on_update=False,
            )
            schedule.node.add_dependency(after)
