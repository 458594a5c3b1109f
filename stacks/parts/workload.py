"""The service on Kubernetes: its namespace, its migration, its pods, what scales and schedules them, and their way to the balancer.

Manifests are files of `stacks/kubernetes`, completed here as data. What is applied after what is said here too: CloudFormation
takes all of it back in the opposite order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct, IDependable

from stacks.parts import manifests
from stacks.parts.cluster import Cluster
from stacks.parts.ground import Demand, front_files, namespace_of, policies, requests_of, settings, web_template
from stacks.parts.manifests import Manifest, containers_of, job_of, named, template_of
from stacks.parts.network import ZonedNetwork
from stacks.parts.rollout import Rollout, release_of
from stacks.peaks import clock, sizes

NAMESPACE, SERVICE = "fines", "web"


class Workload(Construct):
    """Everything of the service in the cluster. `images` are by the words that manifests name them with.

    `environment` is what the service is told, `jobs` what only those beside it are; neither holds a secret. `namespaced_after` is
    what must be there before a pod of the namespace is made, and until after the last one has gone.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        cluster: Cluster,
        rollout: Rollout,
        network: ZonedNetwork,
        version: str,
        images: Mapping[str, ecr_assets.DockerImageAsset],
        domain: str,
        environment: Mapping[str, str],
        jobs: Mapping[str, str],
        demand: Demand,
        namespaced_after: Sequence[IDependable],
    ) -> None:
        super().__init__(scope, id)
        self._cluster, self._rollout, self._version, self._images = cluster, rollout, version, images
        self._environment, self._demand = dict(environment), demand
        self._domain = domain
        namespace = self._apply("Namespace", {"namespace": namespace_of(demand, web_template())}, namespaced_after)
        ground = {
            "accounts": manifests.read("accounts"),
            "policies": policies(network),
            "settings": settings({**environment, **jobs}),
        }
        self._ground = self._apply("Ground", ground, [namespace])
        self.migrated = self._migrate()

    def serve(self, *, targets: elbv2.ApplicationTargetGroup, after: Sequence[IDependable]) -> cdk.CustomResource:
        """The pods of this release, bound to the load balancer; what is returned is there once they serve."""
        web = self._web()
        binding = manifests.read("binding")
        named(binding, "TargetGroupBinding")["spec"]["targetGroupARN"] = targets.target_group_arn
        bound = self._apply("Binding", {"binding": binding}, [self._ground])
        pods = self._apply("Pods", {"web": web}, [bound, self.migrated, *after])
        scheduled = self._apply("Schedule", {"minimum": self._schedule()}, [pods])
        beside = {"routine": self._routine(), "room": self._room()}
        self._apply("Beside", beside, [self._ground, self.migrated])
        deployment = named(web, "Deployment")
        done = self._rollout.wait(
            self,
            "Served",
            kind="Deployment",
            name=SERVICE,
            namespace=NAMESPACE,
            release=release_of(self, deployment),
            values={},
        )
        done.node.add_dependency(pods, scheduled)
        return done

    def move(self) -> None:
        """A pod in which an operator has data moved to another tier, and from it."""
        self._apply("Mover", {"mover": manifests.read("mover")}, [self._ground, self.migrated])

    def _apply(
        self, id: str, files: Mapping[str, list[Manifest]], after: Sequence[IDependable]
    ) -> eks.KubernetesManifest:
        """What is applied at once; after what is there already, and before all else when it is deleted."""
        for file, objects in files.items():
            for each in objects:
                if each["kind"] in ("CronJob", "Deployment", "Job"):
                    self._name_images(file, each)
            manifests.check(file, objects, version=self._version)
        everything = [each for objects in files.values() for each in objects]
        applied = eks.KubernetesManifest(self, id, cluster=self._cluster.cluster, manifest=everything)
        applied.node.add_dependency(*after)
        return applied

    def _name_images(self, file: str, manifest: Manifest) -> None:
        for container in containers_of(manifest):
            word = str(container.get("image"))
            if word in self._images:
                container["image"] = self._images[word].image_uri
            elif word not in {image.image_uri for image in self._images.values()}:
                raise manifests.ManifestError(
                    f"stacks/kubernetes/{file}.yaml {manifest['kind']} {manifest['metadata']['name']}: image {word!r} is none of "
                    f"{', '.join(self._images)}, which are built here"
                )

    def _migrate(self) -> cdk.CustomResource:
        """The migration's Job, by a name that no other release has; it is waited for before any pod changes."""
        found = manifests.read("migration")
        job = named(found, "Job")
        image = self._images["service"].asset_hash
        written = hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()
        job["metadata"]["name"] = name = f"migration-{image[:10]}-{written[:4]}"
        applied = self._apply("Migration", {"migration": found}, [self._ground])
        done = self._rollout.wait(
            self,
            "Migrated",
            kind="Job",
            name=name,
            namespace=NAMESPACE,
            release=f"{image[:10]}-{written[:4]}",
            values={},
        )
        done.node.add_dependency(applied)
        return done

    def _web(self) -> list[Manifest]:
        found = manifests.read("web")
        deployment = named(found, "Deployment")
        template = template_of(deployment)
        # NGINX's files are read when a pod begins: others make other pods.
        files = front_files()
        written = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
        template["metadata"]["annotations"]["fines/front-files"] = written[:10]
        told = [{"name": name, "value": value} for name, value in sorted(self._environment.items())]
        for container in containers_of(deployment):
            if container["image"] == "service":
                container["env"] = told
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                asked = container.get(probe, {}).get("httpGet")
                if asked and container["image"] == "service":
                    asked["httpHeaders"] = [*asked.get("httpHeaders", []), {"name": "Host", "value": self._domain}]
        scaler = named(found, "HorizontalPodAutoscaler")["spec"]
        scaler["maxReplicas"] = self._demand.most
        for metric in scaler["metrics"]:
            metric["containerResource"]["target"]["averageUtilization"] = self._demand.cpu_percent
        return found

    def _schedule(self) -> list[Manifest]:
        """A CronJob for each time of day at which the least number of pods changes, and a Job that sees to it now."""
        demand, made = self._demand, []
        changes = sizes(demand.peaks, demand.least) or [(0, demand.least)]
        for minute, _ in changes:
            (cron,) = manifests.read("minimum")
            at = clock(minute)
            cron["metadata"]["name"] = f"minimum-{at.replace(':', '')}"
            cron["spec"]["schedule"] = f"{minute % 60} {minute // 60} * * *"
            cron["spec"]["timeZone"] = demand.timezone
            told = {
                "MINIMUM_TIMES": json.dumps([[clock(each), pods] for each, pods in changes]),
                "MINIMUM_NAMESPACE": NAMESPACE,
                "MINIMUM_SCALER": SERVICE,
                "METRIC_NAMESPACE": self._environment["METRIC_NAMESPACE"],
                "TIME_ZONE": demand.timezone,
            }
            for container in containers_of(cron):
                container["env"] = [{"name": name, "value": value} for name, value in sorted(told.items())]
            made.append(cron)
        return [*made, self._once(made[0], "minimum")]

    def _routine(self) -> list[Manifest]:
        """What is done each night, and now: a new stack has a proven dump within minutes, and no release does twice what is there."""
        found = manifests.read("routine")
        made = [self._once(named(found, "CronJob", name), name) for name in ("dump", "drill")]
        made[1]["spec"]["backoffLimit"] = 6  # the first dump is on its way
        return [*found, *made]

    def _once(self, cron: Manifest, name: str) -> Manifest:
        """A Job of this release that does what a CronJob does."""
        job: Manifest = json.loads(json.dumps(job_of(cron, name=name)))
        job["metadata"]["name"] = f"{name}-{release_of(self, self._images['service'].asset_hash, job)}"
        return job

    def _room(self) -> list[Manifest]:
        found = manifests.read("room")
        deployment = named(found, "Deployment")
        deployment["spec"]["replicas"] = self._demand.spare
        requests = requests_of(web_template())
        for container in containers_of(deployment):
            container["resources"] = {
                "requests": {"cpu": f"{requests[0]}m", "memory": f"{requests[1]}Mi"},
                "limits": {"cpu": f"{requests[0]}m", "memory": f"{requests[1]}Mi"},
            }
        return found
