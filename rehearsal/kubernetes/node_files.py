"""What a node's programs are told: containerd, kubelet, kube-proxy, and who makes pods' networks. Nothing of it is run here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal.kubernetes.place import DNS, DOMAIN

SANDBOX = "rehearsal.local/pause:1"
PLUGINS = "/usr/lib/cni"  # where Debian has those that make pods' networks
SOCKET = "/run/containerd/containerd.sock"


@dataclass(frozen=True, kw_only=True)
class NodeFacts:
    """What a node is told of itself: its addresses, where it is, and what EC2 calls it."""

    name: str  # as the cluster knows it: ip-10-30-16-10.ec2.internal
    address: str
    router: str  # of its subnet
    prefix: int  # bits of its subnet's range
    pods: str  # the range of its pods' addresses, a part of the subnet's
    zone: str
    instance: str = ""  # i-0123456789abcdef0
    labels: Mapping[str, str] = field(default_factory=dict)


CONTAINERD = f"""\
version = 3
root = "/var/lib/containerd"
state = "/run/containerd"

[grpc]
  address = "{SOCKET}"

[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "{SANDBOX}"

[plugins."io.containerd.cri.v1.images".registry]
  config_path = "{{files}}/registries"

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true # CAP_SYS_RESOURCE may be missing
  disable_apparmor = true

  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["{PLUGINS}"]
    conf_dir = "{{files}}/networks"

  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"

    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      BinaryName = "{{files}}/runc"
      SystemdCgroup = false
"""
REGISTRY = """\
server = "http://{registry}"

[host."http://{registry}"]
  capabilities = ["pull", "resolve"]
"""


def proxy(files: Path) -> dict[str, object]:
    """What kube-proxy is told."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": f"{files}/proxy-user.json"},
        "conntrack": {"maxPerCore": 0},
    }


def kubelet(facts: NodeFacts, files: Path, *, group: str) -> dict[str, object]:
    """What kubelet is told; `group` is the node's control group."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": facts.address,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{files}/authority.pem"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{files}/node.pem",
        "tlsPrivateKeyFile": f"{files}/node.key",
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{group}",
        "enforceNodeAllocatable": [],
        "failCgroupV1": False,
        "failSwapOn": False,
        "featureGates": {"KubeletInUserNamespace": True},  # does without what a container of a system may lack
        "clusterDNS": [DNS],
        "clusterDomain": DOMAIN,
        "resolvConf": f"{files}/resolv.conf",
        "imagePullCredentialsVerificationPolicy": "NeverVerify",
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100,
        "providerID": f"aws:///{facts.zone}/{facts.instance}" if facts.instance else "",
    }


def network(pods: str) -> dict[str, object]:
    """What containerd makes a pod's network by: a bridge of the node's, with the node as the way out."""
    return {
        "cniVersion": "1.0.0",
        "name": "pods",
        "plugins": [
            {
                "type": "bridge",
                "bridge": "pods",
                "isGateway": True,
                "hairpinMode": True,
                "ipam": {
                    "type": "host-local",
                    "ranges": [[{"subnet": pods}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                    "dataDir": "/var/lib/cni/networks",
                },
            }
        ],
    }
