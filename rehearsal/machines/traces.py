"""What a rehearsal puts on this system, written down before it is made, so that it can be ended after a crash too."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Facts = dict[str, Any]
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
LINKS = Path("/sys/class/net")
WAS_FORWARDING = Path("/run/fines-rehearsal.ip_forward")  # what it was before the first of the rehearsals that run


class Traces:
    """A list on disk of processes, mounts, loop devices, namespaces, cgroups and rules; the last one made ends first, after what makes others.

    Each line is a JSON object with a `kind` and what identifies the thing. Ending is safe to repeat: what is gone
    already is passed over, and nothing is ended that is not on the list.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def add(self, kind: str, **facts: Any) -> Facts:
        """Writes down a thing that is about to be made (a process: that was just started); returns what was written."""
        if kind not in _ENDERS:
            raise ValueError(f"kind={kind!r}: use one of {', '.join(_ENDERS)}")
        trace = {"kind": kind, **facts}
        with self.file.open("a") as out:
            out.write(json.dumps(trace) + "\n")
            out.flush()
            os.fsync(out.fileno())
        return trace

    def process(self, process: subprocess.Popen[Any], *, kind: str = "process") -> Facts:
        """Writes down a child process by its number and start time: a number alone may be reused.

        One of the kind `maker` makes other things: it ends before all that it made. A `family` leads a session of its own, all
        of which ends.
        """
        return self.add(kind, pid=process.pid, started=start_time(process.pid))

    def all(self) -> list[Facts]:
        """Everything on the list, oldest first; a line that a crash cut short names nothing that was made."""
        if not self.file.exists():
            return []
        facts = []
        for line in self.file.read_text().splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                facts.append(json.loads(line))
        return facts

    def end_makers(self) -> list[str]:
        """Ends the processes that make other things; what they have made is still on the list."""
        return end(trace for trace in self.all() if trace["kind"] == "maker")

    def end(self) -> list[str]:
        """Ends everything on the list; returns a sentence for each thing that could not be ended."""
        left = end(sorted(reversed(self.all()), key=lambda trace: trace["kind"] != "maker"))
        if not left:
            self.file.unlink(missing_ok=True)
        return left


def end(traces: Iterable[Facts]) -> list[str]:
    """Ends the given things in order; returns a sentence for each that is still there."""
    left = []
    for trace in traces:
        facts = {key: value for key, value in trace.items() if key != "kind"}
        try:
            if trace["kind"] not in _ENDERS:
                raise ValueError("another version wrote this down: type make down in its checkout")
            _ENDERS[trace["kind"]](**facts)
        except (OSError, TypeError, ValueError, subprocess.SubprocessError) as error:
            left.append(f"{trace['kind']} {facts} could not be ended: {error}")
    return left


def start_time(pid: int) -> int | None:
    """When the process began, in clock ticks since boot (proc(5), field 22), or None if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


def _wait_until(gone: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not gone():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _end_processes(processes: dict[int, int | None]) -> None:
    def gone() -> bool:
        return not any(started is not None and start_time(pid) == started for pid, started in processes.items())

    for how, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        for pid, started in processes.items():
            if started is not None and start_time(pid) == started:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, how)
        if _wait_until(gone, patience):
            return
    raise OSError(f"processes {sorted(processes)} did not end")


def _end_process(pid: int, started: int | None) -> None:
    _end_processes({pid: started})


def _end_family(pid: int, started: int | None) -> None:
    """Ends a session with all that is in it, its leader gone or not; one that came later under the number is another's."""
    leader = start_time(pid)
    if leader is None or leader == started:
        _end_processes({each: start_time(each) for each in _session(pid)})


def _session(leader: int) -> list[int]:
    """The processes of a session (proc(5), field 6)."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdecimal():
            with contextlib.suppress(OSError):
                if int((place / "stat").read_text().rpartition(")")[2].split()[3]) == leader:
                    found.append(int(place.name))
    return found


def _end_namespace(name: str) -> None:
    if not Path("/run/netns", name).exists():
        return
    inside = subprocess.run(["ip", "netns", "pids", name], check=False, capture_output=True, text=True).stdout.split()
    _end_processes({int(pid): start_time(int(pid)) for pid in inside})
    _run("ip", "netns", "delete", name)


def _end_link(name: str) -> None:
    if Path("/sys/class/net", name).exists():
        _run("ip", "link", "delete", name)


def _end_mount(path: str) -> None:
    mounted = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for _ in range(mounted.count(path.replace(" ", "\\040"))):
        if subprocess.run(["umount", path], check=False, capture_output=True).returncode:
            _run("umount", "--lazy", path)


def _end_loop(file: str) -> None:
    found = subprocess.run(
        ["losetup", "--associated", file, "--noheadings", "--output", "NAME"],
        check=False,
        capture_output=True,
        text=True,
    )
    for device in found.stdout.split():
        _run("losetup", "--detach", device)


def _end_cgroup(path: str, patience: float = 10.0) -> None:
    """What ends may still make processes and groups, and the kernel lets go of a group a moment after its last process."""
    top, deadline = Path(path), time.monotonic() + patience
    while top.exists():
        try:
            folders = sorted((Path(folder) for folder, _, _ in os.walk(top)), key=lambda p: len(p.parts), reverse=True)
            inside = [int(pid) for folder in folders for pid in (folder / "cgroup.procs").read_text().split()]
            _end_processes({pid: start_time(pid) for pid in inside})
            for folder in folders:
                folder.rmdir()
        except OSError as error:
            if error.errno not in (errno.EBUSY, errno.ENOTEMPTY, errno.ENOENT) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _end_table(family: str, name: str) -> None:
    listed = subprocess.run(["nft", "list", "table", family, name], check=False, capture_output=True)
    if listed.returncode == 0:
        _run("nft", "delete", "table", family, name)


def _end_forwarding() -> None:
    others = [link for link in LINKS.iterdir() if re.fullmatch(r"fines\d+", link.name)]
    if WAS_FORWARDING.exists() and not others:
        FORWARDING.write_text(WAS_FORWARDING.read_text())
        WAS_FORWARDING.unlink()


def _end_tree(path: str) -> None:
    if Path(path).exists():
        shutil.rmtree(path)


_ENDERS: dict[str, Callable[..., None]] = {
    "maker": _end_process,
    "process": _end_process,
    "namespace": _end_namespace,
    "link": _end_link,
    "mount": _end_mount,
    "loop": _end_loop,
    "cgroup": _end_cgroup,
    "family": _end_family,
    "table": _end_table,
    "forwarding": _end_forwarding,
    "tree": _end_tree,
}
