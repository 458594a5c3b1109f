"""Where the root disks of machines lie: a file system of their own in one sparse file, which goes as one."""

from __future__ import annotations

import subprocess
from pathlib import Path

from rehearsal.machines.traces import Traces

_GIBIBYTES = 64  # at most; a machine writes about one


def mount_scratch(folder: Path, traces: Traces) -> None:
    """Mounts a new file system over an empty folder; its blocks lie in a file beside it.

    Tens of thousands of files are made in a rehearsal. On a file system of their own they are made alike fast whatever was
    deleted before (ext4 without a journal looks for inodes that were not in use lately), and deleted by deleting one file.
    """
    file = folder.with_suffix(".img")
    with file.open("xb") as out:
        out.truncate(_GIBIBYTES * 2**30)
    lazily = "lazy_itable_init=1,lazy_journal_init=1,nodiscard"
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", "-E", lazily, str(file)], check=True, capture_output=True)
    traces.add("loop", file=str(file))
    traces.add("mount", path=str(folder))
    # nothing on it need outlive this system
    options = "loop,noatime,nobarrier,data=writeback"
    subprocess.run(["mount", "-t", "ext4", "-o", options, str(file), str(folder)], check=True, capture_output=True)
