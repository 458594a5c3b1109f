"""What enforces NetworkPolicies in place of EKS's agent: reads them, pods and namespaces as they change, and each node has its rules.

A process of its own: python -m rehearsal.kubernetes.policies KUBECONFIG, with a line of JSON on its standard input for each node:
{"node": name, "namespace": its network namespace, "own": the range of its pods}, also while it runs.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kubernetes import client, config, watch

from rehearsal.kubernetes.policy_rules import Pod, Rules, rules_of

log = logging.getLogger("rehearsal.policies")
Key = tuple[str, str]
_GATHERS = 0.05  # seconds in which changes are taken together
_AGAIN = 1.0  # seconds before a watch that broke off is begun again


@dataclass
class _Seen:
    """What the API server has told so far, by kind, namespace and name; `changed` is set when that was something new."""

    objects: dict[str, dict[Key, Mapping[str, Any]]] = field(
        default_factory=lambda: {"pods": {}, "policies": {}, "namespaces": {}}
    )
    synced: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    changed: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class _Node:
    name: str
    namespace: str
    own: str


class Enforcer:
    """Keeps the rules of all nodes true to the cluster."""

    def __init__(self) -> None:
        self._seen, self._nodes = _Seen(), list[_Node]()
        self._done: dict[str, Rules] = {}  # by node: the rules that it has
        self._made_of: tuple[Any, ...] = ()  # policies, and labels of namespaces and pods: what they were made of
        core, net = client.CoreV1Api(), client.NetworkingV1Api()
        for kind, listing in (
            ("pods", core.list_pod_for_all_namespaces),
            ("namespaces", core.list_namespace),
            ("policies", net.list_network_policy_for_all_namespaces),
        ):
            threading.Thread(target=self._follow, args=(kind, listing), name=kind, daemon=True).start()

    def add(self, node: _Node) -> None:
        self._nodes.append(node)
        self._seen.changed.set()

    def run(self) -> None:
        while True:
            self._seen.changed.wait()
            time.sleep(_GATHERS)
            self._seen.changed.clear()
            if len(self._seen.synced) == len(self._seen.objects):
                self._enforce()

    def _enforce(self) -> None:
        with self._seen.lock:
            pods = [pod for each in self._seen.objects["pods"].values() if (pod := Pod.read(each))]
            policies = list(self._seen.objects["policies"].values())
            namespaces = {
                name: each["metadata"].get("labels") or {}
                for (_, name), each in self._seen.objects["namespaces"].items()
            }
        labels = {pod.address: (pod.namespace, dict(pod.labels)) for pod in pods}
        other = self._is_other([each["spec"] for each in policies], namespaces, labels)
        for node in list(self._nodes):
            rules, before = (
                rules_of(policies, pods, namespaces, node=node.name, own=node.own),
                self._done.get(node.name),
            )
            if before is not None and before.text == rules.text:
                continue
            inside = ["nsenter", f"--net=/run/netns/{node.namespace}", "--"]
            done = subprocess.run(
                [*inside, "nft", "-f", "-"], check=False, input=rules.text, capture_output=True, text=True
            )
            if done.returncode:
                log.error("node %s refuses its rules: %s\n%s", node.name, done.stderr.strip(), rules.text)
                threading.Timer(_AGAIN, self._seen.changed.set).start()
                continue
            self._done[node.name] = rules
            log.info("node %s has new rules: %d lines", node.name, rules.text.count("\n"))
            # What another policy closes ends now, also where it has begun before: its next packet is looked at anew.
            for address in [
                each for each, own in rules.of_pods.items() if other and before and before.of_pods.get(each) != own
            ]:
                for side in ("--orig-src", "--orig-dst", "--reply-src"):
                    subprocess.run([*inside, "conntrack", "--delete", side, address], check=False, capture_output=True)

    def _is_other(self, policies: Any, namespaces: Any, labels: dict[str, Any]) -> bool:
        """Whether something of the rules' sources is other than before; pods that came and went are not."""
        before, self._made_of = self._made_of, (policies, namespaces, labels)
        if not before:
            return False
        kept = before[2].keys() & labels.keys()
        return before[:2] != (policies, namespaces) or any(before[2][each] != labels[each] for each in kept)

    def _follow(self, kind: str, listing: Any) -> None:
        """Lists, then watches, and begins again where that breaks off."""
        plain = client.ApiClient().sanitize_for_serialization
        while True:
            try:
                found = listing()
                with self._seen.lock:
                    self._seen.objects[kind] = {_key(each): each for each in map(plain, found.items)}
                self._seen.synced.add(kind)
                self._seen.changed.set()
                for event in watch.Watch().stream(listing, resource_version=found.metadata.resource_version):
                    each = event["raw_object"]
                    with self._seen.lock:
                        if event["type"] == "DELETED":
                            self._seen.objects[kind].pop(_key(each), None)
                        else:
                            self._seen.objects[kind][_key(each)] = each
                    self._seen.changed.set()
            except Exception:
                log.exception("%s cannot be followed: beginning again", kind)
                time.sleep(_AGAIN)


def _key(each: Mapping[str, Any]) -> Key:
    return each["metadata"].get("namespace") or "", each["metadata"]["name"]


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    config.load_kube_config(sys.argv[1])
    enforcer = Enforcer()
    threading.Thread(target=enforcer.run, daemon=True).start()
    for line in sys.stdin:
        given = json.loads(line)
        enforcer.add(_Node(given["node"], given["namespace"], given["own"]))


if __name__ == "__main__":
    main()
