"""What stands behind EKS: real Kubernetes, a control plane and nodes of this system's own, in the subnets of the template.

MiniStack keeps the books: clusters, node groups, access entries, and whose a token is. A node group has as many nodes as it is to
have at first; a node that loses power is replaced, as its Auto Scaling group does.
"""

from __future__ import annotations

import base64
import ipaddress
import logging
import secrets
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from ministack.services import ec2, eks

from rehearsal.cloud.cluster_access import authenticator, whose
from rehearsal.cloud.cluster_records import await_books, camel, make_group, note
from rehearsal.cloud.collectors import Collectors
from rehearsal.cloud.companions import Companions
from rehearsal.cloud.ec2 import Ec2
from rehearsal.cloud.eks import teach
from rehearsal.cloud.keeping import keep
from rehearsal.cloud.names import Names
from rehearsal.cloud.node_groups import NodeGroup, size_at_first
from rehearsal.cloud.policies import Properties
from rehearsal.cloud.provisioning import replaced
from rehearsal.kubernetes import programs
from rehearsal.kubernetes.cluster import ADDONS, Cluster
from rehearsal.kubernetes.node import Node
from rehearsal.kubernetes.node_files import NodeFacts
from rehearsal.kubernetes.place import OwnTraces, Place
from rehearsal.machines.network import Network
from rehearsal.machines.traces import Traces, end
from rehearsal.places import Run

log = logging.getLogger("rehearsal.clusters")
CLUSTER, NODES = "AWS::EKS::Cluster", "AWS::EKS::Nodegroup"
NOTICE = 3.0  # seconds after which a node without power is replaced; on AWS, some minutes
_READY_SECONDS = 120.0


@dataclass
class _Running:
    cluster: Cluster
    endpoint: str
    groups: dict[str, NodeGroup] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)


