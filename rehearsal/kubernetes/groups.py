"""The control groups of a node: one in each hierarchy of this system, below which its containers have theirs."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from rehearsal.machines.traces import Traces

_TOP = Path("/sys/fs/cgroup")
_INHERITED = ("cpuset.cpus", "cpuset.mems")  # which a group of cpuset's first version does not take over by itself


def hierarchies() -> list[Path]:
    """One on pure v2; beside v1 controllers all that are mounted, as runc makes groups in each."""
    if (_TOP / "cgroup.controllers").exists():
        return [_TOP]
    mounted = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    return [Path(place) for _, place, kind, *_ in mounted if kind in ("cgroup", "cgroup2")]


def make(name: str, traces: Traces) -> list[Path]:
    """Makes the groups of a node; returns those that its own programs belong in."""
    own = []
    for top in hierarchies():
        group = top / name
        traces.add("cgroup", path=str(group))
        for each in (group, group / "node"):
            each.mkdir(exist_ok=True)
            for file in _INHERITED:
                if (each / file).exists() and not (each / file).read_text().strip():
                    (each / file).write_text((each.parent / file).read_text())
        own.append(group / "node")
    if (_TOP / "cgroup.controllers").exists():
        controllers = (_TOP / name / "cgroup.controllers").read_text().split()
        (_TOP / name / "cgroup.subtree_control").write_text(" ".join(f"+{each}" for each in controllers))
    return own


def kill(name: str, patience: float = 10) -> None:
    """Ends all processes of a node at once, as a loss of power does.

    Raises:
        OSError: some are still there.
    """
    deadline = time.monotonic() + patience
    while pids := processes(name):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise OSError(f"processes {sorted(pids)} of {name} did not end")
        time.sleep(0.05)


def processes(name: str) -> set[int]:
    """The ids of all processes of a node, those of its containers too."""
    found: set[int] = set()
    for top in hierarchies():
        for folder, _, _ in os.walk(top / name):
            with contextlib.suppress(OSError):
                found |= {int(pid) for pid in (Path(folder) / "cgroup.procs").read_text().split()}
    return found
