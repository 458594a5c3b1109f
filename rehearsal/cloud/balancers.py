"""What stands behind application load balancers: a machine with HAProxy in each of their subnets, configured from what the
local AWS holds of listeners, target groups, attributes and registered targets.

Targets come and go through HAProxy's own interface, without a reload: a deregistered one is drained for as long as its group's
attribute says. What HAProxy finds of their health is what the API tells.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from ministack.services import acm, alb, ec2
from ministack.services.cloudformation import provisioners, stacks

from rehearsal.cloud.appliances import Appliance, ApplianceError, Appliances
from rehearsal.cloud.names import Names
from rehearsal.cloud.policies import Properties

log = logging.getLogger("rehearsal.balancers")
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_SLOTS = 24  # targets that a group can have at once, those that are drained among them
_PACE = 0.5
_TLS = {
    # Elastic Load Balancing user guide, "Security policies": protocols only; the ciphers are HAProxy's own.
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06": "TLSv1.2",
    "ELBSecurityPolicy-TLS13-1-2-2021-06": "TLSv1.2",
    "ELBSecurityPolicy-TLS13-1-3-2021-06": "TLSv1.3",
}


@dataclass
class _Slot:
    target: str = ""
    drained_at: float | None = None  # time.monotonic() at which what is drained is taken away


@dataclass
class _Balancer:
    nodes: list[Appliance]
    configuration: str = ""
    slots: dict[str, list[_Slot]] = field(default_factory=dict)  # by target group


class Balancers:
    """Plays the load balancers of all stacks."""

    def __init__(self, *, appliances: Appliances, names: Names, region: str) -> None:
        self._appliances, self._names, self._region = appliances, names, region
        self._running: dict[str, _Balancer] = {}
        self._health: dict[tuple[str, str], str] = {}  # by target group and target
        self._lock = threading.RLock()
        handlers = provisioners._RESOURCE_HANDLERS[BALANCER]
        self._plain = dict(handlers)
        handlers.update(create=self._create, delete=self._delete)
        blocking = stacks._runs_on_worker_thread
        stacks._runs_on_worker_thread = lambda type: type == BALANCER or blocking(type)
        _a_target_group_tells_its_full_name()
        alb._ACTION_MAP["DescribeTargetHealth"] = self._describe_health
        threading.Thread(target=self._keep, name="balancers", daemon=True).start()

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
            self._running[arn] = _Balancer(nodes)
        self._names.lead(record["DNSName"], [node.public or node.address for node in nodes])
        return arn, attributes

    def _delete(self, physical_id: str, properties: Properties) -> None:
        with self._lock:
            running = self._running.pop(physical_id, None)
        if running is not None:
            self._names.lead(alb._lbs[physical_id]["DNSName"], [])
            for node in running.nodes:
                self._appliances.end(node)
        self._plain["delete"](physical_id, properties)

    # keeping HAProxy in step

    def _keep(self) -> None:
        from ministack.core.responses import set_request_region

        set_request_region(self._region)
        while True:
            time.sleep(_PACE)
            with self._lock:
                for arn, running in list(self._running.items()):
                    try:
                        self._bring_in_step(arn, running)
                    except Exception:  # what cannot be done now is tried again
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
        wanted = _configuration(alb._lb_attrs[arn], listeners, groups)
        if wanted != running.configuration:
            for node in running.nodes:
                _configure(node, wanted, listeners)
            running.configuration, running.slots = wanted, {group: [_Slot() for _ in range(_SLOTS)] for group in groups}
        for number, group in enumerate(groups):
            self._bring_targets_in_step(running, number, group)

    def _bring_targets_in_step(self, running: _Balancer, number: int, group: str) -> None:
        slots, record = running.slots[group], alb._tgs[group]
        wanted = {target["Id"] for target in alb._targets.get(group, [])}
        for index, slot in enumerate(slots):
            server = f"group{number}/target{index + 1}"
            if slot.target and slot.target not in wanted and slot.drained_at is None:
                delay = float(_attribute(alb._tg_attrs[group], "deregistration_delay.timeout_seconds", "300"))
                slot.drained_at = time.monotonic() + delay
                _tell(running, f"set server {server} state drain")
            elif slot.drained_at is not None and (time.monotonic() > slot.drained_at or _idle(running, server)):
                _tell(running, f"set server {server} state maint")
                self._health.pop((group, slot.target), None)
                slots[index] = _Slot()
        held = {slot.target for slot in slots if slot.drained_at is None}
        for target in sorted(wanted - held):
            free = [i for i, slot in enumerate(slots) if not slot.target]
            if not free:
                raise ApplianceError(f"a target group has more than {_SLOTS} targets here")
            index = free[0]
            address = ec2._instances[target]["PrivateIpAddress"]
            server = f"group{number}/target{index + 1}"
            _tell(running, f"set server {server} addr {address} port {record['Port']}")
            _tell(running, f"set server {server} health down")
            _tell(running, f"set server {server} state ready")
            slots[index] = _Slot(target)
        states = _states(running, number)
        for index, slot in enumerate(slots):
            if slot.target:
                state = "draining" if slot.drained_at is not None else states.get(f"target{index + 1}", "initial")
                self._health[group, slot.target] = state

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


def _a_target_group_tells_its_full_name() -> None:
    """MiniStack's attribute TargetGroupFullName lacks its first part, by which CloudWatch knows a target group's metrics."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ElasticLoadBalancingV2::TargetGroup"]
    plain = dict(handlers)

    def told(made: tuple[str, Properties]) -> tuple[str, Properties]:
        return made[0], {**made[1], "TargetGroupFullName": made[0].rpartition(":")[2]}

    handlers["create"] = lambda *given: told(plain["create"](*given))
    handlers["update"] = lambda *given, **named: told(plain["update"](*given, **named))


