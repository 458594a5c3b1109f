"""A node of the cluster: containerd, kubelet and kube-proxy in namespaces of their own, on this system's kernel.

A node has its own network, host name and mounts, and its control groups; what is mounted for its pods ends with its last
process. Pods have addresses of the node's subnet, as EKS's VPC CNI gives them: the node answers for them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from rehearsal.kubernetes import groups, kubeconfig, node_files, runtime
from rehearsal.kubernetes.control_plane import ControlPlane
from rehearsal.kubernetes.node_files import PLUGINS, SOCKET, NodeFacts
from rehearsal.kubernetes.place import ClusterError, Place
from rehearsal.machines.network import BRIDGE, RESOLVER
from rehearsal.machines.traces import start_time

_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
_SECONDS = 60
_BOUND = ("run", "var/log", "var/lib")  # of which a node has its own: nothing that lies there is seen outside


@dataclass(frozen=True)
class Node:
    """A node that was started."""

    facts: NodeFacts
    place: Place
    short: str  # what its namespace, links and control groups are called

    @property
    def home(self) -> Path:
        return self.place.home / "nodes" / self.short

    @property
    def files(self) -> Path:
        """What its programs read."""
        return self.home / "etc"

    @property
    def holder(self) -> int:
        """The process that holds its namespaces."""
        return int((self.home / "holder").read_text())

    @property
    def alive(self) -> bool:
        return start_time(self.holder) is not None

    @classmethod
    def start(cls, place: Place, plane: ControlPlane, facts: NodeFacts, *, number: int) -> Node:
        """Starts a node; returns while it is still registering. `number` is this node's alone in the network.

        Raises:
            ClusterError: a part of it does not start; with its last words.
        """
        if not Path(PLUGINS, "bridge").exists():
            raise ClusterError(
                "pods cannot be joined to a network: install Debian's package containernetworking-plugins"
            )
        node = cls(facts, place, f"{place.network.namespace}-n{number}")
        node.home.mkdir(parents=True)
        for folder in _BOUND:
            (node.home / folder).mkdir(parents=True)
        node.files.mkdir()
        own = groups.make(node.short, place.traces)
        node._make_network(number)
        node._hold(own)
        node._furnish(plane)
        node._run("containerd", own, "--config", str(node.files / "containerd.toml"))
        node._await_runtime()
        node.take_images()
        node._run(
            "kubelet",
            own,
            f"--config={node.files}/kubelet.json",
            f"--kubeconfig={node.files}/kubeconfig.json",
            f"--hostname-override={facts.name}",
            f"--node-ip={facts.address}",
            f"--node-labels={','.join(f'{key}={value}' for key, value in node.labels.items())}",
            "--v=1",
        )
        node._run("kube-proxy", own, f"--config={node.files}/proxy.json", f"--hostname-override={facts.name}")
        return node

    @property
    def labels(self) -> dict[str, str]:
        """What kubelet says of the node beside Kubernetes' own."""
        region = self.facts.zone.rstrip("abcdefghijklmnopqrstuvwxyz")
        own = {"topology.kubernetes.io/zone": self.facts.zone, "topology.kubernetes.io/region": region}
        return own | dict(self.facts.labels)

    def inside(self, *command: str) -> list[str]:
        """The command line that runs a command on the node."""
        return ["nsenter", "--target", str(self.holder), "--mount", "--uts", "--net", "--", *command]

    def take_images(self) -> None:
        """Takes over the images (OCI archives) that lie ready for the cluster's nodes.

        Raises:
            ClusterError: containerd refuses one.
        """
        for archive in sorted((self.place.home / "images").glob("*.tar")):
            done = subprocess.run(
                self.inside(
                    str(self.place.programs.path("ctr")),
                    *("--address", SOCKET, "--namespace", "k8s.io", "images", "import", "--digests=false"),
                    str(archive),
                ),
                check=False,
                capture_output=True,
                text=True,
            )
            if done.returncode:
                raise ClusterError(f"{self.facts.name} takes no image {archive.name}: {done.stderr.strip()[-400:]}")

    def cut_power(self) -> None:
        """Ends all that runs on the node at once, and its link; the cluster is told nothing."""
        groups.kill(self.short)
        # Its network would go on answering for its pods' addresses.
        link = ["ip", "-netns", self.short, "link", "delete", "eth0"]
        subprocess.run(link, check=False, capture_output=True)  # which is gone where this is done again

    def _make_network(self, number: int) -> None:
        network, facts = self.place.network, self.facts
        self.place.traces.add("namespace", name=self.short)
        outer = f"node{number}"
        _ip("netns", "add", self.short)
        _ip(*f"-netns {network.namespace} link add {outer} type veth peer name eth0 netns {self.short}".split())
        _ip("-netns", network.namespace, "link", "set", outer, "master", BRIDGE, "up")
        for words in (
            "link set lo up",
            "link set eth0 up",
            f"address add {facts.address}/{facts.prefix} dev eth0",
            f"route add default via {facts.router}",
        ):
            _ip("-netns", self.short, *words.split())
        settings = {
            "net.ipv4.ip_forward": "1",
            "net.ipv4.conf.eth0.proxy_arp": "1",  # the node answers for its pods, whose addresses are of its subnet
            "net.bridge.bridge-nf-call-iptables": "1",  # what pods of one node send each other passes its rules too
        }
        for key, value in settings.items():
            done = subprocess.run(
                ["nsenter", f"--net=/run/netns/{self.short}", "--", "sysctl", "-qw", f"{key}={value}"],
                check=False,
                capture_output=True,
                text=True,
            )
            if done.returncode:
                raise ClusterError(f"{facts.name}: {key} cannot be set: {done.stderr.strip()}")

    def _hold(self, own: list[Path]) -> None:
        """Makes the node's other namespaces: the folders that it has of its own are mounted in them."""
        mounts = "\n".join(f"mount --bind {self.home}/{folder} /{folder}" for folder in _BOUND)
        script = f"""set -e
            mount --make-rshared /
            {mounts}
            mkdir -p /run/netns /run/containerd
            hostname {self.facts.name}
            echo $$ > {self.home}/holder.new; mv {self.home}/holder.new {self.home}/holder
            exec sleep infinity
        """
        self._spawn(
            "holder",
            own,
            [
                *("nsenter", f"--net=/run/netns/{self.short}", "--"),
                *("unshare", "--mount", "--uts", "--propagation", "private", "--", "sh", "-c", script),
            ],
        )
        deadline = time.monotonic() + _SECONDS
        while not (self.home / "holder").exists():
            if time.monotonic() > deadline:
                raise ClusterError(f"{self.facts.name} has no namespaces: {self._last_words('holder')}")
            time.sleep(0.02)

    def _furnish(self, plane: ControlPlane) -> None:
        """Writes what its programs read."""
        name, files = self.facts.name, self.files
        own = plane.certificates.issue(
            self.short, name, self.facts.address, common_name=f"system:node:{name}", group="system:nodes"
        )
        proxy = plane.certificates.issue(f"{self.short}-proxy", common_name="system:kube-proxy")
        kubeconfig.write(files / "kubeconfig.json", server=plane.server, authority=plane.authority, user=own)
        kubeconfig.write(files / "proxy-user.json", server=plane.server, authority=plane.authority, user=proxy)
        for file, source in (
            ("authority.pem", plane.authority),
            ("node.pem", own.certificate),
            ("node.key", own.key),
        ):
            (files / file).touch(mode=0o600)
            (files / file).write_bytes(source.read_bytes())
        bundle = files / "authorities.pem"
        own_authority = self.place.authority.read_text() if self.place.authority else ""
        bundle.write_text(_AUTHORITIES.read_text() + own_authority)
        runtime.write(files / "runc", runc=_runc(), bundle=bundle)
        (files / "resolv.conf").write_text(f"nameserver {RESOLVER}\n")
        (files / "containerd.toml").write_text(node_files.CONTAINERD.format(files=files))
        if registry := self.place.registry:
            (files / "registries/_default").mkdir(parents=True)
            (files / "registries/_default/hosts.toml").write_text(node_files.REGISTRY.format(registry=registry))
        (files / "kubelet.json").write_text(
            json.dumps(node_files.kubelet(self.facts, files, group=self.short), indent=1)
        )
        (files / "proxy.json").write_text(json.dumps(node_files.proxy(files), indent=1))
        network = files / "networks"
        network.mkdir()
        (network / "10-pods.conflist").write_text(json.dumps(node_files.network(self.facts.pods), indent=1))

    def _run(self, program: str, own: list[Path], *words: str) -> None:
        place = str(self.place.programs.path(program))
        found = f"PATH={self.place.programs.search_path}:{os.environ['PATH']}"
        self._spawn(program, own, self.inside("env", found, place, *words))

    def _spawn(self, program: str, own: list[Path], command: list[str]) -> None:
        enter = 'for group in $GROUPS_OF_NODE; do echo $$ > "$group/cgroup.procs"; done; exec "$@"'
        with (self.place.logs / f"{self.short}-{program}.log").open("wb") as log:
            process = subprocess.Popen(
                ["sh", "-c", enter, "sh", *command],
                env={**os.environ, "GROUPS_OF_NODE": " ".join(map(str, own))},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.place.traces.process(process)

    def _await_runtime(self) -> None:
        deadline = time.monotonic() + _SECONDS
        command = self.inside(str(self.place.programs.path("ctr")), "--address", SOCKET, "version")
        while (done := subprocess.run(command, check=False, capture_output=True, text=True)).returncode:
            if time.monotonic() > deadline:
                said = self._last_words("containerd")
                raise ClusterError(f"containerd of {self.facts.name} does not answer: {done.stderr.strip()}\n{said}")
            time.sleep(0.2)

    def _last_words(self, program: str) -> str:
        return self.place.last_words(f"{self.short}-{program}")


def _runc() -> str:
    found = shutil.which("runc", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None:
        raise ClusterError("runc is not there: install Debian's package runc")
    return found


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], check=False, capture_output=True, text=True)
    if done.returncode:
        raise ClusterError(f"ip {' '.join(words)}: {done.stderr.strip()}")
