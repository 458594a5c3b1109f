"""The network of a rehearsal: one network namespace that holds the local AWS, its VPC and the machines' bridge.

Nothing but a pair of veth links, a route and one nftables table appears on the host itself. All addresses are of the range
for benchmarks of networks (198.18.0.0/15, RFC 2544), which nothing on the internet has. Elastic IP addresses are routed
into the namespace and translated there to the machines' private addresses, behind the rules of their security groups; an
address that belongs to no machine leads nowhere.
"""

from __future__ import annotations

import ipaddress
import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rehearsal.machines.traces import FORWARDING, WAS_FORWARDING, Traces

METADATA = "169.254.169.254"
RESOLVER = "169.254.169.253"
BRIDGE = "vpc"


class NetworkError(RuntimeError):
    """The network could not be made; the message says what stands in the way."""


@dataclass(frozen=True)
class Opening:
    """One inbound rule of a security group: protocol tcp or udp, a port range, a source range."""

    protocol: str
    first: int
    last: int
    source: str


@dataclass(frozen=True)
class Exposure:
    """What the outside reaches of a machine: its private address, its Elastic IP if it has one, its inbound rules."""

    private: str
    public: str | None
    openings: tuple[Opening, ...]


@dataclass(frozen=True)
class Network:
    """A made network. `cloud` is the address of the local AWS, reachable from the host and from the machines."""

    namespace: str
    link: str
    host: str
    cloud: str
    elastic: str

    @property
    def edge(self) -> str:
        """The address of the local AWS's edge, where files are served from: the one after `cloud`, reachable as that is."""
        return str(ipaddress.ip_address(self.cloud) + 1)

    @classmethod
    def make(cls, traces: Traces) -> Network:
        """Makes the namespace, its links and rules, under the first names and addresses that are free."""
        number = next((n for n in range(1, 100) if _is_free(n)), None)
        if number is None:
            raise NetworkError("no free name or address for a network: end other rehearsals with 'make down'")
        network = cls(
            f"fines{number}", f"fines{number}", f"198.18.{number}.1", f"198.18.{number}.2", f"198.19.{number}.0/24"
        )
        _forward(traces)
        network._make_namespace(traces)
        network._open_the_way_out(traces)
        network.expose([])
        return network

    @classmethod
    def load(cls, text: str) -> Network:
        return cls(**json.loads(text))

    def dump(self) -> str:
        return json.dumps(asdict(self))

    def inside(self, *command: str) -> list[str]:
        """The command line that runs a command inside the namespace, with the host's file system and cgroups."""
        return ["nsenter", f"--net=/run/netns/{self.namespace}", "--", *command]

    def _make_namespace(self, traces: Traces) -> None:
        traces.add("namespace", name=self.namespace)
        _ip("netns", "add", self.namespace)
        traces.add("link", name=self.link)
        _ip("link", "add", self.link, "type", "veth", "peer", "name", "edge", "netns", self.namespace)
        _ip("address", "add", f"{self.host}/24", "dev", self.link)
        _ip("link", "set", self.link, "up")
        _ip("route", "add", self.elastic, "via", self.cloud)
        for line in (
            "link set lo up",
            "link set edge up",
            f"address add {self.cloud}/24 dev edge",
            f"address add {self.edge}/24 dev edge",
            f"route add default via {self.host}",
            # An address of its own: else it is that of a machine, and changes when that machine ends.
            f"link add {BRIDGE} address 02:00:0a:14:00:01 type bridge",
            f"address add {METADATA}/32 dev {BRIDGE}",
            f"address add {RESOLVER}/32 dev {BRIDGE}",
            f"link set {BRIDGE} up",
            # an address that belongs to no machine must end on the bridge, not leave by the default route
            f"route add {self.elastic} dev {BRIDGE}",
        ):
            _ip("-netns", self.namespace, *line.split())
        subprocess.run(self.inside("sysctl", "-qw", "net.ipv4.ip_forward=1"), check=True, capture_output=True)

    def _open_the_way_out(self, traces: Traces) -> None:
        traces.add("table", family="ip", name=self.namespace)
        _nft(f"""
            table ip {self.namespace} {{
                chain forward {{
                    type filter hook forward priority filter - 1; policy accept;
                }}
                chain postrouting {{
                    type nat hook postrouting priority srcnat; policy accept;
                    ip saddr {self.cloud}/24 oifname != "{self.link}" masquerade
                }}
            }}
        """)

    def add_subnet(self, cidr: str) -> str:
        """Gives the bridge the router's address of a subnet (the second address of the range, as on AWS)."""
        subnet = ipaddress.ip_network(cidr)
        router = f"{subnet[1]}/{subnet.prefixlen}"
        shown = subprocess.run(
            ["ip", "-netns", self.namespace, "-o", "address", "show", "dev", BRIDGE],
            check=True,
            capture_output=True,
            text=True,
        )
        if f" {router} " not in shown.stdout:
            _ip("-netns", self.namespace, "address", "add", router, "dev", BRIDGE)
        return str(subnet[1])

    def expose(self, machines: Sequence[Exposure]) -> None:
        """Replaces all translations and inbound rules at once by those of the given machines."""
        _nft(_rules(machines, self.elastic), within=self)

    def forget(self, public: str) -> None:
        """Forgets all connections with an Elastic IP that has moved: else their ports go on leading to where it was.

        Raises:
            NetworkError: conntrack failed.
        """
        command = self.inside("conntrack", "--delete", "--orig-dst", public)
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode and "0 flow entries" not in done.stderr:  # it fails too when there are none
            raise NetworkError(f"the connections with {public} could not be forgotten: {done.stderr.strip()}")


