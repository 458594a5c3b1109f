"""A cluster of real Kubernetes, built and run here: a control plane and its nodes."""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal.kubernetes import images
from rehearsal.kubernetes.control_plane import ControlPlane
from rehearsal.kubernetes.node import Node
from rehearsal.kubernetes.node_files import SANDBOX, NodeFacts
from rehearsal.kubernetes.place import ClusterError, Place
from rehearsal.places import PROJECT

log = logging.getLogger("rehearsal.cluster")
_MANIFESTS = Path(__file__).resolve().parent / "addons"
ADDONS = ("coredns", "metrics-server")


@dataclass
class Cluster:
    """A running cluster. Nodes come and go; what it has put on this system ends with the place's traces."""

    place: Place
    plane: ControlPlane
    nodes: list[Node] = field(default_factory=list)
    _numbers: int = 0
    _enforcer: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(
        cls, place: Place, *, address: str, issuer: str, names: tuple[str, ...] = (), authenticator: Path | None = None
    ) -> Cluster:
        """Starts a control plane, without a node; `address` is of a subnet that the network's bridge serves.

        Raises:
            ClusterError: a part of it does not start; with its last words.
        """
        place.home.mkdir(parents=True, exist_ok=True)
        lying = place.home / "images"
        lying.mkdir(exist_ok=True)
        images.of_program(place.programs.path("pause"), lying / "pause.tar", name=SANDBOX)
        for addon in ADDONS:
            images.of_program(place.programs.path(addon), lying / f"{addon}.tar", name=f"rehearsal.local/{addon}:1")
        return cls(
            place, ControlPlane.start(place, address=address, names=names, issuer=issuer, authenticator=authenticator)
        )

    def add(self, addon: str) -> None:
        """Applies the manifests of one of ADDONS; returns before its pods are there."""
        self.kubectl("apply", "--server-side", f"--filename={_MANIFESTS / addon}.yaml")

    def add_node(self, facts: NodeFacts) -> Node:
        """Starts a node; returns while it is still registering."""
        self._numbers += 1
        node = Node.start(self.place, self.plane, facts, number=self._numbers)
        self.nodes.append(node)
        self._tell_enforcer(node)
        return node

    def enforce_policies(self) -> None:
        """Starts what enforces NetworkPolicies, for the nodes that there are and for those that come."""
        program = [sys.executable, "-m", "rehearsal.kubernetes.policies", str(self.plane.admin)]
        command = self.place.network.inside(*program)
        with (self.place.logs / "policies.log").open("ab") as said:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=PROJECT,
            )
        self.place.traces.process(process)
        self._enforcer = process
        for node in self.nodes:
            self._tell_enforcer(node)

    def keep_enforcing(self) -> None:
        """Starts what enforces NetworkPolicies again, should it have ended: on EKS the node's agent would be, too."""
        if self._enforcer is not None and self._enforcer.poll() is not None:
            log.error("what enforces NetworkPolicies ended with %d: starting it again", self._enforcer.returncode)
            self.enforce_policies()

    def _tell_enforcer(self, node: Node) -> None:
        if self._enforcer is not None and self._enforcer.stdin is not None:
            told = {"node": node.facts.name, "namespace": node.short, "own": node.facts.pods}
            with contextlib.suppress(BrokenPipeError):  # one that has ended is started again, and told of all nodes
                self._enforcer.stdin.write(json.dumps(told).encode() + b"\n")
                self._enforcer.stdin.flush()

    def ready(self) -> int:
        """How many nodes are ready."""
        return sum(" Ready " in line for line in self.kubectl("get", "nodes", "--no-headers").splitlines())

    def await_nodes(self, count: int, *, seconds: float = 90) -> None:
        """Waits until so many nodes are ready.

        Raises:
            ClusterError: they are not; with the last words of one that is not.
        """
        deadline = time.monotonic() + seconds
        while (found := self.ready()) < count:
            if time.monotonic() > deadline:
                said = self.place.last_words(f"{self.nodes[-1].short}-kubelet")
                raise ClusterError(
                    f"{found} of {count} nodes are ready after {seconds:.0f} s; the last one's kubelet:\n{said}"
                )
            time.sleep(0.3)

    def kubectl(self, *words: str, input: str | None = None, check: bool = True) -> str:
        """What kubectl answers somebody who may do everything.

        Raises:
            ClusterError: it failed; with what it said.
        """
        done = self.plane.kubectl(*words, input=input)
        if check and done.returncode:
            raise ClusterError(f"kubectl {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def take_image(self, archive: Path) -> None:
        """Gives an image (an OCI archive) to all nodes, those that come later too."""
        (self.place.home / "images" / archive.name).write_bytes(archive.read_bytes())
        for node in self.nodes:
            node.take_images()
