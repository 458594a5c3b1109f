"""Where machines cannot boot: what is refused, where files lie, which port is taken, and that nothing is left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rehearsal import __main__ as command
from rehearsal import builder, cloud_side
from rehearsal.checks import CheckError
from rehearsal.machines.traces import start_time
from rehearsal.places import CloudRun
from rehearsal.prerequisites import PrerequisiteError
from rehearsal.screen import Screen
from rehearsal.tier import TierError
from tests.rehearsal.root import needs_root

_START = """
import sys, time
from pathlib import Path
from rehearsal.cloud_side import start
from rehearsal.places import CloudRun
run = CloudRun("single", Path(sys.argv[1]))
run.make()
tier, process = start(run)
print(process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def run(tmp_path: Path) -> CloudRun:
    made = CloudRun("single", tmp_path / "runs")
    made.make()
    return made


@pytest.mark.parametrize("verb", ["up", "breaks"])
@pytest.mark.parametrize(("system", "user", "why"), [("Linux", 1000, "takes root"), ("Darwin", 0, "this is Darwin")])
def test_a_tier_is_not_left_running_or_broken_and_what_can_be_done_instead_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], system: str, user: int, why: str, verb: str
) -> None:
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("os.geteuid", lambda: user)
    monkeypatch.setattr("sys.argv", ["rehearsal", verb])
    assert command.main() == 2
    said = capsys.readouterr().err
    assert why in said
    assert f"'make {verb}' boots" in said
    assert "'make rehearse' does what needs none" in said
    monkeypatch.setattr("sys.argv", ["rehearsal", verb, "--where-possible"])  # as make test asks
    assert command.main() == 0
    assert f"'make {verb}' boots" in capsys.readouterr().err


def test_down_removes_what_a_killed_rehearsal_left_and_says_what_it_did_not_look_at(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["rehearsal", "down"])
    run = CloudRun.of("single")
    run.make()
    program = builder.Builder("podman", run.home)
    program.runtime.mkdir(parents=True)
    holder = subprocess.Popen(["sh", "-c", "sleep 60", "podman"])
    stranger = subprocess.Popen(["sleep", "60"])
    (program.runtime / "pause.pid").write_text(str(holder.pid))
    (program.runtime / "tmp").mkdir()
    (program.runtime / "tmp/pause.pid").write_text(str(stranger.pid))
    assert command.main() == 0
    assert not run.home.exists() and not program.runtime.exists()
    assert holder.wait(timeout=5) == -signal.SIGKILL
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()
    assert "a tier that root started is left alone" in capsys.readouterr().out


def test_the_run_lies_in_the_caches_or_else_among_the_temporary_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert CloudRun.of("single").home == tmp_path / "caches/fines-on-aws/runs/single.cloud"
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert CloudRun.of("single").home == tmp_path / f"temporary/fines-on-aws-{os.getuid()}/single.cloud"
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    with pytest.raises(PrerequisiteError, match="set XDG_CACHE_HOME"):
        CloudRun.of("single")


@needs_root
def test_a_folder_that_another_user_made_among_the_temporary_files_is_not_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    trap = tmp_path / f"fines-on-aws-{os.getuid()}"
    trap.mkdir()
    os.chown(trap, 65534, 65534)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(PrerequisiteError, match="set XDG_CACHE_HOME"):
        CloudRun.of("single")


def test_where_a_port_is_taken_another_one_is_chosen(run: CloudRun) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = iter([taken.getsockname()[1], cloud_side.free_port()])
        tried: list[int] = []

        def choose() -> int:
            tried.append(next(ports))
            return tried[-1]

        tier, process = cloud_side.start(run, choose)
        try:
            assert len(tried) == 2
            assert tier.endpoint == f"http://127.0.0.1:{tried[1]}"
            assert tier.client("sts").get_caller_identity()["Account"] == "000000000000"
        finally:
            cloud_side.end(process)


def test_a_port_that_stays_taken_is_said(run: CloudRun) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(TierError, match=f"{port} is already in use"):
            cloud_side.start(run, lambda: port)


def test_the_local_aws_ends_with_the_rehearsal_that_was_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _START, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert start_time(pid) is not None
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 10
    while start_time(pid) is not None and time.monotonic() < deadline:
        time.sleep(0.1)
    assert start_time(pid) is None


def test_a_build_folder_of_another_user_is_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cloud_side.must_be_ours(tmp_path / "build")
    (tmp_path / "build/synth").mkdir()
    monkeypatch.setattr("os.access", lambda folder, mode: Path(folder).name != "synth")
    with pytest.raises(TierError, match=r"sudo rm -r .*build/synth"):
        cloud_side.must_be_ours(tmp_path / "build")
    monkeypatch.setattr("os.access", lambda folder, mode: False)
    with pytest.raises(TierError, match="in a checkout of your own"):
        cloud_side.must_be_ours(tmp_path / "build")


def test_words_that_no_check_has_are_refused_before_anything_is_started(run: CloudRun, tmp_path: Path) -> None:
    with pytest.raises(CheckError, match="no check has the words 'nginx'"):
        cloud_side.rehearse(run, Screen(), words=["nginx"], reason="a test", build=tmp_path / "build")
    assert list(run.logs.iterdir()) == []


def test_without_a_builder_each_reason_is_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert builder.find(tmp_path, lambda _: None) == ("", "there is no podman; there is no docker")
    broken = tmp_path / "docker"
    broken.write_text("#!/bin/sh\necho 'the daemon is away' >&2\nexit 1\n")
    broken.chmod(0o755)
    assert builder.find(tmp_path, lambda _: None)[1].endswith("docker cannot build: the daemon is away")
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    program, why = builder.find(tmp_path, lambda _: None)
    assert program == "" and "does not reach the loopback" in why
