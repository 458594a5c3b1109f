"""The names of what stands in for managed services, and those of local hosted zones, as the VPC's resolver tells them.

The resolver leads AWS's names to the front; a line of a hosts file goes before that (dnsmasq(8), --address).
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path


class Names:
    """Names and their addresses, in a file that the resolver reads again when it is told to."""

    def __init__(self, file: Path, reload: Callable[[], None] = lambda: None) -> None:
        self._file, self.reload = file, reload
        self._known: dict[str, tuple[str, ...]] = {}
        self._lock = threading.Lock()
        file.touch()

    def lead(self, name: str, addresses: Sequence[str]) -> None:
        """From now on the name leads to these addresses; to none, if there are none."""
        with self._lock:
            wanted = (
                {**self._known, name: tuple(addresses)}
                if addresses
                else {k: v for k, v in self._known.items() if k != name}
            )
            if wanted == self._known:
                return
            self._known = wanted
            lines = [f"{address} {each}\n" for each, found in self._known.items() for address in found]
            draft = self._file.with_suffix(".new")
            draft.write_text("".join(lines))
            draft.replace(self._file)
            self.reload()

    def addresses(self, name: str) -> tuple[str, ...]:
        return self._known.get(name, ())


def reload_by(pid: int) -> Callable[[], None]:
    """Tells a dnsmasq to read its files again: SIGHUP, by its manual."""
    return lambda: os.kill(pid, signal.SIGHUP)
