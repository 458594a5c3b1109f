"""What happened to the machines of a run and when, for those who measure: one JSON object a line."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

LAUNCHED = "launched"  # the machine has power
SIGNALLED = "signalled SUCCESS"  # the machine told CloudFormation that it serves
UNHEALTHY = "unhealthy"  # the group noticed that the machine is dead
HOOK_OVER = "termination hook over"  # answered, or its heartbeat ran out
TERMINATED = "terminated"
IN_STEP = "in step"  # a database's standby has all that is acknowledged from now on
PROMOTED = "promoted"  # it takes the writes, and the database's name leads to it


@dataclass(frozen=True)
class Event:
    """Something that happened to a machine; `at` in seconds since 1970."""

    at: float
    machine: str
    what: str


class Events:
    """A list on disk that one process writes and others read."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def add(self, machine: str, what: str) -> None:
        line = json.dumps({"at": round(time.time(), 3), "machine": machine, "what": what}) + "\n"
        with self.file.open("a") as out:
            out.write(line)

    def all(self) -> list[Event]:
        """All events, oldest first."""
        if not self.file.exists():
            return []
        return [Event(**json.loads(line)) for line in self.file.read_text().splitlines()]

    def moment(self, machine: str, what: str) -> float:
        """When it first happened to the machine.

        Raises:
            LookupError: it did not; the message has what did.
        """
        own = [event for event in self.all() if event.machine == machine]
        for event in own:
            if event.what == what:
                return event.at
        raise LookupError(
            f"{machine} was never {what!r}, only {', '.join(event.what for event in own) or 'nothing at all'}"
        )

    def wait(self, machine: str, what: str, *, seconds: float) -> float:
        """When it first happened to the machine, waiting so long for it.

        Raises:
            LookupError: it did not happen in time.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.moment(machine, what)
            except LookupError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.1)

    def seconds(self, machine: str, start: str, end: str) -> float:
        """The seconds from one event of a machine to another.

        Raises:
            LookupError: one of them did not happen.
        """
        return self.moment(machine, end) - self.moment(machine, start)
