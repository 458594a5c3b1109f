"""Who deploys can open a shell on the host, or learns what to install for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from operate.finding import State
from tests.operate.world import one, subject_of


def test_what_a_shell_takes_is_looked_for_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = one("shell", subject_of([]))
    assert found.state is State.WARNING and "command line interface" in found.do and "plugin" in found.do
    for name, missing in (("aws", True), ("session-manager-plugin", False)):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
        found = one("shell", subject_of([]))
        assert (found.state is State.WARNING) is missing
    assert "session-manager-plugin are here" in found.seen