def _configuration(attributes: list[Properties], listeners: list[Properties], groups: list[str]) -> str:
    idle = _attribute(attributes, "idle_timeout.timeout_seconds", "60")
    lines = [
        "global",
        "  stats socket /run/haproxy/admin.sock mode 600 level admin",
        "  maxconn 8000",
        "  log /dev/log local0",
        "  ssl-server-verify none",  # ALB does not look whose certificate a target shows
        "defaults",
        "  mode http",
        "  option httplog",
        "  log global",
        "  option forwardfor",
        "  timeout connect 10s",
        f"  timeout client {idle}s",
        f"  timeout server {idle}s",
        "  timeout http-request 60s",
    ]
    for listener in sorted(listeners, key=lambda each: each["Port"]):
        lines += ["", f"frontend port{listener['Port']}"]
        (action,) = listener["DefaultActions"]
        bind = f"  bind :{listener['Port']}"
        if listener["Protocol"] == "HTTPS":
            oldest = _TLS[listener["SslPolicy"]]
            bind += f" ssl crt /etc/haproxy/certificate.pem ssl-min-ver {oldest} alpn h2,http/1.1"
        lines += [
            bind,
            f"  http-request set-header X-Forwarded-Proto {listener['Protocol'].lower()}",
            f"  http-request set-header X-Forwarded-Port {listener['Port']}",
        ]
        if action["Type"] == "redirect":
            to = action["RedirectConfig"]
            status = to["StatusCode"].removeprefix("HTTP_")
            port = "" if to["Port"] == "443" else f":{to['Port']}"
            place = f"{to['Protocol'].lower()}://%[hdr(host),field(1,:)]{port}%[capture.req.uri]"
            lines.append(f"  http-request redirect code {status} location {place}")
        else:
            lines.append(f"  default_backend group{groups.index(action['TargetGroupArn'])}")
    for number, group in enumerate(groups):
        record = alb._tgs[group]
        algorithm = _attribute(alb._tg_attrs[group], "load_balancing.algorithm.type", "round_robin")
        secure = " ssl alpn http/1.1" if record["Protocol"] == "HTTPS" else ""
        checked = " check-ssl" if record["HealthCheckProtocol"] == "HTTPS" else ""
        lines += [
            "",
            f"backend group{number}",
            f"  balance {'leastconn' if algorithm == 'least_outstanding_requests' else 'roundrobin'}",
            f"  option httpchk GET {record['HealthCheckPath']}",
            f"  http-check expect status {record['Matcher']['HttpCode']}",
            f"  timeout check {record['HealthCheckTimeoutSeconds']}s",
            f"  server-template target 1-{_SLOTS} 0.0.0.0:{record['Port']} disabled{secure} check{checked}"
            f" inter {record['HealthCheckIntervalSeconds']}s fastinter 1s"
            f" rise {record['HealthyThresholdCount']} fall {record['UnhealthyThresholdCount']}",
        ]
    return "\n".join(lines) + "\n"


