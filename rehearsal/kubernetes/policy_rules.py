"""NetworkPolicies as rules of nftables: what pods of one node may send and be sent.

A pod that a policy selects for a direction has a chain of its own for it; each thing that a policy allows ends in `return`, and the
chain in `drop`. A packet between two pods passes the sender's chain on the sender's node, and the receiver's on the receiver's.
Source: Kubernetes API reference, NetworkPolicy networking.k8s.io/v1. The objects are as the API gives them, as JSON.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]
TABLE = "policies"
_PROTOCOLS = {"TCP": "tcp", "UDP": "udp"}  # SCTP is not in every kernel: a rule for it allows nothing here


@dataclass(frozen=True)
class Pod:
    """A pod with an address of its own."""

    namespace: str
    name: str
    address: str
    node: str
    labels: Mapping[str, str]
    ports: Mapping[tuple[str, str], int]  # by name and protocol

    @classmethod
    def read(cls, pod: Json) -> Pod | None:
        """A pod, or None while it has no address, when it is over, or where it has its node's."""
        status, spec = pod.get("status", {}), pod["spec"]
        address = status.get("podIP")
        if not address or spec.get("hostNetwork") or status.get("phase") in ("Succeeded", "Failed"):
            return None
        containers = [*spec.get("containers", []), *spec.get("initContainers", [])]
        named = {
            (port["name"], port.get("protocol", "TCP")): int(port["containerPort"])
            for each in containers
            for port in each.get("ports") or []
            if port.get("name")
        }
        meta = pod["metadata"]
        return cls(meta["namespace"], meta["name"], address, spec.get("nodeName", ""), meta.get("labels") or {}, named)


@dataclass(frozen=True)
class Rules:
    """A node's rules: what `nft -f` reads, which is the whole table in place of the one before, and each pod's own by address."""

    text: str
    of_pods: Mapping[str, tuple[str, ...]]


def rules_of(
    policies: Iterable[Json], pods: Sequence[Pod], namespaces: Mapping[str, Mapping[str, str]], *, node: str, own: str
) -> Rules:
    """The rules of a node.

    `pods` are those of the whole cluster, `namespaces` the labels of each by its name, `own` the range of the node's pods.
    """
    here = [pod for pod in pods if pod.node == node and ipaddress.ip_address(pod.address) in ipaddress.ip_network(own)]
    chains: dict[str, list[str]] = {}
    policies = list(policies)
    for pod in here:
        for direction, field, other in (("Egress", "to", "daddr"), ("Ingress", "from", "saddr")):
            selecting = [
                each
                for each in policies
                if each["metadata"]["namespace"] == pod.namespace
                and direction in _types(each["spec"])
                and matches(each["spec"].get("podSelector") or {}, pod.labels)
            ]
            if not selecting:
                continue
            rules = [f"ip {other} {pod.address} return"]  # itself, by way of a service
            for policy in selecting:
                for rule in policy["spec"].get(direction.lower()) or []:
                    for peer in _peers(rule.get(field), policy["metadata"]["namespace"], other, pods, namespaces):
                        rules += _allowed(peer, rule.get("ports"), direction, pod, pods)
            chains[_chain(direction, pod)] = rules
    own_rules: dict[str, tuple[str, ...]] = {}
    for pod in here:
        both = [chains.get(_chain(direction, pod), []) for direction in ("Egress", "Ingress")]
        own_rules[pod.address] = tuple(line for each in both for line in each)
    return Rules(_rendered(chains, here, own), own_rules)


def matches(selector: Json, labels: Mapping[str, str]) -> bool:
    """Whether a label selector selects something with these labels; an empty one selects everything."""
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    for each in selector.get("matchExpressions") or []:
        key, operator, values = each["key"], each["operator"], each.get("values") or []
        holds = {
            "In": labels.get(key) in values,
            "NotIn": labels.get(key) not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }
        if not holds[operator]:
            return False
    return True


def _types(spec: Json) -> list[str]:
    given = spec.get("policyTypes")
    return list(given) if given else ["Ingress", *(["Egress"] if spec.get("egress") else [])]


@dataclass(frozen=True)
class _Peer:
    """Who is on the other side: a condition on its address, and which pods those are; a condition that is empty is anybody."""

    condition: str
    addresses: frozenset[str] | None = None


