"""AWS Load Balancer Controller's part in tier eks: target groups have the addresses of a service's pods, and pods wait until they serve.

It follows TargetGroupBindings of the target type `ip`. Source: the controller's documentation, «TargetGroupBinding» and «Pod readiness
gate».
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from kubernetes import client

from rehearsal.controllers.webhooks import Json, Patch

log = logging.getLogger("rehearsal.target_bindings")
GATE = "target-health.elbv2.k8s.aws"
FINALIZER = "elbv2.k8s.aws/resources"
_KIND = ("elbv2.k8s.aws", "v1beta1")
_PLURAL = "targetgroupbindings"
Target = tuple[str, int]  # address and port


class Targets(Protocol):
    """A load balancer's target groups, as their API changes and tells them."""

    def registered(self, group: str, /) -> set[Target]: ...

    def register(self, group: str, targets: Iterable[Target], /) -> None: ...

    def deregister(self, group: str, targets: Iterable[Target], /) -> None: ...

    def health(self, group: str, target: Target, /) -> str: ...


@dataclass(frozen=True)
class Endpoint:
    """A pod behind a service, by its name and where it listens."""

    pod: str
    target: Target


class TargetBindings:
    """Keeps the target groups of one cluster's bindings in step with its pods, a step at a time."""

    def __init__(self, api: client.ApiClient, targets: Targets) -> None:
        self._objects, self._core = client.CustomObjectsApi(api), client.CoreV1Api(api)
        self._slices, self._plain, self._targets = client.DiscoveryV1Api(api), api.sanitize_for_serialization, targets

    def gates(self, namespace: str, pod: Json) -> Patch:
        """The readiness gates that a pod gets: one for each binding whose service selects it."""
        wanted = [
            {"conditionType": f"{GATE}/{binding['metadata']['name']}"}
            for binding in self._bindings(namespace)
            if _selects(self._service(binding), pod["metadata"].get("labels") or {})
        ]
        known = pod["spec"].get("readinessGates") or []
        more = [each for each in wanted if each not in known]
        return [{"op": "add", "path": "/spec/readinessGates", "value": [*known, *more]}] if more else []

    def step(self) -> None:
        """Looks at all bindings once; one that cannot be served is told of in the log, and keeps no other waiting."""
        for binding in self._bindings():
            try:
                self._serve(binding)
            except Exception:
                log.exception("the binding %s cannot be served", binding["metadata"]["name"])

    def _serve(self, binding: Json) -> None:
        meta, spec = binding["metadata"], binding["spec"]
        if spec.get("targetType") != "ip":
            raise ValueError(f"the binding {meta['name']} has another target type than ip, which is not played here")
        group = spec["targetGroupARN"]
        if meta.get("deletionTimestamp"):
            self._targets.deregister(group, self._targets.registered(group))
            self._finalizers(binding, [each for each in meta.get("finalizers", []) if each != FINALIZER])
            return
        if FINALIZER not in meta.get("finalizers", []):
            self._finalizers(binding, [*meta.get("finalizers", []), FINALIZER])
        self._bind(binding, group)

    def _bind(self, binding: Json, group: str) -> None:
        meta = binding["metadata"]
        service = self._service(binding)
        if service is None:
            return
        found = list(self._plain(self._core.list_namespaced_pod(meta["namespace"]).items))
        pods = {pod["metadata"]["name"]: pod for pod in found}
        slices = self._slices.list_namespaced_endpoint_slice(
            meta["namespace"], label_selector=f"kubernetes.io/service-name={service['metadata']['name']}"
        )
        gate = f"{GATE}/{meta['name']}"
        wanted = [
            each
            for each in endpoints(self._plain(slices.items), service, binding["spec"]["serviceRef"]["port"])
            if each.pod in pods and belongs(pods[each.pod], gate)
        ]
        targets, there = {each.target for each in wanted}, self._targets.registered(group)
        if new := targets - there:
            log.info("%s: registering %s", meta["name"], sorted(new))
            self._targets.register(group, new)
        if gone := there - targets:
            log.info("%s: deregistering %s", meta["name"], sorted(gone))
            self._targets.deregister(group, gone)
        for each in wanted:
            if any(asked["conditionType"] == gate for asked in pods[each.pod]["spec"].get("readinessGates") or []):
                self._tell(pods[each.pod], gate, self._targets.health(group, each.target))

    def _tell(self, pod: Json, gate: str, health: str) -> None:
        status = "True" if health == "healthy" else "False"
        known: Json = next((each for each in pod["status"].get("conditions", []) if each["type"] == gate), {})
        if known.get("status") == status and known.get("reason", "") == (
            "" if status == "True" else f"Target.{health}"
        ):
            return
        condition = {"type": gate, "status": status}
        if status == "False":
            condition |= {"reason": f"Target.{health}", "message": f"the load balancer says: {health}"}
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        self._core.patch_namespaced_pod_status(name, namespace, {"status": {"conditions": [condition]}})

    def _bindings(self, namespace: str = "") -> list[Json]:
        try:
            if namespace:
                found = self._objects.list_namespaced_custom_object(*_KIND, namespace, _PLURAL)
            else:
                found = self._objects.list_cluster_custom_object(*_KIND, _PLURAL)
        except client.ApiException as error:
            if error.status == 404:  # the kind is not there yet
                return []
            raise
        return list(found["items"])

    def _service(self, binding: Json) -> Json | None:
        meta, name = binding["metadata"], binding["spec"]["serviceRef"]["name"]
        try:
            found: Json = self._plain(self._core.read_namespaced_service(name, meta["namespace"]))
        except client.ApiException as error:
            if error.status == 404:
                return None
            raise
        return found

    def _finalizers(self, binding: Json, wanted: list[str]) -> None:
        meta = binding["metadata"]
        body = {"metadata": {"finalizers": wanted, "resourceVersion": meta["resourceVersion"]}}
        self._objects.patch_namespaced_custom_object(*_KIND, meta["namespace"], _PLURAL, meta["name"], body)


def endpoints(slices: Iterable[Json], service: Json, port: Any) -> list[Endpoint]:
    """Where the pods behind a service's port listen; those that end are none of them."""
    (name,) = [each.get("name", "") for each in service["spec"]["ports"] if port in (each["port"], each.get("name"))]
    return [
        Endpoint(endpoint["targetRef"]["name"], (address, int(number["port"])))
        for each in slices
        for number in each.get("ports") or []
        if number.get("name", "") == name
        for endpoint in each.get("endpoints") or []
        if endpoint.get("targetRef", {}).get("kind") == "Pod" and not endpoint.get("conditions", {}).get("terminating")
        for address in endpoint["addresses"]
    ]


def belongs(pod: Json, gate: str) -> bool:
    """Whether a pod's address belongs in the target group: it is ready, or is so but for the gate."""
    conditions: dict[str, Any] = {each["type"]: each["status"] for each in pod["status"].get("conditions", [])}
    gated = any(each["conditionType"] == gate for each in pod["spec"].get("readinessGates") or [])
    return bool(conditions.get("ContainersReady" if gated else "Ready") == "True")


def _selects(service: Json | None, labels: Json) -> bool:
    selector = (service or {}).get("spec", {}).get("selector") or {}
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())
