"""HAProxy in a stand-in's machine: its configuration from the local AWS's records, and what it is told and asked while it runs."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping, Sequence

from ministack.services import acm, alb

from rehearsal.cloud.appliances import Appliance, ApplianceError
from rehearsal.cloud.policies import Properties

SLOTS = 24  # targets that a group can have at once, those that are drained among them
_TLS = {
    # Elastic Load Balancing user guide, "Security policies": protocols only; the ciphers are HAProxy's own.
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06": "TLSv1.2",
    "ELBSecurityPolicy-TLS13-1-2-2021-06": "TLSv1.2",
    "ELBSecurityPolicy-TLS13-1-3-2021-06": "TLSv1.3",
}

_BALANCE = {"round_robin": "roundrobin", "least_outstanding_requests": "leastconn", "weighted_random": "random(1)"}


def configuration(attributes: list[Properties], listeners: list[Properties], groups: list[str]) -> str:
    idle = attribute(attributes, "idle_timeout.timeout_seconds", "60")
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
        lines += [
            f"  # {certificate}" for certificate in certificates(listener)
        ]  # another one is another configuration
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
        algorithm = attribute(alb._tg_attrs[group], "load_balancing.algorithm.type", "round_robin")
        secure = " ssl alpn http/1.1" if record["Protocol"] == "HTTPS" else ""
        checked = " check-ssl" if record["HealthCheckProtocol"] == "HTTPS" else ""
        lines += [
            "",
            f"backend group{number}",
            f"  balance {_BALANCE[algorithm]}",
            f"  option httpchk GET {record['HealthCheckPath']}",
            f"  http-check expect status {record['Matcher']['HttpCode']}",
            f"  timeout check {record['HealthCheckTimeoutSeconds']}s",
            f"  server-template target 1-{SLOTS} 0.0.0.0:{record['Port']} disabled{secure} check{checked}"
            f" inter {record['HealthCheckIntervalSeconds']}s fastinter 1s"
            f" rise {record['HealthyThresholdCount']} fall {record['UnhealthyThresholdCount']}",
        ]
    return "\n".join(lines) + "\n"


def configure(node: Appliance, configuration: str, listeners: list[Properties]) -> None:
    """Writes a node's configuration and its certificate, and has HAProxy read them."""
    pem = "".join(
        acm._certificates[certificate]["_private_key"] + acm._certificates[certificate]["_pem_body"]
        for listener in listeners
        for certificate in certificates(listener)[:1]
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


def certificates(listener: Properties) -> list[str]:
    return [each["CertificateArn"] if isinstance(each, dict) else each for each in listener.get("Certificates", [])]


def tell(nodes: Sequence[Appliance], command: str) -> None:
    """Gives each node's HAProxy a command."""
    for node in nodes:
        _ask(node, command)


def _ask(node: Appliance, command: str) -> str:
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.settimeout(5)
        connection.connect(str(node.machine.root / "run/haproxy/admin.sock"))
        connection.sendall(f"{command}\n".encode())
        heard = b""
        while part := connection.recv(65536):
            heard += part
    return heard.decode()


def statistics(node: Appliance) -> list[dict[str, str]]:
    """HAProxy's statistics (its management guide, «Statistics and monitoring»): frontends, backends, and their servers."""
    lines = _ask(node, "show stat").lstrip("# ").strip().splitlines()
    head = lines[0].split(",")
    return [dict(zip(head, line.split(","), strict=False)) for line in lines[1:] if line]


def states(nodes: Sequence[Sequence[Mapping[str, str]]], number: int) -> dict[str, str]:
    """The health of a group's targets by server, from the nodes' statistics: healthy where each node says so."""
    found: dict[str, str] = {}
    for node in nodes:
        for row in node:
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


def is_idle(nodes: Sequence[Appliance], server: str) -> bool:
    """Whether no request is under way to a target any more."""
    backend, name = server.split("/")
    rows = [row for node in nodes for row in statistics(node) if (row["pxname"], row["svname"]) == (backend, name)]
    return all(int(row["scur"] or 0) == 0 for row in rows)


def attribute(attributes: list[Properties], name: str, default: str) -> str:
    return next((str(each["Value"]) for each in attributes if each["Key"] == name), default)