def _peers(
    given: Sequence[Json] | None,
    namespace: str,
    other: str,
    pods: Sequence[Pod],
    namespaces: Mapping[str, Mapping[str, str]],
) -> list[_Peer]:
    if not given:
        return [_Peer("")]
    found = []
    for peer in given:
        if block := peer.get("ipBlock"):
            spared = ", ".join(block.get("except") or [])
            found.append(_Peer(f"ip {other} {block['cidr']}" + (f" ip {other} != {{ {spared} }}" if spared else "")))
            continue
        there = peer.get("namespaceSelector")
        addresses = frozenset(
            pod.address
            for pod in pods
            if (pod.namespace == namespace if there is None else matches(there, namespaces.get(pod.namespace, {})))
            and matches(peer.get("podSelector") or {}, pod.labels)
        )
        if addresses:
            found.append(_Peer(f"ip {other} {{ {', '.join(sorted(addresses))} }}", addresses))
    return found


def _allowed(peer: _Peer, ports: Sequence[Json] | None, direction: str, pod: Pod, pods: Sequence[Pod]) -> list[str]:
    """The rules that let a peer's packets pass."""
    if not ports:
        return [f"{peer.condition} return".strip()]
    rules = []
    for port in ports:
        protocol, given = port.get("protocol", "TCP"), port.get("port")
        if protocol not in _PROTOCOLS:
            continue
        if isinstance(given, str):
            rules += _by_name(peer, given, protocol, direction, pod, pods)
            continue
        match = f"meta l4proto {_PROTOCOLS[protocol]}"
        if given is not None:
            match = f"{_PROTOCOLS[protocol]} dport {given}" + (f"-{port['endPort']}" if port.get("endPort") else "")
        rules.append(f"{peer.condition} {match} return".strip())
    return rules


def _by_name(peer: _Peer, name: str, protocol: str, direction: str, pod: Pod, pods: Sequence[Pod]) -> list[str]:
    """A port's name is of the pod that is sent to: of this one, or of each that it sends to."""
    word = _PROTOCOLS[protocol]
    if direction == "Ingress":
        number = pod.ports.get((name, protocol))
        return [] if number is None else [f"{peer.condition} {word} dport {number} return".strip()]
    return [
        f"ip daddr {each.address} {word} dport {each.ports[name, protocol]} return"
        for each in pods
        if (peer.addresses is None or each.address in peer.addresses) and (name, protocol) in each.ports
    ]


def _chain(direction: str, pod: Pod) -> str:
    return f"{direction.lower()}-{pod.address.replace('.', '-')}"


def _rendered(chains: Mapping[str, Sequence[str]], here: Sequence[Pod], own: str) -> str:
    def jumps(direction: str, side: str) -> list[str]:
        known = [(pod.address, _chain(direction, pod)) for pod in here if _chain(direction, pod) in chains]
        told = ", ".join(f"{address} : jump {chain}" for address, chain in sorted(known))
        return [f"ip {side} vmap {{ {told} }}"] if told else []

    def strangers(side: str) -> str:
        """A pod whose rules are not in yet neither sends nor is sent anything."""
        known = ", ".join(sorted(pod.address for pod in here))
        return f"ip {side} {own}" + (f" ip {side} != {{ {known} }}" if known else "") + " drop"

    lines = [f"table inet {TABLE}", f"delete table inet {TABLE}", f"table inet {TABLE} {{"]
    for chain, rules in sorted(chains.items()):
        lines += [f"  chain {chain} {{", *(f"    {rule}" for rule in rules), "    drop", "  }"]
    sent, received = jumps("Egress", "saddr"), jumps("Ingress", "daddr")
    for hook, rules in (
        ("forward", [strangers("saddr"), strangers("daddr"), *sent, *received]),
        ("input", [strangers("saddr"), *sent]),  # to the node itself; what it sends its pods, kubelet's probes, is free
    ):
        lines += [f"  chain {hook} {{", f"    type filter hook {hook} priority filter; policy accept;"]
        lines += ["    ct state established,related accept", *(f"    {rule}" for rule in rules), "  }"]
    return "\n".join([*lines, "}", ""])
