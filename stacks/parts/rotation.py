"""The rotation of the database's passwords: by a schedule, by a function of ours, with two users of the service in turns."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
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
        self.function = rotator = ServiceFunction(
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
        secrets = database.secrets
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
        # For this account's secrets alone: Secrets Manager calls for whoever names the function in a schedule.
        asked = lambda_.CfnPermission(
            self,
            "Asked",
            action="lambda:InvokeFunction",
            function_name=rotator.function.function_arn,
            principal="secretsmanager.amazonaws.com",
            source_account=cdk.Stack.of(self).account,
        )
        for secret in secrets:
            schedule = secretsmanager.CfnRotationSchedule(
                secret,
                "Rotation",
                secret_id=secret.secret_arn,
                rotation_lambda_arn=rotator.function.function_arn,
                rotation_rules=secretsmanager.CfnRotationSchedule.RotationRulesProperty(
                    schedule_expression=f"rate({days} days)" if days > 1 else "rate(1 day)"
                ),
                rotate_immediately_on_update=False,
            )
            schedule.node.add_dependency(after, asked)
            secret.deny_account_root_delete()  # a password that is rotated cannot be made again from a template