def _rules(machines: Sequence[Exposure], elastic: str) -> str:
    translated = [m for m in machines if m.public]
    inward = "\n".join(f"ip daddr {m.public} dnat to {m.private}" for m in translated)
    # The address that answers a machine's own connections is its Elastic IP: a reply must come from where it was asked.
    outward = "\n".join(f"ip saddr {m.private} ip daddr {elastic} snat to {m.public}" for m in translated)
    openings = "\n".join(
        f"ip daddr {m.private} ip saddr {o.source} {o.protocol} dport {o.first}-{o.last} accept"
        for m in machines
        for o in m.openings
    )
    return f"""
        table ip vpc
        delete table ip vpc
        table ip vpc {{
            chain prerouting {{
                type nat hook prerouting priority dstnat; policy accept;
                {inward}
            }}
            chain output {{
                type nat hook output priority -100; policy accept;
                {inward}
            }}
            chain postrouting {{
                type nat hook postrouting priority srcnat; policy accept;
                {outward}
                iifname "{BRIDGE}" oifname "edge" masquerade
            }}
            chain forward {{
                type filter hook forward priority filter; policy drop;
                ct state established,related accept
                iifname "{BRIDGE}" oifname "edge" accept
                {openings}
            }}
        }}
    """


def _forward(traces: Traces) -> None:
    """Lets this system pass packets on. What the setting was comes back when the last rehearsal ends, not the first."""
    if FORWARDING.read_text().strip() == "1" and not WAS_FORWARDING.exists():
        return
    if not WAS_FORWARDING.exists():
        WAS_FORWARDING.write_text(FORWARDING.read_text())
    traces.add("forwarding")
    FORWARDING.write_text("1")


def _is_free(number: int) -> bool:
    name = f"fines{number}"
    if Path("/run/netns", name).exists() or Path("/sys/class/net", name).exists():
        return False
    routes = subprocess.run(
        ["ip", "-4", "route", "show", "match", f"198.18.{number}.1"], check=True, capture_output=True, text=True
    )
    return not any(line.startswith("198.18.") for line in routes.stdout.splitlines())


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], check=False, capture_output=True, text=True)
    if done.returncode:
        raise NetworkError(f"ip {' '.join(words)}: {done.stderr.strip()}")


def _nft(rules: str, *, within: Network | None = None) -> None:
    command = ["nft", "-f", "-"]
    done = subprocess.run(
        within.inside(*command) if within else command, check=False, input=rules, capture_output=True, text=True
    )
    if done.returncode:
        raise NetworkError(f"nft refused the rules of the rehearsal's network: {done.stderr.strip()}")
