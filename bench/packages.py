"""What apt takes for the host's packages alone, on a bare machine that does nothing else."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rehearsal.machines.machine import Machine
from rehearsal.machines.traces import Traces
from rehearsal.screen import Say
from rehearsal.tier import Tier

SUBNET = "10.99.0.0/24"
HISTORY = "/var/log/apt/history.log"
_UPDATE = ("apt-get", "update", "-q")
# as one types it, with nothing changed of what Debian does then: it starts the services and makes a database cluster,
# as the host does by itself
_INSTALL = ("apt-get", "install", "-q", "--yes", "--no-install-recommends")
_FILES = {
    # nobody made user data for this machine
    "etc/cloud/cloud-init.disabled": "",
}


class PackagesError(RuntimeError):
    """The packages could not be told or installed; the message has apt's last lines."""


@dataclass(frozen=True)
class Entry:
    """One call of apt from its history: the packages asked for, its end in seconds since 1970."""

    packages: tuple[str, ...]
    ended: float


def entries(history: str) -> list[Entry]:
    """The calls of `apt-get install` in the text of apt's history.log (times in UTC)."""
    found = []
    for block in history.split("\n\n"):
        command = re.search(r"^Commandline: (?:\S*/)?apt-get (.*)$", block, re.M)
        ended = re.search(r"^End-Date: (\S+)\s+(\S+)$", block, re.M)
        if command and ended:
            moment = datetime.fromisoformat(f"{ended[1]}T{ended[2]}").replace(tzinfo=UTC)
            words = _operands(command[1].split())
            if words[:1] == ["install"]:
                found.append(Entry(tuple(words[1:]), moment.timestamp()))
    return found


def _operands(words: Sequence[str]) -> list[str]:
    """The words that are no options; `-o` has its value in the next word."""
    pairs = itertools.pairwise(["", *words])
    return [word for before, word in pairs if not word.startswith("-") and before not in ("-o", "-t")]


def installed_between(host: Machine, launched: float, served: float) -> list[str]:
    """The packages that the host's boot asked apt for until it served; what the root file system was made with is older.

    Raises:
        PackagesError: apt's history has none.
    """
    asked = [e for e in entries(host.run("cat", HISTORY).stdout) if launched < e.ended <= served]
    packages = [package for entry in asked for package in entry.packages]
    if not packages:
        raise PackagesError(f"{HISTORY} of {host.id} has no package that was installed before it served")
    return packages


def install_alone(tier: Tier, root: Path, packages: Sequence[str], say: Say) -> float:
    """The seconds of `apt-get update` and `apt-get install` on a fresh machine of the root file system, its boot not counted."""
    say("a bare machine boots")
    machine = _bare(tier, root)
    try:
        machine.run("systemctl", "stop", "apt-daily.timer", "apt-daily-upgrade.timer", check=False)
        began = time.monotonic()
        for command in (_UPDATE, (*_INSTALL, *packages)):
            say(f"a bare machine: {' '.join(command[:2])}")
            done = machine.run("env", "DEBIAN_FRONTEND=noninteractive", *command, check=False, timeout=900)
            if done.returncode:
                last = "\n".join((done.stdout + done.stderr).splitlines()[-6:])
                raise PackagesError(f"{' '.join(command[:2])} ended with {done.returncode} on a bare machine:\n{last}")
        return time.monotonic() - began
    finally:
        machine.kill()


def _bare(tier: Tier, root: Path) -> Machine:
    router = tier.network.add_subnet(SUBNET)
    machine = Machine.boot(
        id="i-bare",
        folder=tier.run.machines,
        root=root,
        address=SUBNET.replace(".0/24", ".10"),
        router=router,
        prefix=24,
        network=tier.network,
        authority=tier.run.authority,
        traces=Traces(tier.run.traces),
        files=_FILES,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if machine.leader is not None:
            state = machine.run("systemctl", "is-system-running", check=False).stdout.strip()
            if state in ("running", "degraded"):
                return machine
        time.sleep(0.2)
    machine.kill()
    raise PackagesError(f"the bare machine did not boot within a minute; its journal ends:\n{machine.journal(lines=8)}")
