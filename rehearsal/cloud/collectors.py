"""Who collects the logs of a cluster's nodes: on each a stand-in for CloudWatch's add-on, with its settings and its role."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError
from ministack.services import eks

from rehearsal.cloud.role_clients import RoleClients
from rehearsal.controllers.collector_settings import CollectorSettings
from rehearsal.controllers.log_collector import LogCollector
from rehearsal.kubernetes.node import Node

log = logging.getLogger("rehearsal.collectors")
ADD_ON, FILE = "amazon-cloudwatch-observability", "application-log.conf"
ACCOUNT = "cloudwatch-agent"  # whose role the add-on's collector calls with


class Collectors:
    """Runs them for the nodes of one cluster at a time, a step at a time."""

    def __init__(self, *, clients: RoleClients, region: str) -> None:
        self._clients, self._region = clients, region
        self._running: dict[str, tuple[str, LogCollector]] = {}

    def step(self, cluster: str, nodes: Iterable[Node]) -> None:
        """Has each node's logs looked at once; none before the add-on is there."""
        add_on = eks._addons.get(f"{cluster}/{ADD_ON}")
        text = configuration(add_on) if add_on else ""
        if not text:
            return
        groups = _Groups(self._clients, role_of(add_on))
        for node in nodes:
            known, collector = self._running.get(node.short, ("", None))
            if collector is None or known != text:
                settings = CollectorSettings.read(text, variables(cluster, node.facts.name, self._region))
                collector = LogCollector(settings, root=node.home / "var/log", groups=groups)
                self._running[node.short] = text, collector
                log.info("the logs of %s are collected", node.facts.name)
            collector.step()


def variables(cluster: str, node: str, region: str) -> dict[str, str]:
    """What the add-on tells its collector by its environment."""
    return {"AWS_REGION": region, "CLUSTER_NAME": cluster, "HOST_NAME": node}


def configuration(add_on: dict[str, Any]) -> str:
    """The file of the collector that stands in the place of the add-on's own; empty where the add-on's own serves."""
    given = json.loads(add_on.get("configurationValues") or "{}")
    files = given.get("containerLogs", {}).get("fluentBit", {}).get("config", {}).get("extraFiles", {})
    return str(files.get(FILE, ""))


def role_of(add_on: dict[str, Any]) -> str:
    """The role that the add-on's associations give its collector."""
    roles = [each["roleArn"] for each in add_on["podIdentityAssociations"] if each["serviceAccount"] == ACCOUNT]
    if len(roles) != 1:
        raise ValueError(f"the add-on {ADD_ON} has no role for {ACCOUNT}")
    return str(roles[0])


class _Groups:
    """Log groups, written to by the add-on's own role and through the gate."""

    def __init__(self, clients: RoleClients, role: str) -> None:
        self._clients, self._role = clients, role

    def put(self, group: str, stream: str, events: list[dict[str, Any]]) -> None:
        client = self._clients.of("logs", role=self._role, source="cloudwatch-agent")
        given = {"logGroupName": group, "logStreamName": stream}
        try:
            client.put_log_events(**given, logEvents=events)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            client.create_log_stream(**given)
            client.put_log_events(**given, logEvents=events)
