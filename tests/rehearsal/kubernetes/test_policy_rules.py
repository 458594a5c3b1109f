"""What NetworkPolicies let pass, said as rules of nftables and read again by the little of nftables that they are made of."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

import pytest

from rehearsal.kubernetes.policy_rules import Pod, matches, rules_of

NODE, OWN = "one", "10.0.1.0/24"
NAMESPACES = {"fines": {"team": "fines"}, "kube-system": {"kubernetes.io/metadata.name": "kube-system"}, "other": {}}
WEB = Pod("fines", "web", "10.0.1.10", NODE, {"app": "web"}, {("http", "TCP"): 8443})
JOB = Pod("fines", "job", "10.0.1.11", NODE, {"app": "job"}, {})
FAR = Pod("fines", "far", "10.0.2.10", "two", {"app": "web"}, {("http", "TCP"): 9443})
DNS = Pod("kube-system", "dns", "10.0.2.11", "two", {"k8s-app": "dns"}, {("dns", "UDP"): 5353})
STRANGER = Pod("other", "stranger", "10.0.1.12", NODE, {"app": "web"}, {})
PODS = [WEB, JOB, FAR, DNS, STRANGER]


def policy(spec: dict[str, Any], namespace: str = "fines") -> dict[str, Any]:
    return {"metadata": {"namespace": namespace, "name": "p"}, "spec": {"podSelector": {}, **spec}}


def passes(policies: list[dict[str, Any]], source: str, target: str, port: int, *, protocol: str = "tcp") -> bool:
    """Whether a first packet gets through the node's forward hook."""
    text = rules_of(policies, PODS, NAMESPACES, node=NODE, own=OWN).text
    chains = {
        name: [line.strip() for line in body.splitlines() if line.strip()]
        for name, body in re.findall(r"^  chain (\S+) \{\n(.*?)^  \}", text, re.M | re.S)
    }
    packet = {"saddr": source, "daddr": target, "port": port, "protocol": protocol}
    for rule in chains["forward"]:
        if rule.startswith(("type ", "ct state")):
            continue
        if mapped := re.fullmatch(r"ip (saddr|daddr) vmap \{ (.*) \}", rule):
            chain = dict(re.findall(r"(\S+) : jump ([^\s,]+)", mapped[2])).get(packet[mapped[1]])
            if chain and _verdict(chains[chain], packet) == "drop":
                return False
        elif _holds(rule.removesuffix(" drop"), packet):
            assert rule.endswith(" drop")
            return False
    return True


def _verdict(rules: list[str], packet: dict[str, Any]) -> str:
    for rule in rules:
        condition, _, verdict = rule.rpartition(" ")
        if _holds(condition, packet):
            return verdict
    raise AssertionError("a chain without an end")


def _holds(condition: str, packet: dict[str, Any]) -> bool:
    for side, negated, value in re.findall(r"ip (saddr|daddr) (!= )?(\{[^}]*\}|\S+)", condition):
        inside = any(
            ipaddress.ip_address(packet[side]) in ipaddress.ip_network(each.strip())
            for each in value.strip("{} ").split(",")
        )
        if inside == bool(negated):
            return False
    if asked := re.search(r"(tcp|udp) dport (\d+)(?:-(\d+))?", condition):
        within = int(asked[2]) <= packet["port"] <= int(asked[3] or asked[2])
        return bool(asked[1] == packet["protocol"] and within)
    asked = re.search(r"meta l4proto (\S+)", condition)
    return asked is None or asked[1] == packet["protocol"]


def test_without_a_policy_everything_passes() -> None:
    assert passes([], WEB.address, JOB.address, 1)
    assert passes([], WEB.address, "192.0.2.1", 443)


def test_a_pod_whose_rules_are_not_in_yet_neither_sends_nor_is_sent_anything() -> None:
    assert not passes([], "10.0.1.99", "192.0.2.1", 443)
    assert not passes([], FAR.address, "10.0.1.99", 443)


def test_one_direction_is_closed_by_a_policy_that_allows_nothing() -> None:
    closed = [policy({"policyTypes": ["Ingress"]})]
    assert not passes(closed, STRANGER.address, WEB.address, 80)
    assert passes(closed, WEB.address, "192.0.2.1", 443)
    assert passes(closed, WEB.address, STRANGER.address, 80)
    both = [policy({"policyTypes": ["Ingress", "Egress"]})]
    assert not passes(both, WEB.address, STRANGER.address, 80)


def test_a_pod_reaches_itself_by_way_of_a_service() -> None:
    assert passes([policy({"policyTypes": ["Ingress", "Egress"]})], WEB.address, WEB.address, 8443)


