"""The containers of the service on the host."""

from __future__ import annotations

import json

from rehearsal.checks import Subject
from rehearsal.machines.machine import Machine


def ports(subject: Subject) -> list[str]:
    """The ports of those that run, which are their names, too."""
    return ports_of(subject.host)


def ports_of(host: Machine) -> list[str]:
    """The same of any host."""
    shown = host.run("systemctl", "list-units", "--plain", "--no-legend", "--state=active", "fines-web@*").stdout
    return sorted(line.split("@")[1].split(".")[0] for line in shown.splitlines() if line.strip())


def instances(subject: Subject) -> list[str]:
    """The ids of the machines of the stack's group."""
    return [i["InstanceId"] for i in subject.tier.group(subject.stack)["Instances"]]


def served(subject: Subject) -> dict[str, int]:
    """How many requests each container answered, by NGINX's access log."""
    counts: dict[str, int] = {}
    for line in subject.host.run("cat", "/var/log/nginx/fines.log").stdout.splitlines():
        upstream = json.loads(line).get("upstream", "").rpartition(", ")[2]
        counts[upstream] = counts.get(upstream, 0) + 1
    return counts


def answered_by(subject: Subject, requests: set[str]) -> list[str]:
    """Which containers answered the requests of these numbers, by NGINX's log."""
    lines = [json.loads(line) for line in subject.host.run("cat", "/var/log/nginx/fines.log").stdout.splitlines()]
    return sorted({line["upstream"] for line in lines if line["request_id"] in requests})
