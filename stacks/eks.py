"""Tier eks: the service as pods on Kubernetes, on nodes in several zones behind a load balancer, and a managed database."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from stacks.parts import manifests
from stacks.parts.addons import BeforeNodes, OnNodes
from stacks.parts.alarms import ServiceAlarms
from stacks.parts.balancer import Balancer
from stacks.parts.cluster import Cluster
from stacks.parts.controllers import Autoscaler, LoadBalancerController
from stacks.parts.dashboard import Dashboard, pods
from stacks.parts.database import ManagedPostgres
from stacks.parts.dumps import Dumps
from stacks.parts.environment import beside_serving, serving
from stacks.parts.ground import Demand
from stacks.parts.identities import PodRoles, to_pods
from stacks.parts.image import service_image
from stacks.parts.monitoring import PodLogs, retention_of
from stacks.parts.moving import Moving
from stacks.parts.names import ServiceName
from stacks.parts.network import ZonedNetwork
from stacks.parts.nodes import Nodes
from stacks.parts.outputs import tell, tell_of_managed
from stacks.parts.people import Estate, PeopleRoles, arns, log_arn
from stacks.parts.permissions import STACK_TAG, bound
from stacks.parts.rollout import Rollout
from stacks.parts.rotation import Rotation
from stacks.parts.snapshots import Snapshots
from stacks.parts.statics import Publication, StaticFiles
from stacks.parts.storage import Buckets, RootSecret
from stacks.parts.workload import NAMESPACE, Workload
from stacks.settings import Settings

_RUNBOOK = "docs/runbook-eks.md"


class EksStack(cdk.Stack):
    """A cluster of EKS with a managed group of nodes, with RDS, S3, Route 53 and a load balancer of CloudFormation's own."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings) -> None:
        super().__init__(
            scope,
            id,
            env=cdk.Environment(region=settings.region),
            termination_protection=settings.deletion_protection,
            description="Traffic fines on Kubernetes",
        )
        cdk.Tags.of(self).add(STACK_TAG, id)
        cdk.Tags.of(self).add("fines:stage", settings.stage)
        bound(self, settings.permissions_boundary)
        for what, caution in settings.cautions.items():
            cdk.Annotations.of(self).add_warning_v2(f"fines:{what}", caution)
        namespace, retention = f"Fines/{id}", retention_of(settings.log_days)

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
        secret = RootSecret(self, "Secret", what="The root of the pods' own secrets").secret
        image = service_image(self, "Image", cpu=settings.cpu)
        images = {"service": image} | {
            stage: service_image(self, f"{stage.title()}Image", cpu=settings.cpu, stage=stage)
            for stage in ("front", "keeper")
        }
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

        cluster = Cluster(
            self,
            "Cluster",
            network=network,
            version=settings.kubernetes_version,
            public_ranges=settings.endpoint_public_ranges,
            administrator=settings.admin_role,
            log_days=settings.log_days,
            deletion_protection=settings.deletion_protection,
        )
        inside = cluster.cluster
        database.admit(inside.cluster_security_group, who="Pods, of which policies let through those that need it")
        before_nodes = BeforeNodes(self, "BeforeNodes", cluster=inside, version=settings.kubernetes_version)
        nodes = Nodes(
            self,
            "Nodes",
            network=network,
            cluster=inside,
            version=settings.kubernetes_version,
            cpu=settings.cpu,
            instance_type=settings.instance_type,
            disk_gibibytes=settings.node_disk_gb,
            release=settings.node_release,
            least=settings.min_nodes,
            most=settings.max_nodes,
            after=before_nodes,
        )
        collector = (manifests.MANIFESTS / "collector.conf").read_text()
        on_nodes = OnNodes(self, "OnNodes", cluster=inside, log_retention=retention, collector=collector)
        logs = PodLogs(self, "Logs", prefix=f"/fines/{id}", retention=retention)
        on_nodes.node.add_dependency(nodes, logs)
        autoscaler = Autoscaler(
            self, "Autoscaler", cluster=inside, version=settings.kubernetes_version, after=[on_nodes]
        )

        roles = PodRoles(self, "Roles", cluster=inside, namespace=NAMESPACE)
        roles.read("web", database.service, secret)
        roles.keep_media("web", buckets.media)
        roles.read("migration", *database.secrets)
        roles.read("cleanup", database.service)
        roles.tell_ages("ages", secrets=database.secrets, bucket=buckets.backups)
        if settings.moves_with:
            roles.read("mover", database.service)
            Moving(self, "Moving", other=settings.moves_with, role=roles.role_of("mover"), buckets=buckets)
        dumps = Dumps(
            self,
            "Dumps",
            trusted=to_pods(),
            what="What a pod calls for the nightly dump and its restore drill",
            bucket=buckets.backups,
            reader=database.reader,
        )
        roles.hand_over("dumps", dumps.role)

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
            pods=True,
        )
        inside.cluster_security_group.connections.allow_from(
            balancer.security_group, ec2.Port.tcp(443), "HTTPS of the load balancer, to pods"
        )
        controller = LoadBalancerController(
            self, "Controller", cluster=inside, network=network, targets=balancer.targets, after=[on_nodes]
        )
        rollout = Rollout(self, "Rollout", cluster=cluster, network=network, log_retention=retention)
        workload = Workload(
            self,
            "Workload",
            cluster=cluster,
            rollout=rollout,
            network=network,
            version=settings.kubernetes_version,
            images=images,
            domain=settings.domain,
            environment=serving(
                settings,
                database=database,
                secret=secret,
                media=buckets.media,
                static_origin=statics.origin,
                namespace=namespace,
            ),
            jobs=beside_serving(database=database, backups=buckets.backups),
            demand=Demand(
                least=settings.min_pods,
                most=settings.max_pods,
                spare=settings.spare_pods,
                peaks=settings.peaks,
                timezone=settings.timezone,
                cpu_percent=settings.cpu_percent,
            ),
            # The database too: its first migration is of the first deployment.
            namespaced_after=[
                *(controller, autoscaler, roles, dumps, balancer.https),
                *(database.instance, database.security_group),
            ],
        )
        served = workload.serve(targets=balancer.targets, after=[publication])
        if settings.moves_with:
            workload.move()
        rotation = Rotation(
            self,
            "Rotation",
            network=network,
            database=database,
            image=image,
            cpu=settings.cpu,
            log_retention=retention,
            days=settings.rotation_days,
            after=workload.migrated,
        )
        name.lead_to(balancer.balancer, tier=settings.tier, weight=settings.dns_weight).node.add_dependency(served)

        alarms = ServiceAlarms(
            self,
            "Alarms",
            balancer=balancer,
            database=database,
            cluster_name=id,
            certificate=name.certificate,
            functions={"Rotation": rotation.function.function},
            namespace=namespace,
            days=settings.rotation_days,
            email=settings.alarm_email,
            runbook=_RUNBOOK,
        )
        Dashboard(
            self,
            "Dashboard",
            name=id,
            namespace=namespace,
            balancer=balancer,
            database=database,
            serving=pods(balancer, id, namespace),
            alarms=alarms.all,
        )
        PeopleRoles(
            self,
            "People",
            operators=settings.operators,
            reviewers=settings.reviewers,
            deployers=settings.deployers,
            estate=Estate(
                group_name="",
                database=database,
                rotator=rotation.function.function,
                publisher=publication.function,
                dashboard=id,
                logs=arns([logs.service, logs.jobs, rollout.log, rotation.function.log, publication.log]),
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
            runbook=_RUNBOOK,
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
        tell(self, "ClusterName", inside.cluster_name, "The cluster, for aws eks update-kubeconfig")
        tell(self, "DatabaseHost", database.host, "The database, reached from pods alone")
        tell(self, "SecretArn", secret.secret_arn, "The root of the pods' own secrets")
