"""Where the rehearsal keeps what it makes: caches that outlive a run, and the files of one run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BUILD = PROJECT / "build"


def cache() -> Path:
    """The folder of what a second rehearsal reuses; each entry is named after a hash of what it was made from."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "fines-on-aws"


@dataclass(frozen=True)
class Run:
    """The files of one running tier. They lie outside the project, since machines need a real file system below them."""

    tier: str

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
    def authority(self) -> Path:
        """The certificate of the authority that signs for the local AWS."""
        return self.home / "authority.pem"

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
    def facts(self) -> Path:
        """What the local AWS says about itself once it is up (JSON)."""
        return self.home / "cloud.json"

    def make(self) -> None:
        """Makes the folders, readable by their owner alone."""
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in (self.machines, self.volumes, self.logs):
            folder.mkdir(exist_ok=True)