def _configure(node: Appliance, configuration: str, listeners: list[Properties]) -> None:
    """Writes a node's configuration and its certificate, and has HAProxy read them."""
    pem = "".join(
        acm._certificates[certificate]["_private_key"] + acm._certificates[certificate]["_pem_body"]
        for listener in listeners
        for certificate in _certificates(listener)[:1]
    )
    script = (
        "set -e\nmkdir -p /etc/haproxy /run/haproxy\n"
        f"install -m 600 /dev/stdin /etc/haproxy/certificate.pem << 'END'\n{pem}END\n"
        f"cat > /etc/haproxy/haproxy.cfg << 'END'\n{configuration}END\n"
        "haproxy -c -q -f /etc/haproxy/haproxy.cfg\nsystemctl reload-or-restart haproxy\n"
    )
    done = node.machine.run("bash", input=script, check=False)
    if done.returncode:
        raise ApplianceError(f"HAProxy refused its configuration: {(done.stdout + done.stderr).strip()[-600:]}")


def _certificates(listener: Properties) -> list[str]:
    return [each["CertificateArn"] if isinstance(each, dict) else each for each in listener.get("Certificates", [])]


def _tell(running: _Balancer, command: str) -> str:
    """Gives each node's HAProxy a command; returns what the first one says."""
    said = [_ask(node, command) for node in running.nodes]
    return said[0]


def _ask(node: Appliance, command: str) -> str:
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.settimeout(5)
        connection.connect(str(node.machine.root / "run/haproxy/admin.sock"))
        connection.sendall(f"{command}\n".encode())
        heard = b""
        while part := connection.recv(65536):
            heard += part
    return heard.decode()


def _stats(node: Appliance) -> list[dict[str, str]]:
    lines = _ask(node, "show stat").lstrip("# ").strip().splitlines()
    head = lines[0].split(",")
    return [dict(zip(head, line.split(","), strict=False)) for line in lines[1:] if line]


def _states(running: _Balancer, number: int) -> dict[str, str]:
    """The health of a group's targets by server: healthy where each node says so."""
    found: dict[str, str] = {}
    for node in running.nodes:
        for row in _stats(node):
            if row["pxname"] == f"group{number}" and row["svname"].startswith("target"):
                up = row["status"].startswith("UP")
                state = (
                    "healthy"
                    if up and "/" not in row["status"]
                    else "initial"
                    if up or row["lastchg"] == "0"
                    else "unhealthy"
                )
                if found.get(row["svname"], "healthy") == "healthy":
                    found[row["svname"]] = state
    return found


def _idle(running: _Balancer, server: str) -> bool:
    """Whether no request is under way to a target any more."""
    backend, name = server.split("/")
    rows = [row for node in running.nodes for row in _stats(node) if (row["pxname"], row["svname"]) == (backend, name)]
    return all(int(row["scur"] or 0) == 0 for row in rows)


def _attribute(attributes: list[Properties], name: str, default: str) -> str:
    return next((str(each["Value"]) for each in attributes if each["Key"] == name), default)
