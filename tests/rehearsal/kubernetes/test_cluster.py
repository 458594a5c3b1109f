"""A cluster of two nodes, really built and run: what its control plane decides, what its nodes do, and what is left of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal.kubernetes import groups, images, programs
from rehearsal.kubernetes.cluster import Cluster
from rehearsal.kubernetes.node_files import NodeFacts
from rehearsal.kubernetes.place import ClusterError, Place
from rehearsal.machines.network import Exposure, Network, Opening
from rehearsal.machines.traces import Traces
from rehearsal.prerequisites import install
from tests.rehearsal.root import needs_root

pytestmark = [pytest.mark.deployment, needs_root]
BOX = "rehearsal.local/busybox:1"
ANYTHING = tuple(Opening(protocol, 1, 65535, "10.30.0.0/16") for protocol in ("tcp", "udp"))
SAFE = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "seccompProfile": {"type": "RuntimeDefault"},
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    install(lambda _: None, {"busybox": "busybox-static", "runc": "runc", "nft": "nftables", "conntrack": "conntrack"})
    folder = Path("/var/tmp/fines-rehearsal-cluster")  # noqa: S108 - a real file system: overlays are mounted in it
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    traces = Traces(folder / "traces.jsonl")
    try:
        traces.add("tree", path=str(folder / "cluster"))
        network = Network.make(traces)
        network.expose([Exposure("10.30.0.0/16", None, ANYTHING)])
        place = Place("test", folder / "cluster", network, traces, programs.ensure(lambda _: None))
        made = Cluster.start(place, address="10.30.16.5", issuer="https://oidc.example/id/TEST")
        box = folder / "busybox.tar"
        images.of_program(Path(str(shutil.which("busybox"))), box, name=BOX)
        made.take_image(box)
        for number, third in enumerate((16, 32), 1):
            router = network.add_subnet(f"10.30.{third}.0/20")
            made.add_node(_facts(number, third, router))
        made.enforce_policies()
        for addon in ("coredns", "metrics-server"):
            made.add(addon)
        made.await_nodes(2)
        made.kubectl("create", "namespace", "plain")
        yield made
    finally:
        left = traces.end()
        shutil.rmtree(folder)
    assert not left
    name = network.namespace
    assert not Path("/run/netns", name).exists()
    assert not [top for top in groups.hierarchies() if list(top.glob(f"{name}-n*"))]
    assert str(folder) not in Path("/proc/self/mountinfo").read_text()


def _facts(number: int, third: int, router: str) -> NodeFacts:
    return NodeFacts(
        name=f"ip-10-30-{third}-10.ec2.internal",
        address=f"10.30.{third}.10",
        router=router,
        prefix=20,
        pods=f"10.30.{third + 1}.0/24",
        zone=f"us-east-1{'ab'[number - 1]}",
        instance=f"i-{number:017x}",
        labels={"eks.amazonaws.com/nodegroup": "nodes"},
    )


def _until(what: str, true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what}: not so after {seconds:.0f} s"
        time.sleep(0.5)


def _pod(name: str, *command: str, node: int | None = None, **labels: str) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "containers": [
            {"name": "box", "image": BOX, "imagePullPolicy": "Never", "command": command, "securityContext": SAFE}
        ],
        "terminationGracePeriodSeconds": 0,
    }
    if node is not None:
        spec["nodeName"] = f"ip-10-30-{(16, 32)[node]}-10.ec2.internal"
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "spec": spec}


def _apply(cluster: Cluster, *objects: dict[str, Any], namespace: str = "plain") -> None:
    for each in objects:
        cluster.kubectl("apply", "--namespace", namespace, "--filename=-", input=json.dumps(each))


SERVES = ("/usr/bin/busybox", "nc", "-ll", "-p", "8080", "-e", "/usr/bin/busybox", "echo", "served")


def _reaches(cluster: Cluster, source: str, target: str, port: int = 8080) -> bool:
    asked = ["exec", "--namespace", "plain", source, "--", "/usr/bin/busybox", "nc", "-w", "2", target, str(port)]
    try:
        return "served" in cluster.kubectl(*asked)
    except ClusterError:
        return False


def _address(cluster: Cluster, name: str) -> str:
    return cluster.kubectl("get", "pod", "--namespace", "plain", name, "--output", "jsonpath={.status.podIP}")


@pytest.fixture(scope="module")
def pods(cluster: Cluster) -> None:
    serves = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "far"}}
    spec = {"selector": {"app": "far"}, "ports": [{"port": 80, "targetPort": 8080}]}
    _apply(
        cluster,
        _pod("near", "/usr/bin/busybox", "sleep", "3600", node=0, app="near"),
        _pod("beside", *SERVES, node=0, app="beside"),
        _pod("far", *SERVES, node=1, app="far"),
        {**serves, "spec": spec},
    )
    cluster.kubectl("wait", "--namespace", "plain", "--for=condition=Ready", "pod", "--all", "--timeout=60s")


def test_nodes_say_where_they_are(cluster: Cluster) -> None:
    (one, two) = json.loads(cluster.kubectl("get", "nodes", "--output", "json"))["items"]
    assert one["metadata"]["labels"]["topology.kubernetes.io/zone"] == "us-east-1a"
    assert two["spec"]["providerID"] == "aws:///us-east-1b/i-00000000000000002"
    assert one["status"]["nodeInfo"]["kubeletVersion"] == programs.version()


def test_the_restricted_standard_is_enforced(cluster: Cluster) -> None:
    labels = "pod-security.kubernetes.io/enforce=restricted"
    cluster.kubectl("create", "namespace", "strict")
    cluster.kubectl("label", "namespace", "strict", labels)
    privileged = _pod("privileged", "/usr/bin/busybox", "true")
    privileged["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    with pytest.raises(ClusterError, match='violates PodSecurity "restricted'):
        _apply(cluster, privileged, namespace="strict")
    _apply(cluster, _pod("modest", "/usr/bin/busybox", "true"), namespace="strict")


def test_pods_reach_each_other_on_one_node_on_two_and_by_a_services_name(cluster: Cluster, pods: None) -> None:
    assert _reaches(cluster, "near", _address(cluster, "beside"))
    assert _reaches(cluster, "near", _address(cluster, "far"))
    _until("the name of a service", lambda: _reaches(cluster, "near", "far.plain.svc.cluster.local", 80))


@pytest.fixture
def policy(cluster: Cluster) -> Iterator[Callable[[], None]]:
    """Makes a policy that lets the pod «near» speak to the pods «far» alone, for the length of a test."""
    allowed = {"to": [{"podSelector": {"matchLabels": {"app": "far"}}}], "ports": [{"port": 8080}]}
    body = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "out-of-near"},
        "spec": {"podSelector": {"matchLabels": {"app": "near"}}, "policyTypes": ["Egress"], "egress": [allowed]},
    }
    yield lambda: _apply(cluster, body)
    cluster.kubectl("delete", "networkpolicy", "--namespace", "plain", "out-of-near", "--ignore-not-found")


def test_a_policy_closes_what_it_does_not_allow_until_it_is_gone(
    cluster: Cluster, pods: None, policy: Callable[[], None]
) -> None:
    beside, far = _address(cluster, "beside"), _address(cluster, "far")
    policy()
    _until("the policy", lambda: not _reaches(cluster, "near", beside), 20)
    assert _reaches(cluster, "near", far)
    cluster.kubectl("delete", "networkpolicy", "--namespace", "plain", "out-of-near")
    _until("without the policy", lambda: _reaches(cluster, "near", beside), 20)


def test_policies_are_enforced_again_where_the_enforcer_has_ended(
    cluster: Cluster, pods: None, policy: Callable[[], None]
) -> None:
    before = cluster._enforcer
    assert before is not None
    before.kill()
    before.wait(10)
    beside, far = _address(cluster, "beside"), _address(cluster, "far")
    policy()
    time.sleep(2)
    assert _reaches(cluster, "near", beside), "nobody enforces"
    cluster.keep_enforcing()
    _until("the policy", lambda: not _reaches(cluster, "near", beside), 20)
    assert _reaches(cluster, "near", far)


def test_what_pods_use_is_measured(cluster: Cluster, pods: None) -> None:
    asked = ("top", "pods", "--namespace", "plain", "--no-headers")
    _until("figures", lambda: "near" in cluster.kubectl(*asked, check=False), 90)
    (line,) = [line for line in cluster.kubectl(*asked).splitlines() if line.startswith("near ")]
    assert re.fullmatch(r"near +\d+m +\d+Mi *", line)


def test_a_drain_leaves_no_fewer_pods_than_a_budget(cluster: Cluster) -> None:
    labels = {"app": "kept"}
    template = {"metadata": {"labels": labels}, "spec": _pod("x", *SERVES)["spec"]}
    _apply(
        cluster,
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "kept"},
            "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template},
        },
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "kept"},
            "spec": {"minAvailable": 2, "selector": {"matchLabels": labels}},
        },
    )
    cluster.kubectl("rollout", "status", "--namespace", "plain", "deployment/kept", "--timeout=60s")
    node = cluster.kubectl(
        *(
            "get",
            "pods",
            "--namespace",
            "plain",
            "--selector=app=kept",
            "--output",
            "jsonpath={.items[0].spec.nodeName}",
        )
    )
    try:
        with pytest.raises(ClusterError, match="disruption budget"):
            cluster.kubectl(
                *("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=8s"),
                "--pod-selector=app=kept",
            )
    finally:
        cluster.kubectl("uncordon", node)


def test_a_node_without_power_is_noticed_and_leaves_nothing_running(cluster: Cluster) -> None:
    node = cluster.nodes[1]
    inside = subprocess.run(["ip", "netns", "pids", node.short], check=True, capture_output=True, text=True)
    assert inside.stdout.strip()
    node.cut_power()
    inside = subprocess.run(["ip", "netns", "pids", node.short], check=True, capture_output=True, text=True)
    assert not inside.stdout.strip() and not node.alive
    _until("the node is missed", lambda: cluster.ready() == 1, 90)