class Clusters:
    """Plays the clusters of all stacks."""

    def __init__(
        self,
        *,
        run: Run,
        network: Network,
        traces: Traces,
        machines: Ec2,
        names: Names,
        companions: Companions,
        collectors: Collectors,
        region: str,
        port: int,
    ) -> None:
        """`port` is MiniStack's own, in the network of the rehearsal."""
        self._companions, self._collectors = companions, collectors
        self._run, self._network, self._traces, self._machines, self._names = run, network, traces, machines, names
        self._region, self._port = region, port
        self._running: dict[str, _Running] = {}
        self._plain = replaced(CLUSTER, create=self._create, update=self._update, delete=self._delete)
        self._plain_nodes = replaced(NODES, create=self._create_nodes, delete=self._delete_nodes)
        teach(self._added)
        eks._authenticate_token_review = whose
        # MiniStack makes rules of access policies by commands in a container of its own: here they go to the cluster.
        eks._get_docker = lambda: None
        eks._k3s_exec = self._command
        keep("the nodes", self._heal_all, region=region, every=1)
        keep("the logs of pods", self._collect, region=region, every=1)

    # behind CloudFormation

    def _create(self, logical_id: str, properties: Properties, stack: str) -> tuple[str, Properties]:
        name, attributes = self._plain["create"](logical_id, properties, stack)
        try:
            return name, attributes | self._start(name, properties)
        except BaseException:
            self._delete(name, properties)
            raise

    def _start(self, name: str, properties: Properties) -> Properties:
        """Starts the cluster that MiniStack has a record of; returns what it tells of itself."""
        record = eks._clusters[name]
        await_books(record)
        note(record, properties)
        network = record["resourcesVpcConfig"]
        group = network["clusterSecurityGroupId"]
        make_group(group, name, properties["ResourcesVpcConfig"]["SubnetIds"][0])
        subnets = [ec2._subnets[each]["CidrBlock"] for each in properties["ResourcesVpcConfig"]["SubnetIds"]]
        for each in subnets:
            self._network.add_subnet(each)
        own = [group, *properties["ResourcesVpcConfig"].get("SecurityGroupIds", [])]
        address, _ = self._machines.join(subnets[0], groups=own)
        endpoint = f"{secrets.token_hex(16).upper()}.gr7.{self._region}.eks.amazonaws.com"
        home = self._run.home / "clusters" / name
        home.mkdir(parents=True)
        place = Place(
            name,
            home,
            self._network,
            OwnTraces(home / "traces.jsonl", self._traces),
            programs.ensure(lambda what: log.info("%s", what)),
            registry=f"{self._network.cloud}:{self._port}",
            authority=self._run.authority,
            log_folder=self._run.logs,
        )
        cluster = Cluster.start(
            place,
            address=address,
            names=(endpoint.lower(),),
            issuer=record["identity"]["oidc"]["issuer"],
            authenticator=authenticator(home / "authenticator.json", record, port=self._port),
        )
        cluster.enforce_policies()
        self._companions.join(cluster)
        self._running[name] = _Running(cluster, endpoint)
        self._names.lead(endpoint.lower(), [address])
        record["endpoint"] = f"https://{endpoint}"
        record["certificateAuthority"]["data"] = base64.b64encode(cluster.plane.authority.read_bytes()).decode()
        record["_docker_id"] = name
        eks._get_docker = _Containers
        eks._schedule_access_policy_reconcile(name)
        log.info("the cluster %s is ready at %s (%s)", name, endpoint, address)
        return {
            "Endpoint": record["endpoint"],
            "CertificateAuthorityData": record["certificateAuthority"]["data"],
            "ClusterSecurityGroupId": group,
        }

    def _update(
        self, physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None
    ) -> Any:
        made = self._plain["update"](physical_id, old, new, stack, logical_id)
        if made[0] != physical_id:
            raise ValueError("a cluster that is replaced is not played here")
        note(eks._clusters[physical_id], new)
        return made

    def _delete(self, physical_id: str, properties: Properties) -> None:
        own = Traces(self._run.home / "clusters" / physical_id / "traces.jsonl")
        if running := self._running.pop(physical_id, None):
            for group in running.groups.values():
                self._end_nodes(group)
            self._machines.leave(running.cluster.plane.address)
            self._names.lead(running.endpoint.lower(), [])
        if left := end(reversed(own.all())):
            raise OSError("; ".join(left))
        if (record := eks._clusters.get(physical_id)) is not None:
            record["_docker_id"] = None
            ec2._security_groups.pop(record["resourcesVpcConfig"]["clusterSecurityGroupId"], None)
        self._plain["delete"](physical_id, properties)

    def _create_nodes(self, logical_id: str, properties: Properties, stack: str) -> tuple[str, Properties]:
        wanted = size_at_first(properties.get("ScalingConfig", {}))
        name, attributes = self._plain_nodes["create"](logical_id, properties, stack)
        running = self._running[properties["ClusterName"]]
        group = NodeGroup(name, properties)
        with running.lock:
            running.groups[name] = group
            for _ in range(wanted):
                self._add_node(running, group)
        running.cluster.await_nodes(len(running.cluster.nodes), seconds=_READY_SECONDS)
        record = eks._nodegroups[f"{properties['ClusterName']}/{name}"]
        record.setdefault("scalingConfig", {})["desiredSize"] = wanted
        record["nodeRepairConfig"] = camel(properties.get("NodeRepairConfig", {}))
        log.info("the node group %s has %d nodes", name, wanted)
        return name, attributes

    def _delete_nodes(self, physical_id: str, properties: Properties) -> None:
        running = self._running.get(properties.get("ClusterName", ""))
        if running and (group := running.groups.pop(physical_id, None)):
            with running.lock:
                self._end_nodes(group)
        self._plain_nodes["delete"](physical_id, properties)

    def _added(self, cluster: str, addon: str) -> None:
        """What of an add-on is real here comes with it: names, and the figures that pods are scaled by."""
        if addon in ADDONS:
            self._running[cluster].cluster.add(addon)

    # nodes

    def _add_node(self, running: _Running, group: NodeGroup) -> Node:
        zones = [node.facts.zone for node in group.nodes]
        subnets = [ec2._subnets[each] for each in group.properties["Subnets"]]
        subnet = min(subnets, key=lambda each: zones.count(each["AvailabilityZone"]))
        security = [running_record(running)["resourcesVpcConfig"]["clusterSecurityGroupId"]]
        cidr = subnet["CidrBlock"]
        router = self._network.add_subnet(cidr)
        pods = self._machines.join_range(cidr, groups=security)
        address, _ = self._machines.join(cidr, groups=security)
        kind = (group.properties.get("InstanceTypes") or ["t3.medium"])[0]
        facts = NodeFacts(
            name=f"ip-{address.replace('.', '-')}.ec2.internal",
            address=address,
            router=router,
            prefix=ipaddress.ip_network(cidr).prefixlen,
            pods=pods,
            zone=subnet["AvailabilityZone"],
            instance=f"i-{secrets.token_hex(8)}1",
            labels={
                "eks.amazonaws.com/nodegroup": group.name,
                "eks.amazonaws.com/capacityType": group.properties.get("CapacityType", "ON_DEMAND"),
                "node.kubernetes.io/instance-type": kind,
                **group.properties.get("Labels", {}),
            },
        )
        node = running.cluster.add_node(facts)
        self._companions.serve_node(node)
        group.nodes.append(node)
        log.info("node group %s: %s is %s in %s", group.name, facts.name, facts.instance, facts.zone)
        return node

    def _end_nodes(self, group: NodeGroup) -> None:
        for node in group.nodes:
            node.cut_power()
            self._machines.leave(node.facts.address)
            self._machines.leave(node.facts.pods)
        group.nodes.clear()

    def _heal_all(self) -> None:
        for running in list(self._running.values()):
            running.cluster.keep_enforcing()
            for group in list(running.groups.values()):
                for node in [each for each in group.nodes if not each.alive]:
                    since = group.died.setdefault(node.short, time.monotonic())
                    if time.monotonic() - since >= NOTICE:
                        with running.lock:
                            log.warning("node group %s: %s has no power and is replaced", group.name, node.facts.name)
                            node.cut_power()
                            group.nodes.remove(node)
                            running.cluster.nodes.remove(node)
                            self._machines.leave(node.facts.address)
                            self._machines.leave(node.facts.pods)
                            running.cluster.kubectl("delete", "node", node.facts.name, "--ignore-not-found")
                            self._add_node(running, group)

    def _collect(self) -> None:
        for name, running in list(self._running.items()):
            nodes = [node for group in list(running.groups.values()) for node in list(group.nodes)]
            self._collectors.step(name, [node for node in nodes if node.alive])

    # what MiniStack would do in a container of its own

    def _command(self, container: str, command: list[str]) -> tuple[int, str]:
        """A command that MiniStack would run in the cluster's container: kubectl, or a shell that pipes into it."""
        plane = self._running[container].cluster.plane
        tools = plane.place.programs.search_path
        done = subprocess.run(
            ["env", f"PATH={tools}:/usr/bin:/bin", f"KUBECONFIG={plane.admin}", *command],
            check=False,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout if not done.returncode else done.stderr


class _Containers:
    """What MiniStack asks Docker for: a cluster's container, which here is only its name."""

    containers: Any

    def __init__(self) -> None:
        self.containers = self

    def get(self, name: str) -> str:
        return name


def running_record(running: _Running) -> Properties:
    """MiniStack's record of a cluster."""
    found: Properties = eks._clusters[running.cluster.place.name]
    return found
