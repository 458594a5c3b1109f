"""Two rehearsals at once: the second one says that it waits, and goes on when the first has ended, however it ended."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from rich.console import Console

from rehearsal.lock import alone
from rehearsal.screen import Screen

_HOLD = """
import sys, time
from pathlib import Path
from rehearsal.lock import alone
from rehearsal.screen import Screen
with alone(Screen(), *map(Path, sys.argv[1:])):
    print("held", flush=True)
    time.sleep(60)
"""


def _holder(*folders: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, *map(str, folders)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.parametrize("shared", [0, 1])
def test_a_second_rehearsal_waits_for_the_end_of_the_first(tmp_path: Path, shared: int) -> None:
    first, second = [tmp_path / "a", tmp_path / "b"], [tmp_path / "c", tmp_path / "d"]
    second[shared] = first[shared]
    holder, out = _holder(*first), io.StringIO()
    began: list[float] = []

    def wait() -> None:
        with alone(Screen(Console(file=out)), *second):
            began.append(time.monotonic())

    waiting = threading.Thread(target=wait)
    waiting.start()
    try:
        waiting.join(0.5)
        assert began == []
    finally:
        killed = time.monotonic()
        holder.kill()
        holder.wait()
    waiting.join(10)
    assert len(began) == 1 and began[0] >= killed
    assert "another rehearsal is under way" in out.getvalue()


def test_rehearsals_that_share_no_folder_do_not_wait(tmp_path: Path) -> None:
    holder, out = _holder(tmp_path / "a"), io.StringIO()
    try:
        with alone(Screen(Console(file=out)), tmp_path / "b"):
            assert out.getvalue() == ""
    finally:
        holder.kill()
        holder.wait()
