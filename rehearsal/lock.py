"""One rehearsal at a time: a second one waits for the end of the first."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from rehearsal.screen import Screen


@contextlib.contextmanager
def alone(screen: Screen, *folders: Path) -> Iterator[None]:
    """Holds the folders that a rehearsal writes in; waits while another one holds any of them.

    Who dies lets go of them. All take them in the same order, or two could wait for each other.
    """
    with contextlib.ExitStack() as held:
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
            lock = held.enter_context((folder / "lock").open("w"))
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                with screen.step("wait", "another rehearsal is under way: waiting for its end"):
                    fcntl.flock(lock, fcntl.LOCK_EX)
        yield
