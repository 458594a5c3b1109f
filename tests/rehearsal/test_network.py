"""The rules of the rehearsal's network say what security groups say, and an address that moves takes nothing along."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.machines.network import BRIDGE, Exposure, Network, Opening, _rules
from rehearsal.machines.traces import Traces
from tests.programs import needs
from tests.rehearsal.root import needs_root

HTTPS = (Opening("tcp", 443, 443, "0.0.0.0/0"),)


def test_only_what_a_security_group_opens_is_let_in() -> None:
    rules = _rules([Exposure("10.20.0.10", "198.19.1.10", HTTPS)], "198.19.1.0/24")
    assert "ip daddr 10.20.0.10 ip saddr 0.0.0.0/0 tcp dport 443-443 accept" in rules
    assert "policy drop" in rules
    assert "dport 22" not in rules


def test_a_machine_without_an_elastic_address_is_reached_by_nobody() -> None:
    rules = _rules([Exposure("10.20.0.10", None, HTTPS)], "198.19.1.0/24")
    assert "dnat" not in rules


class Listener:
    """A program behind a private address on the bridge, in a namespace of its own, that answers with its name."""

    def __init__(self, network: Network, traces: Traces, number: int) -> None:
        self.private = f"10.20.0.{number}"
        name, link = f"{network.namespace}m{number}", f"m{number}"
        traces.add("namespace", name=name)
        for line in (
            f"netns add {name}",
            f"-netns {network.namespace} link add {link} type veth peer name eth0 netns {name}",
            f"-netns {network.namespace} link set {link} up master {BRIDGE}",
            f"-netns {name} link set lo up",
            f"-netns {name} link set eth0 up",
            f"-netns {name} address add {self.private}/24 dev eth0",
            f"-netns {name} route add default via 10.20.0.1",
        ):
            subprocess.run(["ip", *line.split()], check=True)
        program = f"""
import socket
listener = socket.create_server(("{self.private}", 443))
print("ready", flush=True)
kept = []
while True:
    connection, _ = listener.accept()
    connection.sendall(b"{self.private}")
    kept.append(connection)
"""
        self._process = subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{name}", "python3", "-c", program], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        self._unplug = ["ip", "-netns", network.namespace, "link", "delete", link]

    def lose_power(self) -> None:
        """Nothing of it is heard again, no last word either."""
        subprocess.run(self._unplug, check=True)
        self.end()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def traces(tmp_path: Path) -> Iterator[Traces]:
    traces = Traces(tmp_path / "traces.jsonl")
    try:
        yield traces
    finally:
        assert traces.end() == []


@needs_root
@needs("ip")
def test_a_moved_address_leads_to_the_new_machine_from_a_port_that_called_the_dead_one(traces: Traces) -> None:
    network = Network.make(traces)
    network.add_subnet("10.20.0.0/24")
    public = network.elastic.replace("0/24", "10")
    old, new = Listener(network, traces, 10), Listener(network, traces, 11)
    try:
        network.expose([Exposure(old.private, public, HTTPS)])
        with socket.create_connection((public, 443), timeout=5) as connection:
            assert connection.recv(20) == old.private.encode()
        old.lose_power()
        with socket.socket() as waiting:
            waiting.bind(("", 0))
            port = waiting.getsockname()[1]
            waiting.settimeout(0.5)
            with pytest.raises(TimeoutError):
                waiting.connect((public, 443))
        network.expose([Exposure(new.private, public, HTTPS)])
        network.forget(public)
        with socket.create_connection((public, 443), timeout=5, source_address=("", port)) as connection:
            assert connection.recv(20) == new.private.encode()
    finally:
        old.end()
        new.end()


@needs_root
@needs("ip")
def test_a_machine_that_keeps_its_address_keeps_its_connections(traces: Traces) -> None:
    network = Network.make(traces)
    network.add_subnet("10.20.0.0/24")
    stays, moves = (network.elastic.replace("0/24", last) for last in ("10", "11"))
    machine, other = Listener(network, traces, 10), Listener(network, traces, 11)
    try:
        network.expose([Exposure(machine.private, stays, HTTPS)])
        with socket.create_connection((stays, 443), timeout=5) as connection:
            network.expose([Exposure(machine.private, stays, HTTPS), Exposure(other.private, moves, HTTPS)])
            network.forget(moves)
            assert connection.recv(20) == machine.private.encode()
    finally:
        machine.end()
        other.end()
