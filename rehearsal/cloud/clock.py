"""The clock that the sizes of groups go by: it stands until somebody lets it run, from any moment and as fast as is asked.

What follows schedule or demand would otherwise change the group under checks that look at something else, at hours that
nobody chose. The clock is a file, so that a check sets it and the local AWS reads it.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Setting:
    """What the clock was set to: it showed `at` (seconds since 1970) when it was `since`, and passes `pace` seconds a second."""

    at: float
    since: float
    pace: float

    def shows(self, now: float) -> float:
        """What the clock shows, in seconds since 1970, when it really is `now`."""
        return self.at + (now - self.since) * self.pace


@dataclass(frozen=True)
class Clock:
    """A clock that any process of the run can read and set."""

    file: Path

    def read(self) -> Setting | None:
        """What it was set to; None where it stands."""
        with contextlib.suppress(FileNotFoundError):
            return Setting(**json.loads(self.file.read_text()))
        return None

    @contextlib.contextmanager
    def running(self, moment: datetime, *, pace: float) -> Iterator[None]:
        """Lets it run from a moment for the length of a block, so many seconds a second; then it stands again."""
        draft = self.file.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(Setting(moment.timestamp(), time.time(), pace))))
        draft.replace(self.file)
        try:
            yield
        finally:
            self.file.unlink(missing_ok=True)
