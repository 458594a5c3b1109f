"""Where the rehearsal keeps what it makes: caches that outlive a run, and the files of one run."""

from __future__ import annotations

import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rehearsal.prerequisites import PrerequisiteError

PROJECT = Path(__file__).resolve().parent.parent
BUILD = PROJECT / "build"
DELEGATIONS = "delegations.conf"  # of a run: what the registrar would say, as the resolver reads it


def cache() -> Path:
    """The folder of what a second rehearsal reuses; each entry is named after a hash of what it was made from."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "fines-on-aws"


def temporary() -> Path:
    """This user's own folder among the temporary files, for what cannot be in the caches."""
    return Path(tempfile.gettempdir()) / f"fines-on-aws-{os.getuid()}"


def is_ours(folder: Path) -> bool:
    """Makes a folder that its owner alone reads; whether it is this user's own."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return False
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and os.access(folder, os.W_OK)


@dataclass(frozen=True)
class Run:
    """The files of one running tier. They lie outside the project, since machines need a real file system below them."""

    tier: str

    @property
    def name(self) -> str:
        """What the run's files in the build folder are named after."""
        return self.tier

    @property
    def home(self) -> Path:
        return Path("/var/tmp/fines-rehearsal") / self.tier  # noqa: S108 - root's own, made with mode 0700

    @property
    def traces(self) -> Path:
        return self.home / "traces.jsonl"

    @property
    def machines(self) -> Path:
        return self.home / "machines"

    @property
    def volumes(self) -> Path:
        return self.home / "volumes"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def kept(self) -> Path:
        """A file that says that somebody uses the tier."""
        return self.home / "kept"

    @property
    def authority(self) -> Path:
        """The certificate of the authority that signs for the local AWS."""
        return self.home / "authority.pem"

    @property
    def names(self) -> Path:
        """Names of managed services and hosted zones with their addresses, as a hosts file has them."""
        return self.home / "names"

    @property
    def acme_certificate(self) -> Path:
        """Key and certificate of the stand-in for the certificate authority of the domain."""
        return self.home / "acme.pem"

    @property
    def permissions(self) -> Path:
        """The ledger of every decision on a role's call (JSON lines)."""
        return self.home / "permissions.jsonl"

    @property
    def events(self) -> Path:
        """What happened to the machines, and when (JSON lines)."""
        return self.home / "events.jsonl"

    @property
    def clock(self) -> Path:
        """What the clock was set to that sizes of groups go by (JSON); without it the clock stands."""
        return self.home / "clock.json"

    @property
    def facts(self) -> Path:
        """What the local AWS says about itself once it is up (JSON)."""
        return self.home / "cloud.json"

    def make(self) -> None:
        """Makes the folders, readable by their owner alone."""
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in (self.machines, self.volumes, self.logs):
            folder.mkdir(exist_ok=True)


@dataclass(frozen=True)
class BenchRun(Run):
    """A run that is measured: what it wrote of itself is kept beside what a rehearsal wrote."""

    @property
    def name(self) -> str:
        return f"{self.tier}.bench"


@dataclass(frozen=True)
class CloudRun(Run):
    """The files of a run without machines: an ordinary user's own, below a folder of theirs."""

    folder: Path

    @classmethod
    def of(cls, tier: str) -> CloudRun:
        """The run of a tier in the first folder that is this user's own: of the caches, or of the temporary folder.

        Raises:
            PrerequisiteError: there is none.
        """
        for folder in (cache() / "runs", temporary()):
            if is_ours(folder):
                return cls(tier, folder)
        raise PrerequisiteError(
            f"neither {cache()} nor {temporary()} can be written to: set XDG_CACHE_HOME to a folder of yours"
        )

    @property
    def name(self) -> str:
        return f"{self.tier}.cloud"

    @property
    def home(self) -> Path:
        return self.folder / self.name
