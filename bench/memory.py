"""The resident memory of the idle host, process by process."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from bench.ratio import Ratio
from rehearsal.machines.machine import Machine
from rehearsal.screen import Say, Screen

GOAL = 900.0  # MiB
# What a host does once after it was made; until it is over the host is not idle.
ONCE = (
    "cloud-final.service",
    "fines-extras.service",
    "fines-agents.service",
    "fines-backup.service",
    "fines-escrow.service",
)
_LONGEST = 44  # characters of a process's name: a table is read in 80 columns
REST = 30.0  # seconds without any of them before it counts


class IdleError(RuntimeError):
    """The host did not come to rest; the message says what still ran."""


@dataclass(frozen=True)
class Process:
    """A process of the host: resident and proportional set in MiB. Shared pages count in each resident set, once in all proportional ones."""

    name: str
    resident: float
    proportional: float


def await_idle(host: Machine, say: Say, *, seconds: float = 600) -> None:
    """Waits until nothing has run for a while but what always does.

    Raises:
        IdleError: something still runs when time is up.
    """
    deadline, since = time.monotonic() + seconds, time.monotonic()
    while time.monotonic() - since < REST:
        asked = ("systemctl", "list-units", "--plain", "--no-legend", "--state=active,activating,reloading")
        units = host.run(*asked, *ONCE, "fines-drill.service", "fines-release.service").stdout
        busy = [line.split()[0] for line in units.splitlines() if " activating " in line]
        if busy:
            since = time.monotonic()
            if since > deadline:
                raise IdleError(f"after {seconds:.0f} s {', '.join(busy)} still ran on {host.id}: no idle host")
        say(f"waiting for {', '.join(busy)}" if busy else "at rest")
        time.sleep(1)


def processes(host: Machine) -> list[Process]:
    """All processes of the host, its containers' too, the largest first (proc(5), smaps_rollup)."""
    found = []
    seen = [host.leader] if host.leader is not None else []
    while seen:
        pid = seen.pop()
        try:
            seen += [
                int(child)
                for task in Path(f"/proc/{pid}/task").iterdir()
                for child in (task / "children").read_text().split()
            ]
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            words = [word for word in Path(f"/proc/{pid}/cmdline").read_text().split("\0") if word]
            name = Path(f"/proc/{pid}/comm").read_text().strip()
        except (OSError, ProcessLookupError):
            continue  # it ended while it was looked at
        resident, proportional = sizes(rollup)
        found.append(Process(title(name, words), resident, proportional))
    return sorted(found, key=lambda process: -process.resident)


def sizes(rollup: str) -> tuple[float, float]:
    """Resident and proportional set, in MiB, from the text of smaps_rollup."""
    kib = {key: int(value) for key, value in re.findall(r"^(Rss|Pss):\s+(\d+) kB$", rollup, re.M)}
    return kib.get("Rss", 0) / 1024, kib.get("Pss", 0) / 1024


def title(name: str, words: Sequence[str]) -> str:
    """What a process is called in a table: what it calls itself, or its program and first words."""
    line = " ".join(words)
    if not line:
        return name
    called = line if ": " in line.split("/")[0] else " ".join([words[0].rpartition("/")[2], *words[1:]])
    return called if len(called) <= _LONGEST else f"{called[: _LONGEST - 1]}…"


def show(found: Sequence[Process], screen: Screen) -> None:
    table = Table(title="The idle host's processes", title_justify="left", show_edge=False, pad_edge=False)
    table.add_column("Process", overflow="ellipsis", no_wrap=True)
    table.add_column("resident MiB", justify="right")
    table.add_column("proportional MiB", justify="right", style="dim")
    for process in found:
        table.add_row(process.name, f"{process.resident:.1f}", f"{process.proportional:.1f}")
    resident, proportional = totals(found)
    table.add_section()
    table.add_row(f"all {len(found)}", f"{resident:.0f}", f"{proportional:.0f}")
    screen.console.print()
    screen.console.print(table)


def totals(found: Sequence[Process]) -> tuple[float, float]:
    """The sums of the resident and of the proportional sets, in MiB."""
    return sum(process.resident for process in found), sum(process.proportional for process in found)


def ratio_of(found: Sequence[Process]) -> Ratio:
    """The figure: the sum of all resident sets, which counts a shared page as often as it is shared and so errs upwards."""
    resident, proportional = totals(found)
    largest = ", ".join(f"{process.name[:40]} {process.resident:.0f}" for process in found[:6])
    return Ratio(
        "resident memory of all processes of the idle host, MiB",
        resident,
        GOAL,
        f"the sum of {len(found)} resident sets, shared pages counted in each; shared pages counted once {proportional:.0f} MiB; largest: {largest}; "
        "AWS's agents are not installed in a rehearsal and not in the sum",
    )
