"""Each process of a machine is counted, its children's children too."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from bench import memory
from rehearsal.machines.machine import Machine
from rehearsal.screen import Screen

ROLLUP = """\
55d0c0a00000-7ffd0a1ff000 ---p 00000000 00:00 0                          [rollup]
Rss:               20480 kB
Pss:               10240 kB
Pss_Dirty:          1024 kB
"""
PROCESSES = [
    memory.Process("postgres", 600.0, 300.0),
    memory.Process("python3 -m fines.serve", 250.0, 200.0),
]


def test_sizes_are_in_mebibytes() -> None:
    assert memory.sizes(ROLLUP) == (20.0, 10.0)


def test_resident_sets_are_what_is_compared_though_they_count_shared_pages_often() -> None:
    ratio = memory.ratio_of(PROCESSES)
    assert (ratio.value, ratio.holds) == (850.0, True)
    assert "shared pages counted once 500 MiB" in ratio.detail


def test_a_host_that_grew_falls_short() -> None:
    assert not memory.ratio_of([*PROCESSES, memory.Process("leak", 51.0, 51.0)]).holds


def test_a_process_is_called_what_it_calls_itself() -> None:
    assert memory.title("postgres", ["postgres: 17/main: checkpointer"]) == "postgres: 17/main: checkpointer"
    assert memory.title("python3", ["/usr/bin/python3", "-m", "fines.serve"]) == "python3 -m fines.serve"
    assert memory.title("kthread", []) == "kthread"
    assert len(memory.title("conmon", ["/usr/bin/conmon", "-c", "d" * 64])) == 44


def test_grandchildren_are_found_and_shown() -> None:
    hungry = "import time; kept = bytearray(64 << 20); print('ready', flush=True); time.sleep(60)"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hungry!r}])"
    outer = subprocess.Popen([sys.executable, "-c", nested], stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert outer.stdout is not None
        outer.stdout.readline()

        class _Host:
            leader = outer.pid

        found = memory.processes(cast(Machine, _Host()))
    finally:
        for pid in (*_children(outer.pid), outer.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        outer.wait()
    assert len(found) == 2
    assert found[0].resident > 64
    out = StringIO()
    memory.show(found, Screen(Console(file=out, width=80)))
    assert "all 2" in out.getvalue()
    assert f"{found[0].resident:.1f}" in out.getvalue()


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class _Busy:
    id = "i-host"

    def __init__(self, units: str) -> None:
        self.units = units

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, self.units)


def test_a_host_that_still_works_is_not_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    busy = _Busy("fines-extras.service loaded activating start Installs what serving does not need\n")
    with pytest.raises(memory.IdleError, match=r"fines-extras\.service still ran"):
        memory.await_idle(cast(Machine, busy), lambda what: None, seconds=0)


def test_a_host_at_rest_is_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "REST", 0.05)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    resting = _Busy("cloud-final.service loaded active exited Cloud-init: Final Stage\n")
    said: list[str] = []
    began = time.monotonic()
    memory.await_idle(cast(Machine, resting), said.append, seconds=0)
    assert set(said) == {"at rest"}
    assert time.monotonic() - began >= 0.05  # it was watched for as long as rest lasts
