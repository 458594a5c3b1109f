"""Debian's machine images, as Debian publishes them in each region."""

from __future__ import annotations

import re
from dataclasses import dataclass

from operate.account import Account
from stacks.settings import Cpu

RELEASE = "/aws/service/debian/release/13"
_DEBIAN = {Cpu.ARM64: "arm64", Cpu.X86_64: "amd64"}


@dataclass(frozen=True, order=True)
class Image:
    """A dated image; the later one is the greater one."""

    version: str  # DATE-SERIAL, for example 20251006-2257
    parameter: str
    id: str


def latest_parameter(cpu: Cpu) -> str:
    """The parameter that names Debian's newest image."""
    return f"{RELEASE}/latest/{_DEBIAN[cpu]}"


def dated(account: Account, cpu: Cpu) -> list[Image]:
    """All dated images for a processor, the oldest first."""
    pages = account.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=RELEASE, Recursive=True)
    form = re.compile(rf"{re.escape(RELEASE)}/(\d{{8}}-\d+)/{_DEBIAN[cpu]}")
    return sorted(
        Image(found[1], parameter["Name"], parameter["Value"])
        for page in pages
        for parameter in page["Parameters"]
        if (found := form.fullmatch(parameter["Name"]))
    )
