"""What the kernel says of processes."""

from __future__ import annotations

import contextlib
from pathlib import Path


def children(pid: int) -> list[int]:
    """The processes that a process has begun, those of its first thread."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def name_of(pid: int | None) -> str:
    """What a process is called; nothing once it has ended."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def is_first(pid: int) -> bool:
    """Whether a process is the first one of a namespace of processes."""
    with contextlib.suppress(OSError, IndexError):
        numbers = Path(f"/proc/{pid}/status").read_text().split("NSpid:")[1].splitlines()[0].split()
        return len(numbers) > 1 and numbers[-1] == "1"
    return False
