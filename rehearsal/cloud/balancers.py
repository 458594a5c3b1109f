"""What stands behind application load balancers: a machine with HAProxy in each of their subnets, configured from what the
local AWS holds of listeners, target groups, attributes and registered targets.

Targets come and go through HAProxy's own interface, without a reload: a deregistered one is drained for as long as its group's
attribute says. What HAProxy finds of their health is what the API tells.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from ministack.services import alb, ec2

from rehearsal.cloud import haproxy
from rehearsal.cloud.appliances import Appliance, ApplianceError, Appliances
from rehearsal.cloud.keeping import keep
from rehearsal.cloud.names import Names
from rehearsal.cloud.policies import Properties
from rehearsal.cloud.provisioning import replaced, told_besides
from rehearsal.cloud.traffic import Health, Traffic

log = logging.getLogger("rehearsal.balancers")
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
TARGETS = "AWS::ElasticLoadBalancingV2::TargetGroup"
_PACE = 0.5
_PROTECTED = (
    "Load balancer '{}' cannot be deleted because deletion protection is enabled"  # Elastic Load Balancing's words
)


@dataclass
class _Slot:
    target: str = ""
    drained_at: float | None = None  # time.monotonic() at which what is drained is taken away


@dataclass
class _Balancer:
    nodes: list[Appliance]
    traffic: Traffic
    configuration: str = ""
    slots: dict[str, list[_Slot]] = field(default_factory=dict)  # by target group


class Balancers:
    """Plays the load balancers of all stacks."""

    def __init__(self, *, appliances: Appliances, names: Names, region: str) -> None:
        self._appliances, self._names = appliances, names
        self._running: dict[str, _Balancer] = {}
        self._health: dict[tuple[str, str], str] = {}  # by target group and target
        self._lock = threading.RLock()
        self._plain = replaced(BALANCER, create=self._create, delete=self._delete)
        mend_records()
        alb._ACTION_MAP["DescribeTargetHealth"] = self._describe_health
        keep("the load balancers", self._bring_all_in_step, region=region, every=_PACE)

    def health(self, group: str, target: str) -> str:
        """What the load balancer says of a target: initial, healthy, unhealthy, draining, or unused where nobody knows it."""
        return self._health.get((group, target), "unused")

    def _create(self, logical_id: str, properties: Properties, stack: str) -> Any:
        arn, attributes = self._plain["create"](logical_id, properties, stack)
        record = alb._lbs[arn]
        public = record["Scheme"] == "internet-facing"
        nodes = [
            self._appliances.boot(
                f"elb-{record['LoadBalancerName']}-{number}",
                subnet=subnet,
                groups=record["SecurityGroups"],
                public=public,
            )
            for number, subnet in enumerate(record["Subnets"])
        ]
        with self._lock:
            self._running[arn] = _Balancer(nodes, Traffic(arn.partition("loadbalancer/")[2]))
        self._names.lead(record["DNSName"], [node.public or node.address for node in nodes])
        return arn, attributes

    def _delete(self, physical_id: str, properties: Properties) -> None:
        if _is_protected(physical_id):
            raise ValueError(_PROTECTED.format(physical_id))
        with self._lock:
            running = self._running.pop(physical_id, None)
        if running is not None:
            self._names.lead(alb._lbs[physical_id]["DNSName"], [])
            for node in running.nodes:
                self._appliances.end(node)
        self._plain["delete"](physical_id, properties)

    # keeping HAProxy in step

    def _bring_all_in_step(self) -> None:
        with self._lock:
            for arn, running in list(self._running.items()):
                try:
                    self._bring_in_step(arn, running)
                except Exception:  # what cannot be done now is tried again, and holds up no other
                    log.exception("the load balancer %s could not be brought in step", arn)

    def _bring_in_step(self, arn: str, running: _Balancer) -> None:
        listeners = [listener for listener in alb._listeners.values() if listener["LoadBalancerArn"] == arn]
        groups = sorted(
            {
                action["TargetGroupArn"]
                for each in listeners
                for action in each["DefaultActions"]
                if action.get("TargetGroupArn")
            }
        )
        wanted = haproxy.configuration(alb._lb_attrs[arn], listeners, groups)
        if wanted != running.configuration:
            for node in running.nodes:
                haproxy.configure(node, wanted, listeners)
            running.configuration, running.slots = (
                wanted,
                {group: [_Slot() for _ in range(haproxy.SLOTS)] for group in groups},
            )
        for number, group in enumerate(groups):
            self._bring_targets_in_step(running, number, group)
        seen = [haproxy.statistics(node) for node in running.nodes]
        for number, group in enumerate(groups):
            self._note_health(running, group, haproxy.states(seen, number))
        running.traffic.tell(seen, {group.rpartition(":")[2]: self._found(running, group) for group in groups})

    def _bring_targets_in_step(self, running: _Balancer, number: int, group: str) -> None:
        slots = running.slots[group]
        wanted = {target["Id"] for target in alb._targets.get(group, [])}
        for index, slot in enumerate(slots):
            server = f"group{number}/target{index + 1}"
            if slot.target and slot.target not in wanted and slot.drained_at is None:
                delay = float(haproxy.attribute(alb._tg_attrs[group], "deregistration_delay.timeout_seconds", "300"))
                slot.drained_at = time.monotonic() + delay
                haproxy.tell(running.nodes, f"set server {server} state drain")
            elif slot.drained_at is not None and (
                time.monotonic() > slot.drained_at or haproxy.is_idle(running.nodes, server)
            ):
                haproxy.tell(running.nodes, f"set server {server} state maint")
                self._health.pop((group, slot.target), None)
                slots[index] = _Slot()
        held = {slot.target for slot in slots if slot.drained_at is None}
        for target in sorted(wanted - held):
            free = [i for i, slot in enumerate(slots) if not slot.target]
            if not free:
                raise ApplianceError(f"a target group has more than {haproxy.SLOTS} targets here")
            index = free[0]
            address, port = _place(group, target)
            server = f"group{number}/target{index + 1}"
            haproxy.tell(running.nodes, f"set server {server} addr {address} port {port}")
            haproxy.tell(running.nodes, f"set server {server} health down")
            haproxy.tell(running.nodes, f"set server {server} state ready")
            slots[index] = _Slot(target)

    def _note_health(self, running: _Balancer, group: str, states: dict[str, str]) -> None:
        for index, slot in enumerate(running.slots[group]):
            if slot.target:
                state = "draining" if slot.drained_at is not None else states.get(f"target{index + 1}", "initial")
                self._health[group, slot.target] = state

    def _found(self, running: _Balancer, group: str) -> Health:
        """How many of a group's targets are found healthy, and unhealthy."""
        states = [self._health.get((group, slot.target)) for slot in running.slots[group] if slot.target]
        return Health(states.count("healthy"), states.count("unhealthy"))

    # behind the API

    def _describe_health(self, params: Properties) -> Any:
        group = alb._p(params, "TargetGroupArn")
        if group not in alb._tgs:
            return alb._error("TargetGroupNotFound", f"Target group '{group}' not found.")
        asked = {target["Id"] for target in alb._parse_targets_param(params)}
        registered = {target["Id"] for target in alb._targets.get(group, [])}
        known = registered | {target for of, target in self._health if of == group}
        port = alb._tgs[group]["Port"]
        told = "".join(
            f"<member><Target><Id>{target}</Id><Port>{port}</Port></Target><HealthCheckPort>{port}</HealthCheckPort>"
            f"<TargetHealth><State>{self._health.get((group, target), 'initial' if target in registered else 'unused')}</State></TargetHealth></member>"
            for target in sorted(asked or known)
        )
        return alb._xml(200, "DescribeTargetHealth", f"<TargetHealthDescriptions>{told}</TargetHealthDescriptions>")


