"""Tier asg: machines that come and go with demand, in several zones behind a load balancer, and a managed database."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from stacks.parts.alarms import ServiceAlarms
from stacks.parts.balancer import Balancer
from stacks.parts.dashboard import Dashboard, machines
from stacks.parts.database import NAME, ManagedPostgres
from stacks.parts.dumps import Dumps
from stacks.parts.fleet import SERVING_HOOK, Fleet
from stacks.parts.image import service_image
from stacks.parts.machine import GROUP_LOGICAL_ID, HOOK, HOST_FILES, debian
from stacks.parts.migration import Migration
from stacks.parts.monitoring import HostLogs, retention_of
from stacks.parts.moving import Moving
from stacks.parts.names import ServiceName
from stacks.parts.network import ZonedNetwork
from stacks.parts.outputs import tell, tell_of_managed
from stacks.parts.people import Estate, PeopleRoles, arns, log_arn
from stacks.parts.permissions import STACK_TAG, HostRoles, bound
from stacks.parts.rotation import Rotation
from stacks.parts.scaling import Scaling
from stacks.parts.snapshots import Snapshots
from stacks.parts.statics import Publication, StaticFiles
from stacks.parts.storage import Buckets, RootSecret
from stacks.settings import Settings

# RDS is the database, Route 53 the name server, ACM the authority: a machine of this tier has none of what plays them.
_OF_ANOTHER_TIER = [
    "README.md",
    "postgresql",
    "apt-database.conf",
    "containers/local-database.conf",
    *(
        f"steps/{name}"
        for name in ("address", "backups", "data", "database", "dns", "escrow", "packages-database", "volume")
    ),
    *(f"bin/{name}" for name in ("backup", "certificate", "configure-*", "drill", "escrow", "metrics", "publish-ds")),
    *("bin/archive-get", "bin/go-on", "bin/tune-postgresql", "systemd/on-the-volume.conf"),
    *(
        f"systemd/fines-{name}.*"
        for name in ("backup", "certificate", "data", "drill", "escrow", "metrics", "publish-ds")
    ),
]


class AsgStack(cdk.Stack):
    """An Auto Scaling group of EC2 machines behind a load balancer, with RDS, S3 and Route 53."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings) -> None:
        super().__init__(
            scope,
            id,
            env=cdk.Environment(region=settings.region),
            termination_protection=settings.deletion_protection,
            description="Traffic fines on machines behind a load balancer",
        )
        cdk.Tags.of(self).add(STACK_TAG, id)
        cdk.Tags.of(self).add("fines:stage", settings.stage)
        bound(self, settings.permissions_boundary)
        namespace, log_prefix = f"Fines/{id}", f"/fines/{settings.stage}/{settings.tier}"
        retention = retention_of(settings.log_days)

        network = ZonedNetwork(
            self, "Network", zones=settings.zones, nat_gateways=settings.nat_gateways, log_retention=retention
        )
        buckets = Buckets(
            self, "Buckets", backup_days=settings.backup_days, media_days=settings.media_days, backups_expire=True
        )
        database = ManagedPostgres(
            self,
            "Database",
            name=id,
            network=network,
            instance_class=settings.database_class,
            gibibytes=settings.database_gb,
            most_gibibytes=settings.database_max_gb,
            backup_days=settings.backup_days,
            log_retention=retention,
            deletion_protection=settings.deletion_protection,
        )
        secret = RootSecret(self, "Secret", what="The root of all secrets of the machines' own").secret
        image = service_image(self, "Image", cpu=settings.cpu)
        migration = Migration(
            self,
            "Migration",
            network=network,
            database=database,
            image=image,
            cpu=settings.cpu,
            log_retention=retention,
        )
        rotation = Rotation(
            self,
            "Rotation",
            network=network,
            database=database,
            image=image,
            cpu=settings.cpu,
            log_retention=retention,
            days=settings.rotation_days,
            after=migration,
        )
        static_bucket = buckets.static_files()
        statics = StaticFiles(self, "StaticFiles", bucket=static_bucket, pages=f"https://{settings.domain}")
        publication = Publication(
            self,
            "Publication",
            network=network,
            bucket=static_bucket,
            image=image,
            cpu=settings.cpu,
            log_retention=retention,
        )
        host_files = s3_assets.Asset(self, "HostFiles", path=str(HOST_FILES), exclude=_OF_ANOTHER_TIER)

        roles = HostRoles(self, "Roles")
        roles.fetch_host_files(host_files)
        roles.read_secret(secret)
        roles.pull(image)
        roles.keep_media(buckets.media)
        roles.read_in_containers(database.service)
        roles.tell_ages(database.secrets)
        roles.report(namespace=namespace, log_prefix=log_prefix)
        roles.signal(group_name=id)
        roles.be_reached()
        if settings.moves_with:
            Moving(self, "Moving", other=settings.moves_with, role=roles.host, buckets=buckets)
        dumps = Dumps(
            self,
            "Dumps",
            trusted=iam.ArnPrincipal(roles.host.role_arn),
            what="What a machine calls for the nightly dump and its restore drill",
            bucket=buckets.backups,
            reader=database.reader,
        )
        roles.take(dumps.role, sid="TakeTheDumpsRole")

        name = ServiceName(
            self,
            "Name",
            domain=settings.domain,
            zone_id=settings.hosted_zone_id,
            zone_name=settings.hosted_zone_name,
            certificate_arn=settings.certificate_arn,
        )
        balancer = Balancer(
            self,
            "Balancer",
            network=network,
            certificate=name.certificate,
            access_logs=buckets.logs,
            deletion_protection=settings.deletion_protection,
        )
        alarms = ServiceAlarms(
            self,
            "Alarms",
            balancer=balancer,
            database=database,
            group_name=id,
            certificate=name.certificate,
            functions={"Migration": migration.function.function, "Rotation": rotation.function.function},
            namespace=namespace,
            days=settings.rotation_days,
            email=settings.alarm_email,
            runbook="docs/runbook-asg.md",
        )
        fleet = Fleet(
            self,
            "Fleet",
            network=network,
            balancer=balancer,
            role=roles.host,
            instance_type=settings.instance_type,
            disk_gibibytes=settings.machine_disk_gb,
            machine_image=debian(settings),
            least=settings.min_machines,
            most=settings.max_machines,
            stop_on=[alarms.release] if settings.stop_on_alarm else [],
            after=migration,
            environment={
                "FINES_STACK": id,
                "FINES_STAGE": settings.stage,
                "FINES_TIER": settings.tier,
                "FINES_REGION": settings.region,
                "AWS_DEFAULT_REGION": settings.region,
                "FINES_DOMAIN": settings.domain,
                "FINES_TIMEZONE": settings.timezone,
                "FINES_HOST_ASSET": host_files.s3_object_url,
                "FINES_IMAGE": image.image_uri,
                "FINES_APP_CONTAINERS": str(settings.app_containers),
                "FINES_SECRET_ARN": secret.secret_arn,
                "FINES_DATABASE_HOST": database.host,
                "FINES_DATABASE_NAME": NAME,
                "FINES_DATABASE_SECRET_ARN": database.service.secret_arn,
                "FINES_PASSWORD_SECRET_ARNS": " ".join(secret.secret_arn for secret in database.secrets),
                "FINES_READER_SECRET_ARN": database.reader.secret_arn,
                "FINES_BACKUP_BUCKET": buckets.backups.bucket_name,
                "FINES_DUMPS_ROLE_ARN": dumps.role.role_arn,
                "FINES_MEDIA_BUCKET": buckets.media.bucket_name,
                "FINES_STATIC_ORIGIN": statics.origin,
                "FINES_APP_ROLE_ARN": roles.app.role_arn,
                "FINES_GROUP_LOGICAL_ID": GROUP_LOGICAL_ID,
                "FINES_GROUP_NAME": id,
                "FINES_HOOK_NAME": HOOK,
                "FINES_SERVING_HOOK_NAME": SERVING_HOOK,
                "FINES_BALANCER_RANGE": network.vpc.vpc_cidr_block,
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
        fleet.group.node.add_dependency(roles, dumps, publication)
        Scaling(
            self,
            "Scaling",
            fleet=fleet,
            balancer=balancer,
            peaks=settings.peaks,
            timezone=settings.timezone,
            least=settings.min_machines,
            requests_per_machine=settings.requests_per_machine,
            cpu_percent=settings.cpu_percent,
        )
        database.admit(fleet.security_group, who="The machines")
        name.lead_to(balancer.balancer, tier=settings.tier, weight=settings.dns_weight)

        logs = HostLogs(self, "Logs", prefix=log_prefix, retention=retention)
        Dashboard(
            self,
            "Dashboard",
            name=id,
            namespace=namespace,
            balancer=balancer,
            database=database,
            serving=machines(balancer, id),
            alarms=alarms.all,
        )
        PeopleRoles(
            self,
            "People",
            operators=settings.operators,
            reviewers=settings.reviewers,
            deployers=settings.deployers,
            estate=Estate(
                group_name=id,
                database=database,
                rotator=rotation.function.function,
                publisher=publication.function,
                dashboard=id,
                logs=arns([logs.host, logs.service, migration.function.log, rotation.function.log, publication.log]),
                # of clients, and of whoever logs in to the database: names and addresses
                intimate_logs=[logs.access.log_group_arn, log_arn(self, database.log_group_name)],
                moves_with=settings.moves_with,
                zone_id=settings.hosted_zone_id,
            ),
        )
        snapshots = Snapshots(
            self,
            "Snapshots",
            database=database,
            days=settings.backup_days,
            topic=alarms.topic,
            runbook="docs/runbook-asg.md",
        )

        tell_of_managed(
            self,
            domain=settings.domain,
            balancer=balancer,
            database=database,
            buckets=buckets,
            snapshots=snapshots,
            statics=statics,
            publication=publication,
            alarms=alarms,
            dashboard=id,
        )
        tell(self, "GroupName", fleet.group.ref, "The Auto Scaling group of the machines")
        tell(self, "DatabaseHost", database.host, "The database, reached from the machines alone")
        tell(self, "SecretArn", secret.secret_arn, "The root of the machines' own secrets")
