"""What serves: the machines of a group, or the pods of a cluster."""

from __future__ import annotations

import json
import shlex
from typing import Any

from rehearsal.checks import CheckError, Subject
from rehearsal.checks.kubectl import inside, is_ready, objects, pods
from rehearsal.machines.machine import Machine


def who_serves(subject: Subject) -> set[str]:
    """The machines in service, or the pods that are ready, each with how often its containers began anew."""
    if not subject.in_pods:
        return {machine.id for machine in subject.hosts}
    return {f"{each['metadata']['name']} ({_restarts(each)} restarts)" for each in pods(subject) if is_ready(each)}


def private_places(subject: Subject) -> list[str]:
    """Where what serves listens in its network: addresses and ports."""
    if not subject.in_pods:
        return [place for machine in subject.hosts for place in listening(machine, 443)]
    nodes = [
        address["address"]
        for each in objects(subject, "nodes")
        for address in each["status"]["addresses"]
        if address["type"] == "InternalIP"
    ]
    return [
        *(f"{each['status']['podIP']}:443" for each in pods(subject)),
        *(f"{address}:10250" for address in nodes),
    ]


def listening(machine: Machine, port: int) -> list[str]:
    """Where a machine listens for its network, as it says itself: addresses and ports.

    Raises:
        CheckError: the port, which it is there for, is none of them.
    """
    told = [line.split()[3] for line in machine.run("ss", "-Hltn").stdout.splitlines()]
    ports = {int(place.rpartition(":")[2]) for place in told if not place.startswith(("127.", "[::1]"))}
    if port not in ports:
        raise CheckError(f"{machine.id} does not listen at {port}, but at {sorted(ports)}")
    return [f"{machine.address}:{each}" for each in sorted(ports)]


def in_a_container(subject: Subject, program: str, given: object, *, seconds: float) -> str:
    """What a Python program says in a container of the service, which has `given` as JSON on its standard input."""
    text = json.dumps(given)
    if not subject.in_pods:
        found = "$(podman ps -q --filter name=fines-web | head -n 1)"
        script = f"podman exec -i {found} /venv/bin/python -c {shlex.quote(program)}"
        return subject.host.run("sh", "-c", script, input=text, timeout=seconds).stdout.strip()
    pod = next(each["metadata"]["name"] for each in pods(subject) if is_ready(each))
    done = inside(subject, pod, "/venv/bin/python", "-c", program, input=text)
    if done.returncode:
        raise CheckError(f"a program in {pod} failed: {done.stderr.strip()[-400:]}")
    return done.stdout.strip()


def _restarts(pod: dict[str, Any]) -> int:
    return sum(each["restartCount"] for each in pod["status"].get("containerStatuses", []))
