"""What the security groups of addresses let in, as the local AWS holds them: from ranges, and from the members of other groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ministack.services import ec2

from rehearsal.machines.network import Exposure, Opening


@dataclass(frozen=True)
class Interface:
    """An address in the network: its security groups, its public address if it has one, and what is let in besides."""

    groups: tuple[str, ...]
    public: str | None
    admits: list[Opening] = field(default_factory=list)  # between the machines of one service, where no group has a say


def exposures(interfaces: Mapping[str, Interface]) -> list[Exposure]:
    """What is reached of each private address; who is a member of a group is told by the addresses themselves."""
    members: dict[str, list[str]] = {}
    for address, interface in interfaces.items():
        for group in interface.groups:
            members.setdefault(group, []).append(address)
    return [
        Exposure(address, interface.public, (*_let_in(interface.groups, members), *interface.admits))
        for address, interface in interfaces.items()
    ]


def _let_in(groups: Sequence[str], members: Mapping[str, Sequence[str]]) -> Iterator[Opening]:
    for group in groups:
        for rule in ec2._security_groups.get(group, {}).get("IpPermissions", []):
            yield from _openings(rule, members)


def _openings(rule: dict[str, Any], members: Mapping[str, Sequence[str]]) -> Iterator[Opening]:
    first, last = int(rule.get("FromPort", 0)), int(rule.get("ToPort", 65535))
    sources = [source["CidrIp"] for source in rule.get("IpRanges", [])]
    for other in rule.get("UserIdGroupPairs", []):
        sources += [each if "/" in each else f"{each}/32" for each in members.get(other["GroupId"], ())]
    for protocol in ("tcp", "udp") if str(rule["IpProtocol"]) == "-1" else (rule["IpProtocol"],):
        if protocol in ("tcp", "udp"):
            for source in sources:
                yield Opening(protocol, first, last, source)
