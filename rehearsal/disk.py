"""Says that a disk is full where that explains why something could not be made."""

from __future__ import annotations

import errno
import os
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT)
_NEEDED = 4 * 2**30  # bytes of a first rehearsal: Debian, the image's layers, packages, volumes


def shortage(folder: Path, *, needed: int = _NEEDED) -> str:
    """A sentence on the file system of a folder if it has less room than is needed, otherwise nothing.

    Of use after something failed, before what was half made is removed: programs say little of a full disk, and some
    clean up after themselves.
    """
    there = next(each for each in (folder, *folder.parents) if each.exists())
    found = os.statvfs(there)
    free = found.f_bavail * found.f_frsize
    files = found.f_favail if found.f_files else 1  # file systems that do not count files have none in all
    if free >= needed and files > 0:
        return ""
    left = f"{free // 2**20} MiB left" if files > 0 else "no file left"
    return (
        f"\nThe disk that holds {there} has {left}, and {needed // 2**20} MiB are needed. Free some, "
        "or set XDG_CACHE_HOME to a folder on another disk. What was half made is removed"
    )
