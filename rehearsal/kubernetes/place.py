"""Where a cluster runs: its files, its network, and the list of what it puts on this system."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.kubernetes.programs import Programs
from rehearsal.machines.network import Network
from rehearsal.machines.traces import Facts, Traces

SERVICES = "172.20.0.0/16"  # what EKS gives services where the VPC has 10.0.0.0/8 (EKS user guide, "serviceIpv4Cidr")
DNS = "172.20.0.10"
DOMAIN = "cluster.local"


class ClusterError(RuntimeError):
    """A part of the cluster did not do what it should; the message says which, and its last words."""


class OwnTraces(Traces):
    """A cluster's own list: what is on it ends with the cluster, and by the run's list with all else."""

    def __init__(self, file: Path, run: Traces) -> None:
        super().__init__(file)
        self._run = run

    def add(self, kind: str, **facts: Any) -> Facts:
        self._run.add(kind, **facts)
        return super().add(kind, **facts)


@dataclass(frozen=True)
class Place:
    """What all parts of a cluster share. `home` is a folder of the cluster's own."""

    name: str
    home: Path
    network: Network
    traces: Traces
    programs: Programs
    registry: str = ""  # where images come from, whatever registry they name (host:port, without TLS)
    log_folder: Path | None = None  # where its programs' logs lie; by default in its home
    authority: Path | None = None  # whom containers trust besides the system's own authorities (PEM)

    @property
    def logs(self) -> Path:
        return self.log_folder or self.home / "logs"

    def last_words(self, program: str, lines: int = 8) -> str:
        """The last lines of a program's log."""
        file = self.logs / f"{program}.log"
        return (
            "\n".join(file.read_text(errors="replace").splitlines()[-lines:]) if file.exists() else "(it said nothing)"
        )
