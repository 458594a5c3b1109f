"""Private addresses of a run's subnets, and ranges of them: none is given twice, so that logs stay clear."""

from __future__ import annotations

import ipaddress
import itertools


class Addresses:
    def __init__(self) -> None:
        self._given: set[ipaddress.IPv4Address] = set()
        self._ranges: set[ipaddress.IPv4Network] = set()

    def take(self, cidr: str) -> str:
        """The next address of a subnet; AWS keeps the first four of each, and a few more are left free."""
        hosts = itertools.islice(ipaddress.IPv4Network(cidr).hosts(), 9, None)
        address = next(host for host in hosts if host not in self._given)
        self._given.add(address)
        return str(address)

    def take_range(self, cidr: str) -> str:
        """A range of 256 addresses of a subnet, of which none was given: the last such.

        Raises:
            ValueError: there is none left.
        """
        for found in reversed(list(ipaddress.IPv4Network(cidr).subnets(new_prefix=24))):
            if found not in self._ranges and not any(each in found for each in self._given):
                self._ranges.add(found)
                return str(found)
        raise ValueError(f"the subnet {cidr} has no range of 256 addresses left")