def test_types_are_guessed_as_the_reference_says() -> None:
    only_egress = [policy({"egress": [{"ports": [{"port": 443}]}]})]
    assert not passes(only_egress, STRANGER.address, WEB.address, 80)  # ingress is among the types all the same
    assert passes(only_egress, WEB.address, "192.0.2.1", 443)
    assert not passes(only_egress, WEB.address, "192.0.2.1", 80)


def test_peers_are_pods_of_the_policys_namespace_or_of_namespaces_that_a_selector_names() -> None:
    own = [policy({"ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}]})]
    assert passes(own, FAR.address, JOB.address, 80)
    assert not passes(own, STRANGER.address, JOB.address, 80)
    everywhere = [
        policy({"ingress": [{"from": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "web"}}}]}]})
    ]
    assert passes(everywhere, STRANGER.address, JOB.address, 80)
    assert not passes(everywhere, DNS.address, JOB.address, 80)


def test_a_range_spares_what_is_excepted() -> None:
    outside = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/16", "169.254.0.0/16"]}}
    given = [policy({"policyTypes": ["Egress"], "egress": [{"to": [outside], "ports": [{"port": 443}]}]})]
    assert passes(given, WEB.address, "192.0.2.1", 443)
    assert not passes(given, WEB.address, "192.0.2.1", 80)
    assert not passes(given, WEB.address, "10.0.3.3", 443)
    assert not passes(given, WEB.address, "169.254.169.254", 443)


def test_ports_have_protocols_ranges_and_names() -> None:
    dns = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}
    named = [
        policy({"policyTypes": ["Egress"], "egress": [{"to": [dns], "ports": [{"port": "dns", "protocol": "UDP"}]}]})
    ]
    assert passes(named, WEB.address, DNS.address, 5353, protocol="udp")
    assert not passes(named, WEB.address, DNS.address, 5353)
    assert not passes(named, WEB.address, FAR.address, 5353, protocol="udp")
    into = [policy({"ingress": [{"ports": [{"port": "http"}]}]})]
    assert passes(into, FAR.address, WEB.address, 8443)
    assert not passes(into, FAR.address, WEB.address, 9443)
    assert not passes(into, FAR.address, JOB.address, 8443)  # which has no port of that name
    ranged = [policy({"ingress": [{"ports": [{"port": 8000, "endPort": 8010}]}]})]
    assert passes(ranged, FAR.address, JOB.address, 8010) and not passes(ranged, FAR.address, JOB.address, 8011)
    any_udp = [policy({"ingress": [{"ports": [{"protocol": "UDP"}]}]})]
    assert passes(any_udp, FAR.address, JOB.address, 9, protocol="udp") and not passes(
        any_udp, FAR.address, JOB.address, 9
    )


def test_policies_add_up() -> None:
    closed = policy({"policyTypes": ["Ingress", "Egress"]})
    opened = policy({"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [{"ports": [{"port": 8443}]}]})
    assert passes([closed, opened], FAR.address, WEB.address, 8443)
    assert not passes([closed, opened], FAR.address, JOB.address, 8443)
    assert not passes([closed, opened], WEB.address, FAR.address, 8443)


def test_both_ends_must_let_a_packet_pass() -> None:
    into_job = policy({"podSelector": {"matchLabels": {"app": "job"}}, "ingress": [{}]})
    out_of_web = policy({"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Egress"]})
    assert not passes([into_job, out_of_web], WEB.address, JOB.address, 80)
    assert passes([into_job], WEB.address, JOB.address, 80)


@pytest.mark.parametrize(
    ("expression", "selects"),
    [
        ({"key": "app", "operator": "In", "values": ["web", "x"]}, True),
        ({"key": "app", "operator": "NotIn", "values": ["web"]}, False),
        ({"key": "other", "operator": "NotIn", "values": ["web"]}, True),
        ({"key": "app", "operator": "Exists"}, True),
        ({"key": "app", "operator": "DoesNotExist"}, False),
    ],
)
def test_expressions_select_as_the_reference_says(expression: dict[str, Any], selects: bool) -> None:
    assert matches({"matchExpressions": [expression]}, {"app": "web"}) is selects


def test_what_has_no_address_of_its_own_is_no_pod_here() -> None:
    def read(status: dict[str, Any], **spec: Any) -> Pod | None:
        return Pod.read(
            {"metadata": {"namespace": "n", "name": "p"}, "spec": {"containers": [], **spec}, "status": status}
        )

    assert read({}) is None
    assert read({"podIP": "10.0.1.1", "phase": "Succeeded"}) is None
    assert read({"podIP": "10.0.1.1"}, hostNetwork=True) is None
    assert read({"podIP": "10.0.1.1", "phase": "Running"}) is not None
