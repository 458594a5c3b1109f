"""Whatever becomes of a rehearsal, nothing of it is left on this system: after Ctrl-C by itself, after a crash by `make down`."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.machines.traces import Traces, start_time
from rehearsal.places import PROJECT, Run
from tests.rehearsal.root import needs_root

BOOTS_SECONDS = 900  # until the tier's machine boots, with cold caches and a slow network
_CGROUPS = Path("/sys/fs/cgroup")
pytestmark = [pytest.mark.deployment, needs_root]


def left_on_this_system() -> dict[str, set[str]]:
    """What a rehearsal makes: processes of its own, mounts, links, loop devices, control groups, namespaces, rules."""

    def said(*command: str) -> set[str]:
        return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines())

    processes = set()
    for place in Path("/proc").iterdir():
        # what is dead and not yet waited for is nobody's doing any more
        if place.name.isdecimal() and int(place.name) != os.getpid() and start_time(int(place.name)) is not None:
            try:
                words, within = (place / "cmdline").read_text(), (place / "cgroup").read_text()
            except OSError:
                continue
            if str(Run("single").home) in words or "rehearsal" in words or "cdk" in words or "fines-" in within:
                processes.add(f"{place.name} {words.replace(chr(0), ' ')[:120]}")
    return {
        "processes": processes,
        "mounts": {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()},
        "links": {place.name for place in Path("/sys/class/net").iterdir()},
        "loop devices": said("losetup", "--all", "--output", "NAME,BACK-FILE", "--noheadings"),
        "control groups": {str(place) for place in _CGROUPS.glob("**/fines-*") if place.is_dir()},
        "namespaces": said("ip", "netns", "list"),
        "rules": said("nft", "list", "tables"),
    }


def _machines() -> set[Path]:
    return set(Run("single").machines.glob("i-*/machine.json"))


@pytest.fixture
def booting(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`make up`, at the moment at which its machine has begun to boot and the CDK's CLI waits for it."""
    log, booted = tmp_path / "up.log", _machines()
    command = [sys.executable, "-m", "rehearsal", "up", "--tier", "single"]
    # A shell's job in the background is deaf to Ctrl-C; this one is not.
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        stdout=log.open("wb"),
        stderr=subprocess.STDOUT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + BOOTS_SECONDS
    while not _machines() - booted:
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"no machine boots: {log.read_text()[-2000:]}")
        time.sleep(0.2)
    yield process
    if process.poll() is None:
        process.kill()
        process.wait()
    subprocess.run([sys.executable, "-m", "rehearsal", "down", "--tier", "single"], cwd=PROJECT, check=True)


@pytest.fixture
def before() -> dict[str, set[str]]:
    """What is there when no rehearsal of another folder is under way and none that was killed has left anything."""
    subprocess.run([sys.executable, "-m", "rehearsal", "down", "--tier", "single"], cwd=PROJECT, check=True)
    return left_on_this_system()


def test_after_ctrl_c_nothing_is_left(before: dict[str, set[str]], booting: subprocess.Popen[bytes]) -> None:
    assert left_on_this_system() != before
    booting.send_signal(signal.SIGINT)
    assert booting.wait(60) == 130
    assert left_on_this_system() == before
    assert (PROJECT / "build/rehearsal/single-logs/cloud.log").stat().st_size


def test_after_a_crash_make_down_leaves_nothing(before: dict[str, set[str]], booting: subprocess.Popen[bytes]) -> None:
    booting.kill()
    booting.wait()
    assert left_on_this_system() != before
    done = subprocess.run([sys.executable, "-m", "rehearsal", "down", "--tier", "single"], cwd=PROJECT, check=False)
    assert done.returncode == 0
    assert left_on_this_system() == before


def test_what_make_up_prints_works_and_make_down_leaves_nothing_of_a_tier_that_serves_though_its_cloud_died(
    before: dict[str, set[str]],
) -> None:
    words = [sys.executable, "-m", "rehearsal"]
    try:
        done = subprocess.run(
            [*words, "up", "--tier", "single"], cwd=PROJECT, check=False, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        lines = done.stdout.splitlines()
        assert any(re.fullmatch(r"Tier single is up at https://\S+/ \(address \S+\); .*", line) for line in lines)
        (password,) = (line.split()[-1] for line in lines if line.startswith("Administrator  admin, password "))
        (token,) = (line.split()[-1] for line in lines if line.startswith("First officer  token "))
        assert len(password) >= 12
        pasted = [line for line in lines if "curl -sk --resolve" in line]
        assert len(pasted) > 8 and token in pasted[0]
        said = subprocess.run(["bash", "-c", pasted[0]], cwd=PROJECT, check=True, capture_output=True, text=True).stdout
        assert json.loads(said)["infraccion"]["id"]
        makers = [trace["pid"] for trace in Traces(Run("single").traces).all() if trace["kind"] == "maker"]
        assert makers
        for pid in makers:
            os.kill(pid, signal.SIGKILL)
    finally:
        ended = subprocess.run([*words, "down", "--tier", "single"], cwd=PROJECT, check=False)
    assert ended.returncode == 0
    assert left_on_this_system() == before
