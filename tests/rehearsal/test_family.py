"""A program ends with all that it has started, in the block and after a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from rehearsal.machines.family import family
from rehearsal.machines.traces import Traces, end, start_time

TWO = ["sh", "-c", "sleep 61 & echo $!; wait"]


def alive(pid: int) -> bool:
    return start_time(pid) is not None


def started(process: subprocess.Popen[str]) -> int:
    """The number of the second program."""
    assert process.stdout is not None
    return int(process.stdout.readline())


def test_what_a_program_started_ends_with_the_block(tmp_path: Path) -> None:
    traces = Traces(tmp_path / "traces.jsonl")
    seen: list[int] = []

    def interrupted() -> None:
        with family(TWO, traces=traces, stdout=subprocess.PIPE) as process:
            seen.extend((process.pid, started(process)))
            assert all(alive(pid) for pid in seen)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(seen) == 2 and not any(alive(pid) for pid in seen)


def test_a_program_that_has_ended_is_told_by_its_status(tmp_path: Path) -> None:
    with family(["sh", "-c", "exit 3"], traces=Traces(tmp_path / "traces.jsonl")) as process:
        process.wait()
    assert process.returncode == 3


def test_the_block_ends_what_it_wrote_down_and_nobody_who_has_the_number_now(tmp_path: Path) -> None:
    another = subprocess.Popen(["sleep", "63"], start_new_session=True)
    try:
        with family(["true"], traces=Traces(tmp_path / "traces.jsonl")) as process:
            process.wait()
            process.pid = another.pid
        assert another.poll() is None
    finally:
        another.kill()
        another.wait()


def test_after_a_crash_the_list_ends_what_outlived_the_program(tmp_path: Path) -> None:
    traces = Traces(tmp_path / "traces.jsonl")
    process = subprocess.Popen(TWO, stdout=subprocess.PIPE, text=True, start_new_session=True)
    traces.process(process, kind="family")
    second = started(process)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert alive(second)
    assert traces.end() == [] and not alive(second)


def test_a_session_that_came_later_under_the_same_number_is_left_alone() -> None:
    process = subprocess.Popen(["sleep", "62"], start_new_session=True)
    try:
        now = start_time(process.pid)
        assert now is not None
        assert end([{"kind": "family", "pid": process.pid, "started": now - 100}]) == []
        time.sleep(0.1)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
