"""A command that fails inside a machine tells what it said."""

from __future__ import annotations

import os
import pty
from pathlib import Path

import pytest

from rehearsal.machines.inside import CommandError
from rehearsal.machines.machine import Machine
from tests.rehearsal.root import needs_root


def test_the_message_has_the_command_and_its_last_lines() -> None:
    error = CommandError(1, ("blkdiscard", "/dev/x y"), "", "first\nsecond\n\nthird\nDevice or resource busy\n")
    assert str(error) == "blkdiscard '/dev/x y' ended with 1: second / third / Device or resource busy"


def test_a_command_that_said_nothing_is_said_so() -> None:
    assert str(CommandError(3, ("false",), "", "")) == "false ended with 3: it said nothing"


@needs_root
def test_a_failed_command_is_told_by_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine("i-1", tmp_path, "10.20.0.14", os.getpid(), None, "here")
    monkeypatch.setattr(Machine, "leader", os.getpid())
    with pytest.raises(CommandError, match=r"^ls /nowhere ended with 2: .*No such file"):
        machine.run("ls", "/nowhere")
    assert machine.run("ls", "/nowhere", check=False).returncode == 2


@needs_root
def test_a_command_has_no_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    kept = os.dup(0)
    os.dup2(theirs, 0)
    try:
        machine = Machine("i-1", tmp_path, "10.20.0.14", os.getpid(), None, "here")
        monkeypatch.setattr(Machine, "leader", os.getpid())
        assert machine.run("tty", check=False).stdout.strip() == "not a tty"
        assert machine.run("cat", input="given").stdout == "given"
    finally:
        os.dup2(kept, 0)
        for handle in (ours, theirs, kept):
            os.close(handle)
