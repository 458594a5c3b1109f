"""Machines that are no instances: what stands in for managed services, in the subnets and security groups of their resources."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ministack.services import ec2

from rehearsal.cloud.ec2 import Ec2
from rehearsal.cloud.interfaces import Interface
from rehearsal.machines.machine import Machine
from rehearsal.machines.network import Network, Opening
from rehearsal.machines.traces import Traces
from rehearsal.places import Run

_FILES = {
    # No instance and no user data: cloud-init has nothing to ask for.
    "etc/cloud/cloud-init.disabled": "",
    "etc/systemd/system/haproxy.service.d/rehearsal.conf": "[Service]\nLimitNOFILE=20000\n",
}
_BOOTS_SECONDS = 30.0


class ApplianceError(RuntimeError):
    """A stand-in for a managed service did not come up; the message says what was seen."""


@dataclass(frozen=True)
class Appliance:
    """A booted stand-in in a zone; `public` is the address that the world reaches it by, if it is to."""

    machine: Machine
    address: str
    zone: str
    interface: Interface

    @property
    def public(self) -> str | None:
        return self.interface.public


class Appliances:
    """Boots such machines from a root file system that has the programs of managed services."""

    def __init__(self, *, run: Run, network: Network, root: Path, traces: Traces, machines: Ec2) -> None:
        self._run, self._network, self._root, self._traces, self._machines = run, network, root, traces, machines

    def boot(
        self,
        id: str,
        *,
        subnet: str,
        groups: Sequence[str],
        public: bool = False,
        outside: Mapping[str, Path] | None = None,
    ) -> Appliance:
        """Boots a machine in a subnet, behind security groups; returns once commands can be run in it.

        `outside` are folders that outlive it, by where it finds them.

        Raises:
            ApplianceError: it did not come up.
        """
        cidr = ec2._subnets[subnet]["CidrBlock"]
        address, interface = self._machines.join(cidr, groups=groups, public=public)
        machine = Machine.boot(
            id=id,
            folder=self._run.machines,
            root=self._root,
            address=address,
            router=self._network.add_subnet(cidr),
            prefix=ipaddress.ip_network(cidr).prefixlen,
            network=self._network,
            authority=self._run.authority,
            traces=self._traces,
            files=_FILES,
            outside=outside,
        )
        appliance = Appliance(machine, address, ec2._subnets[subnet]["AvailabilityZone"], interface)
        try:
            _await_boot(machine)
        except ApplianceError:
            self.end(appliance)
            raise
        return appliance

    def admit(self, to: Appliance, *, source: Appliance, port: int) -> None:
        """Lets one stand-in reach a port of another, as machines of one service do behind their customers' networks."""
        to.interface.admits.append(Opening("tcp", port, port, f"{source.address}/32"))
        self._machines.expose()

    def end(self, appliance: Appliance) -> None:
        """Takes its power away, and its address."""
        appliance.machine.kill()
        self._machines.leave(appliance.address)


def _await_boot(machine: Machine) -> None:
    deadline = time.monotonic() + _BOOTS_SECONDS
    while time.monotonic() < deadline:
        if machine.leader is not None:
            done = machine.run("systemctl", "is-system-running", check=False)
            if done.stdout.strip() in ("running", "degraded"):
                return
        time.sleep(0.2)
    raise ApplianceError(f"{machine.id} did not boot in {_BOOTS_SECONDS:.0f} s: {machine.journal(lines=12)}")