def _place(group: str, target: str) -> tuple[str, int]:
    """Where a target listens: an instance's address with the group's port, or an address with its own."""
    record = alb._tgs[group]
    if record.get("TargetType") == "ip":
        (given,) = [each for each in alb._targets[group] if each["Id"] == target]
        return target, int(given.get("Port") or record["Port"])
    return ec2._instances[target]["PrivateIpAddress"], int(record["Port"])


def mend_records() -> None:
    """Has target groups tell their whole name, and DeleteLoadBalancer refuse what is protected; MiniStack's own do neither."""
    # By this CloudWatch knows a target group's metrics; MiniStack's lacks its first part.
    told_besides(TARGETS, lambda arn: {"TargetGroupFullName": arn.rpartition(":")[2]})
    plain = alb._ACTION_MAP["DeleteLoadBalancer"]

    def delete(params: Properties) -> Any:
        arn = alb._p(params, "LoadBalancerArn")
        return alb._error("OperationNotPermitted", _PROTECTED.format(arn)) if _is_protected(arn) else plain(params)

    alb._ACTION_MAP["DeleteLoadBalancer"] = delete


def _is_protected(arn: str) -> bool:
    return arn in alb._lbs and haproxy.attribute(alb._lb_attrs[arn], "deletion_protection.enabled", "false") == "true"
