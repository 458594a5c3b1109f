"""What stands in for an EC2 instance: a Debian machine that systemd-nspawn boots from the cached root file system."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rehearsal.machines.archives import Archives
from rehearsal.machines.furniture import cgroups, furnish, layer, make_cgroups
from rehearsal.machines.inside import run_inside
from rehearsal.machines.network import BRIDGE, Network
from rehearsal.machines.processes import children, is_first, name_of
from rehearsal.machines.traces import Traces, end, start_time
from rehearsal.places import cache

_SHUTDOWN = 0x8004587D  # FS_IOC_SHUTDOWN of linux/fs.h
_NO_LOG_FLUSH = 2
_FREEZE, _THAW = 0xC0045877, 0xC0045878  # FIFREEZE and FITHAW of linux/fs.h
_COMMAND = "command.json"


@dataclass(frozen=True)
class Machine:
    """A machine that was booted. Its facts lie in a file, so that any process of the rehearsal can find it again."""

    id: str
    home: Path
    address: str
    pid: int
    started: int | None
    made_of: str  # the name of its root file system

    @classmethod
    def boot(
        cls,
        *,
        id: str,
        folder: Path,
        root: Path,
        address: str,
        router: str,
        prefix: int,
        network: Network,
        authority: Path,
        traces: Traces,
        files: Mapping[str, str] | None = None,
        outside: Mapping[str, Path] | None = None,
    ) -> Machine:
        """Boots a machine with the address in the subnet of `router`; returns while it is still booting.

        `files` lie on its disk besides, by their paths below its root. `outside` are folders that outlive it, by where it
        finds them.
        """
        home = folder / id
        home.mkdir(parents=True)
        own = [
            Traces(home / "traces.jsonl"),
            traces,
        ]  # its own list ends it alone, the run's list ends it with all else
        merged = layer(home, root, own)
        furnish(merged, id=id, address=address, router=router, prefix=prefix, authority=authority)
        for path, text in (files or {}).items():
            (merged / path).parent.mkdir(parents=True, exist_ok=True)
            (merged / path).write_text(text)
        groups = make_cgroups(f"fines-{id}", own)
        containers, archives = home / "containers", _archives(home, root.name)
        containers.mkdir()
        archives.lend()
        # fmt: off
        command = network.inside(
            "systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--directory", str(merged), "--machine", f"{id}-{time.time_ns() % 10**6}",
            f"--network-bridge={BRIDGE}", "--capability=all", "--system-call-filter=@keyring bpf perf_event_open", "--console=pipe",
            "--resolv-conf=off", "--timezone=off", "--link-journal=no",
            f"--bind={containers}:/var/lib/containers", f"--bind={archives.own}:/var/cache/apt/archives",
            *(f"--bind={folder}:{where}" for where, folder in (outside or {}).items()),
        )
        # fmt: on
        (home / _COMMAND).write_text(json.dumps({"command": command, "cgroups": groups}))
        pid, started = _give_power(home, own)
        machine = cls(id, home, address, pid, started, root.name)
        machine._write()
        return machine

    @classmethod
    def load(cls, folder: Path, id: str) -> Machine:
        facts = json.loads((folder / id / "machine.json").read_text())
        return cls(**{**facts, "home": Path(facts["home"])})

    def _write(self) -> None:
        new = self.home / "machine.json.new"  # others read it meanwhile
        new.write_text(json.dumps(asdict(self), default=str))
        new.replace(self.home / "machine.json")

    @property
    def alive(self) -> bool:
        """Whether the machine has power."""
        return start_time(self.pid) == self.started is not None

    @property
    def leader(self) -> int | None:
        """The process number, on the host, of the machine's first process."""
        seen = [self.pid]
        while seen:
            pid = seen.pop()
            if is_first(pid):
                return pid
            seen += children(pid)
        return None

    @property
    def root(self) -> Path:
        """The machine's file system as its own processes see it."""
        leader = self.leader
        if leader is None:
            raise OSError(f"machine {self.id} is not running")
        return Path(f"/proc/{leader}/root")

    @property
    def archives(self) -> Archives:
        """The packages that it downloaded, and where those are kept."""
        return _archives(self.home, self.made_of)

    def run(
        self, *command: str, check: bool = True, timeout: float = 60, input: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command as root inside the machine, as an operator would in a session; nobody sits at its terminal.

        Raises:
            CommandError: it failed, and `check` is asked for.
            OSError: the machine does not run.
        """
        leader = self.leader
        if leader is None:
            raise OSError(f"machine {self.id} is not running")
        return run_inside(leader, *command, check=check, timeout=timeout, input=input)

    def journal(self, *, lines: int = 40, unit: str | None = None) -> str:
        """The last lines of the machine's journal, read from its disk, so also after its death."""
        where = [str(p) for p in (self.home / "upper/var/log/journal").glob("*") if p.is_dir()]
        if not where:
            return ""
        command = ["journalctl", "--directory", where[0], "--no-pager", "--lines", str(lines), "--output", "short-iso"]
        return subprocess.run(
            [*command, *(["--unit", unit] if unit else [])], check=False, capture_output=True, text=True
        ).stdout

    def attach(self, device: str, name: str) -> None:
        """Shows a block device of the host inside the machine under the given name."""
        number = os.stat(device).st_rdev
        node = self.root / name.lstrip("/")
        node.parent.mkdir(parents=True, exist_ok=True)
        node.unlink(missing_ok=True)
        os.mknod(node, stat.S_IFBLK | 0o660, number)

    def detach(self, name: str) -> None:
        with contextlib.suppress(OSError):
            (self.root / name.lstrip("/")).unlink(missing_ok=True)

    def give_way(self, yes: bool) -> None:
        """Has the machine take only the time on processors that nothing else here wants, or its share of it.

        Machines have processors of their own on AWS: one that boots takes none from those that serve. Where the kernel
        cannot do it (no `cpu.idle` in the machine's control groups), nothing changes.
        """
        for group in cgroups(f"fines-{self.id}"):
            if (switch := group / "cpu.idle").exists():
                switch.write_text(str(int(yes)))

    def lose(self, *mounts: str) -> None:
        """Lets the file systems at `mounts` die under their users: what they had not written is lost, the rest is out of reach."""
        for mount in mounts:
            with contextlib.suppress(FileNotFoundError):
                handle = os.open(self.root / mount.lstrip("/"), os.O_RDONLY)
                try:
                    fcntl.ioctl(handle, _SHUTDOWN, _NO_LOG_FLUSH.to_bytes(4, "little"))
                finally:
                    os.close(handle)

    @contextlib.contextmanager
    def held_still(self, device: str) -> Iterator[None]:
        """For the length of a block nothing is written to a device that is mounted; what was to be written is on it."""
        number = os.stat(device).st_rdev
        wanted = f"{os.major(number)}:{os.minor(number)}"
        mounts = [line.split() for line in Path(f"/proc/{self.leader}/mountinfo").read_text().splitlines()]
        with contextlib.ExitStack() as held:
            for mount in [words[4] for words in mounts if words[2] == wanted][
                :1
            ]:  # each mount of it is of one file system
                handle = os.open(self.root / mount.lstrip("/"), os.O_RDONLY)
                held.callback(os.close, handle)
                fcntl.ioctl(handle, _FREEZE, 0)
                held.callback(fcntl.ioctl, handle, _THAW, 0)
            yield

    def unplug(self) -> None:
        """Takes the machine off its network, where nothing is heard any more of connections that end with its processes."""
        down = ["nsenter", "--target", str(self.leader), "--net", "--", "ip", "link", "set", "host0", "down"]
        subprocess.run(down, check=True, capture_output=True)

    def reboot(self, traces: Traces, patience: float = 90.0) -> Machine:
        """Takes the machine down and gives it power anew, as EC2 does when it is asked to; returns it at once then.

        Raises:
            OSError: it does not run, or does not go down in time.
        """
        before, deadline = self.leader, time.monotonic() + patience
        if before is None:
            raise OSError(f"machine {self.id} is not running")
        os.kill(before, 39)  # SIGRTMIN+5: systemd reboots (systemd(1)), and systemd-nspawn ends
        while self.alive:
            if time.monotonic() > deadline:
                raise OSError(f"machine {self.id} did not go down within {patience:.0f} s")
            time.sleep(0.05)
        pid, started = _give_power(self.home, [Traces(self.home / "traces.jsonl"), traces])
        again = replace(self, pid=pid, started=started)
        again._write()
        return again

    def await_start(self, patience: float = 30.0) -> None:
        """Waits until the machine's own first process runs, which has its devices before it.

        Raises:
            OSError: it does not.
        """
        deadline = time.monotonic() + patience
        while name_of(self.leader) != "systemd":
            if not self.alive or time.monotonic() > deadline:
                raise OSError(f"machine {self.id} did not start within {patience:.0f} s")
            time.sleep(0.05)

    def cut_power(self, *mounts: str) -> None:
        """Takes the machine's power away: what its file systems at `mounts` had not written is lost, and it is dead."""
        self.lose(*mounts)
        self.kill()

    def kill(self) -> None:
        """Ends all of the machine's processes at once and takes away its mounts and cgroups; its files stay to be read."""
        leader = self.leader
        for pid in [p for p in (leader, self.pid) if p is not None]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        left = end(reversed(Traces(self.home / "traces.jsonl").all()))
        if left:
            raise OSError("; ".join(left))
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        self.archives.keep()

    def shut_down(self, patience: float) -> None:
        """Asks the machine to power off, as EC2 does on termination, and takes its power away when it does not."""
        leader = self.leader
        if leader is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(leader, 38)  # SIGRTMIN+4: systemd powers off (systemd(1))
            deadline = time.monotonic() + patience
            while self.alive and time.monotonic() < deadline:
                time.sleep(0.1)
        self.kill()


def _archives(home: Path, root: str) -> Archives:
    """The packages of a machine, beside the folder of machines: on the cache's file system where that is one with it."""
    return Archives(home.parent.parent / "archives" / home.name, cache() / "apt" / root)


def _give_power(home: Path, traces: Sequence[Traces]) -> tuple[int, int | None]:
    """Starts what lies ready in a machine's folder; returns the number of its process, and when that began."""
    ready = json.loads((home / _COMMAND).read_text())
    # A shell that enters the machine's cgroup first: systemd-nspawn makes the machine's own below the one it is started in.
    enter = 'for group in $CGROUPS; do echo $$ > $group/cgroup.procs; done; exec "$@"'
    with (home / "console.log").open("ab") as console:
        process = subprocess.Popen(
            ["sh", "-c", enter, "sh", *ready["command"]],
            env={**os.environ, "UNIFIED_CGROUP_HIERARCHY": "yes", "CGROUPS": " ".join(ready["cgroups"])},
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    for each in traces:
        each.process(process)
    return process.pid, start_time(process.pid)
