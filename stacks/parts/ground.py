"""What pods of the service find in the cluster: their namespace and its bounds, whom they reach, and what they are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stacks.parts import manifests
from stacks.parts.cluster import SERVICES
from stacks.parts.machine import HOST_FILES
from stacks.parts.manifests import Manifest, named, template_of
from stacks.parts.network import RANGE, ZonedNetwork
from stacks.peaks import Peak

_FRONT = manifests.MANIFESTS / "front"
_LINK_LOCAL = "169.254.0.0/16"
_ROOM_FOR_JOBS = 20  # pods of migrations, dumps and schedules beside those that serve


@dataclass(frozen=True, kw_only=True)
class Demand:
    """How many pods there are: at least, by the clocks of a time zone, and at most; and how many more there is room for."""

    least: int
    most: int
    spare: int
    peaks: Sequence[Peak]
    timezone: str
    cpu_percent: int


def web_template() -> Manifest:
    return template_of(named(manifests.read("web"), "Deployment"))


def namespace_of(demand: Demand, template: Manifest) -> list[Manifest]:
    """What all pods may ask for together: those of the settings while a release replaces them, and those beside."""
    found = manifests.read("namespace")
    cpu, memory = requests_of(template)
    pods = demand.most * 2 + demand.spare
    named(found, "ResourceQuota")["spec"]["hard"] = {
        "pods": str(pods + _ROOM_FOR_JOBS),
        "requests.cpu": f"{pods * cpu + _ROOM_FOR_JOBS * 100}m",
        "requests.memory": f"{pods * memory + _ROOM_FOR_JOBS * 256}Mi",
        "services.loadbalancers": "0",
        "services.nodeports": "0",
    }
    return found


def requests_of(template: Manifest) -> tuple[int, int]:
    """What a pod's containers ask for together: thousandths of a processor, and MiB."""
    asked = [container["resources"]["requests"] for container in template["spec"]["containers"]]
    return sum(_number(each["cpu"], "m") for each in asked), sum(_number(each["memory"], "Mi") for each in asked)


def _number(text: Any, unit: str) -> int:
    if not str(text).removesuffix(unit).isdigit() or not str(text).endswith(unit):
        raise manifests.ManifestError(
            f"stacks/kubernetes/web.yaml Deployment web: {text!r} is no amount in {unit}, which are added up"
        )
    return int(str(text).removesuffix(unit))


def policies(network: ZonedNetwork) -> list[Manifest]:
    found = manifests.read("policies")
    outside = {"ipBlock": {"cidr": "0.0.0.0/0", "except": [RANGE, SERVICES, _LINK_LOCAL]}}
    named(found, "NetworkPolicy", "aws")["spec"]["egress"][0]["to"] = [outside]
    for name, rule, side, subnets in (
        ("database", "egress", "to", network.vpc.isolated_subnets),
        ("balancer", "ingress", "from", network.vpc.public_subnets),
    ):
        blocks = [{"ipBlock": {"cidr": subnet.ipv4_cidr_block}} for subnet in subnets]
        named(found, "NetworkPolicy", name)["spec"][rule][0][side] = blocks
    inside = [{"ipBlock": {"cidr": each}} for each in (RANGE, SERVICES)]
    named(found, "NetworkPolicy", "minimum")["spec"]["egress"][0]["to"] = inside
    return found


def settings(environment: Mapping[str, str]) -> list[Manifest]:
    found = manifests.read("settings")
    named(found, "ConfigMap", "service")["data"] = dict(environment)
    named(found, "ConfigMap", "front")["data"] = front_files()
    return found


def front_files() -> dict[str, str]:
    """NGINX's files as the host has them, the program that fills in their settings, and what is of a pod alone."""
    files: list[Path] = [
        *sorted((HOST_FILES / "nginx").iterdir()),
        HOST_FILES / "bin" / "render",
        *sorted(_FRONT.iterdir()),
    ]
    return {file.name: file.read_text() for file in files}
