"""Programs that start others: all of them end together, and after a crash by the run's list."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

from rehearsal.machines.traces import Traces, end


@contextlib.contextmanager
def family(command: Sequence[str], *, traces: Traces, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A program in a session of its own for the length of a block, which ends it with all that it has started.

    `options` are those of subprocess.Popen; its streams are texts.
    """
    process = subprocess.Popen(command, start_new_session=True, text=True, **options)
    trace = traces.process(process, kind="family")
    try:
        yield process
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
        if left := end([trace]):
            raise OSError("; ".join(left))
        process.wait()
