"""The workers of the service's containers, and what they have in memory."""

from __future__ import annotations

import re
from pathlib import Path

from bench.memory import IdleError
from rehearsal.checks.containers import ports_of
from rehearsal.machines.machine import Machine

_FORGET = "5"  # of proc(5), clear_refs: the peak is from now on


class Workers:
    """Each container's worker: the child of the process that watches over it."""

    def __init__(self, host: Machine) -> None:
        self._pids: dict[str, int] = {}
        for port in ports_of(host):
            shown = host.run("podman", "inspect", "--format", "{{.State.Pid}}", f"fines-web-{port}").stdout
            inside = host.root / "proc" / shown.strip()
            children = [c for task in (inside / "task").iterdir() for c in (task / "children").read_text().split()]
            if len(children) != 1:
                raise IdleError(f"the container on port {port} has {len(children)} workers, one is expected")
            self._pids[port] = int(children[0])
        self._proc = host.root / "proc"
        self._before: dict[str, float] = {}

    def resident(self) -> dict[str, float]:
        """MiB that each has now, by its container's port."""
        return {port: self._size(pid, "VmRSS") for port, pid in self._pids.items()}

    def forget_peaks(self) -> None:
        """What `grown` tells is from now on."""
        for pid in self._pids.values():
            Path(self._proc / str(pid) / "clear_refs").write_text(_FORGET)
        self._before = self.resident()

    def grown(self) -> float:
        """The most that one of them has had more than before, in MiB."""
        return max(self._size(pid, "VmHWM") - self._before[port] for port, pid in self._pids.items())

    def _size(self, pid: int, field: str) -> float:
        text = (self._proc / str(pid) / "status").read_text()
        found = re.search(rf"^{field}:\s+(\d+) kB$", text, re.M)
        return int(found[1]) / 1024 if found else 0.0
