"""The packages that machines have downloaded, kept between machines: a second one downloads nothing again."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Archives:
    """A machine's own folder of packages beside the cache of them; apt's lock in it is the machine's alone."""

    own: Path
    cache: Path

    def lend(self) -> None:
        """Gives the machine what the cache has."""
        (self.own / "partial").mkdir(parents=True, exist_ok=True)
        self.cache.mkdir(parents=True, exist_ok=True)
        for package in self.cache.glob("*.deb"):
            _put(package, self.own / package.name)

    def keep(self) -> None:
        """Takes over what the machine downloaded besides; apt moves a package there when it is whole."""
        for package in self.own.glob("*.deb") if self.own.exists() else []:
            if not (self.cache / package.name).exists():
                draft = self.cache / f"{package.name}.{os.getpid()}"
                _put(package, draft)
                draft.replace(self.cache / package.name)


def _put(source: Path, target: Path) -> None:
    with contextlib.suppress(FileExistsError):
        try:
            os.link(source, target)
        except OSError:  # another file system
            shutil.copyfile(source, target)
