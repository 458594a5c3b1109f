"""The containers of the service on the host."""

from __future__ import annotations

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
