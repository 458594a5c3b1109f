"""The packages that machines download, kept for those that come after. apt locks the folder it downloads to, so each machine has its own."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path


def lend(kept: Path, own: Path) -> None:
    """Fills a machine's own folder with the packages that are kept."""
    (own / "partial").mkdir(parents=True)
    kept.resolve().mkdir(parents=True, exist_ok=True)
    for package in kept.glob("*.deb"):
        _copy(package, own / package.name)


def take_back(own: Path, kept: Path) -> None:
    """Keeps the packages that a machine downloaded besides, each whole or not at all."""
    for package in own.glob("*.deb"):
        if not (kept / package.name).exists():
            draft = kept / f"{package.name}.draft.{os.getpid()}"
            _copy(package, draft)
            draft.replace(kept / package.name)


def _copy(source: Path, target: Path) -> None:
    """Another name for the same file, or a copy where the two folders lie on two file systems."""
    target.unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):  # another machine's apt, or a person, cleaned up meanwhile
        try:
            os.link(source, target)
        except OSError:
            shutil.copy(source, target)
