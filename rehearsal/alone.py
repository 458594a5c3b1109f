"""One at a time: what measures or boots machines waits for another that does."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator

from rehearsal.places import cache
from rehearsal.screen import Screen


@contextlib.contextmanager
def alone(screen: Screen) -> Iterator[None]:
    """One rehearsal at a time: a second one waits here."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with screen.step("wait", "another rehearsal is under way: waiting for its end"):
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield
