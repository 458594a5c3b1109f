"""What pods are told in their environment: no secret, only where each is found."""

from __future__ import annotations

from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager

from stacks.parts.database import NAME, ManagedPostgres
from stacks.parts.network import RANGE
from stacks.settings import Settings


def serving(
    settings: Settings,
    *,
    database: ManagedPostgres,
    secret: secretsmanager.ISecret,
    media: s3.IBucket,
    static_origin: str,
    namespace: str,
) -> dict[str, str]:
    """The environment of all pods of the service."""
    return {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": settings.region,
        "ALLOWED_HOSTS": f"{settings.domain},localhost,127.0.0.1",
        "DATABASE_CA": "/run/rds/rds-authorities.pem",
        "DATABASE_HOST": database.host,
        "DATABASE_NAME": NAME,
        "DATABASE_SECRET_ARN": database.service.secret_arn,
        "FINES_BALANCER_RANGE": RANGE,
        "FINES_DOMAIN": settings.domain,
        "FINES_RATE_TOKEN_PER_MINUTE": str(settings.calls_per_minute),
        "FINES_RATE_ADDRESS_PER_MINUTE": str(settings.calls_per_minute_of_an_address),
        "FINES_RATE_REPORT_PER_MINUTE": str(settings.reports_per_minute),
        "FINES_RATE_LOGIN_PER_MINUTE": str(settings.logins_per_minute),
        "FINES_STAGE": settings.stage,
        "MEDIA_BUCKET": media.bucket_name,
        "METRIC_NAMESPACE": namespace,
        "PUBLIC_URL": f"https://{settings.domain}",
        "REPORT_NEEDS_TOKEN": str(settings.report_needs_token).lower(),
        "ROOT_SECRET_ARN": secret.secret_arn,
        "SECRETS_DIR": "/run/secrets/fines",
        "STATIC_ORIGIN": static_origin,
        "TIME_ZONE": settings.timezone,
        "TOKEN_DAYS": str(settings.token_days),
    }


def beside_serving(*, database: ManagedPostgres, backups: s3.IBucket) -> dict[str, str]:
    """What those that migrate, dump and tell ages are told besides."""
    return {
        "BACKUP_BUCKET": backups.bucket_name,
        "MASTER_SECRET_ARN": database.master.secret_arn,
        "MIGRATOR_SECRET_ARN": database.migrator.secret_arn,
        "READER_SECRET_ARN": database.reader.secret_arn,
        "SERVICE_SECRET_ARN": database.service.secret_arn,
        "PASSWORD_SECRET_ARNS": " ".join(each.secret_arn for each in database.secrets),
    }
