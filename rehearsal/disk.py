"""Says that a disk is full where that explains why something could not be made."""

from __future__ import annotations

import errno
import os
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT)
_LITTLE = 16 * 2**20  # bytes; programs that fail for want of space leave about this much


def shortage(folder: Path) -> str:
    """A sentence on the file system of a folder if it has no room left, otherwise nothing. To be asked before cleaning up."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    found = os.statvfs(there)
    # file systems that do not count files have none in all
    if found.f_bavail * found.f_frsize >= _LITTLE and (found.f_favail > 0 or found.f_files == 0):
        return ""
    total = found.f_blocks * found.f_frsize / 2**30
    return (
        f"\nThe disk that holds {there} is full ({total:.1f} GiB in all): a first rehearsal needs 4 GiB there. "
        "Free some, or set XDG_CACHE_HOME to a folder on another disk. What was half made is removed"
    )
