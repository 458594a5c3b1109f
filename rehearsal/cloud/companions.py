"""What EKS and its controllers run for a cluster, out of its sight: webhooks, Pod Identity, target bindings, and repositories of charts.

They answer on one address beside the local AWS's own.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import json
import logging
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from kubernetes import client, config
from ministack.services import alb, eks
from ministack.services.cloudformation import _stacks

from rehearsal.cloud.authority import Authority
from rehearsal.cloud.keeping import keep
from rehearsal.cloud.names import Names
from rehearsal.cloud.policies import template_of
from rehearsal.cloud.role_clients import RoleClients
from rehearsal.cloud.role_sessions import RoleSessions
from rehearsal.controllers.chart_repository import Asked, ChartRepository
from rehearsal.controllers.pod_identity import AGENT, Agent, changes
from rehearsal.controllers.target_bindings import Target, TargetBindings
from rehearsal.controllers.webhooks import Json, Patch, Webhooks
from rehearsal.kubernetes.cluster import Cluster
from rehearsal.kubernetes.node import Node
from rehearsal.machines.network import Network
from rehearsal.places import PROJECT

log = logging.getLogger("rehearsal.companions")
_WEBHOOKS, _AGENT = 9443, 9911
_CHART = "Custom::AWSCDK-EKS-HelmChart"
_CONTROLLER = ("kube-system", "aws-load-balancer-controller")


class Companions:
    """Serves the one cluster that a rehearsal has."""

    def __init__(
        self,
        *,
        network: Network,
        names: Names,
        authority: Authority,
        sessions: RoleSessions,
        clients: RoleClients,
        region: str,
        health: Callable[[str, str], str],
    ) -> None:
        """`health` says what a load balancer finds of a target of a target group."""
        self._network, self._names, self._authority, self._sessions = network, names, authority, sessions
        self._clients, self._region, self._health = clients, region, health
        self.address = str(ipaddress.ip_address(network.cloud) + 2)
        self._api: client.ApiClient | None = None
        self._bindings: TargetBindings | None = None
        subprocess.run(["ip", "address", "add", f"{self.address}/24", "dev", "edge"], check=True)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="companions", daemon=True).start()
        asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(30)
        keep("the bindings of target groups", self._step, region=region, every=0.5)

    async def _serve(self) -> None:
        stand_in = {
            "webhook": f"https://{self.address}:{_WEBHOOKS}/readiness",
            "authority": base64.b64encode(self._authority.pem.encode()).decode(),
        }
        charts = ChartRepository(asked=asked, values=stand_in)
        await charts.start(address=self.address, context=self._context())
        webhooks = Webhooks({"/readiness": self._gates, "/identity": changes(self._role, self._region)})
        await webhooks.start(address=self.address, port=_WEBHOOKS, context=self._context())
        agent = Agent(review=self._review, role=self._role, issue=self._issue)
        await agent.start(address=self.address, port=_AGENT)

    def _context(self) -> ssl.SSLContext:
        """Shows whoever asks for a name a certificate of that name."""
        made: dict[str, ssl.SSLContext] = {}

        def of(name: str) -> ssl.SSLContext:
            if name not in made:
                made[name] = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
                self._authority.issue(name).load(made[name])
            return made[name]

        def choose(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
            if name:
                connection.context = of(name)

        context = of(self.address)
        context.sni_callback = choose
        return context

    # for a cluster

    def join(self, cluster: Cluster) -> None:
        """Serves a cluster from now on; EKS's own webhook is in it before its first pod."""
        self._api = config.new_client_from_config(str(cluster.plane.admin))
        self._bindings = TargetBindings(self._api, _Targets(self._clients, self._health, self._role))
        webhook = {
            "name": "pod-identity-webhook.amazonaws.com",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": "Ignore",
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
            "clientConfig": {
                "url": f"https://{self.address}:{_WEBHOOKS}/identity",
                "caBundle": base64.b64encode(self._authority.pem.encode()).decode(),
            },
        }
        kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration"}
        body = kind | {"metadata": {"name": "pod-identity-webhook"}, "webhooks": [webhook]}
        cluster.kubectl("apply", "--filename=-", input=json.dumps(body))
        for host in {urlsplit(each.repository).hostname for each in asked()}:
            self._names.lead(str(host), [self.address])

    def serve_node(self, node: Node) -> None:
        """Gives a node the agent's address, behind which the agent is."""
        inside = ["nsenter", f"--net=/run/netns/{node.short}", "--"]
        subprocess.run([*inside, "ip", "address", "add", f"{AGENT}/32", "dev", "lo"], check=True)
        program = [sys.executable, "-m", "rehearsal.controllers.relay", f"{AGENT}:80", f"{self.address}:{_AGENT}"]
        with (node.place.logs / f"{node.short}-agent.log").open("wb") as out:
            process = subprocess.Popen(
                [*inside, *program],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=PROJECT,
            )
        node.place.traces.process(process)

    def _step(self) -> None:
        if self._bindings is not None:
            self._bindings.step()

    def _gates(self, namespace: str, pod: Json) -> Patch:
        return self._bindings.gates(namespace, pod) if self._bindings is not None else []

    def _review(self, token: str, audience: str) -> tuple[str, str] | None:
        body = {"spec": {"token": token, "audiences": [audience]}}
        status = client.AuthenticationV1Api(self._api).create_token_review(body).status
        name = str(status.user.username) if status.authenticated and status.user else ""
        if not name.startswith("system:serviceaccount:"):
            return None
        _, _, namespace, account = name.split(":")
        return namespace, account

    def _role(self, namespace: str, account: str) -> str:
        for each in eks._pod_identity_associations.values():
            if (each["namespace"], each["serviceAccount"]) == (namespace, account):
                return str(each["roleArn"])
        return ""

    def _issue(self, role: str, source: str) -> Any:
        return self._sessions.issue(role, source=source)


class _Targets:
    """Target groups, changed by the controller's own role and through the gate."""

    def __init__(
        self, clients: RoleClients, health: Callable[[str, str], str], role: Callable[[str, str], str]
    ) -> None:
        self._clients, self._health, self._role = clients, health, role

    def registered(self, group: str) -> set[Target]:
        return {(str(each["Id"]), int(each["Port"])) for each in alb._targets.get(group, [])}

    def register(self, group: str, targets: Iterable[Target]) -> None:
        self._client().register_targets(TargetGroupArn=group, Targets=_told(targets))

    def deregister(self, group: str, targets: Iterable[Target]) -> None:
        if told := _told(targets):
            self._client().deregister_targets(TargetGroupArn=group, Targets=told)

    def health(self, group: str, target: Target) -> str:
        return self._health(group, target[0])

    def _client(self) -> Any:
        return self._clients.of("elbv2", role=self._role(*_CONTROLLER), source="aws-load-balancer-controller")


def _told(targets: Iterable[Target]) -> list[dict[str, Any]]:
    return [{"Id": address, "Port": port} for address, port in sorted(targets)]


def asked() -> list[Asked]:
    """The charts that the living stacks' templates ask for."""
    found = []
    for stack in _stacks.values():
        if stack.get("StackStatus") == "DELETE_COMPLETE":
            continue
        for each in template_of(stack)["Resources"].values():
            if each["Type"] == _CHART:
                given = each["Properties"]
                found.append(Asked(given["Repository"], given["Chart"], given["Version"]))
    return found
