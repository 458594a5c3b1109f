"""Everything a rehearsal starts is written down and ended, and nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rehearsal.machines import network as of_network
from rehearsal.machines import traces as of_traces
from rehearsal.machines.traces import Traces, start_time
from tests.rehearsal.root import needs_root


@pytest.fixture
def traces(tmp_path: Path) -> Traces:
    return Traces(tmp_path / "traces.jsonl")


def test_a_process_on_the_list_is_ended(traces: Traces) -> None:
    process = subprocess.Popen(["sleep", "60"])
    traces.process(process)
    assert traces.end() == []
    assert process.wait(timeout=5) != 0
    assert traces.all() == []


def test_a_process_whose_number_was_reused_is_left_alone(traces: Traces) -> None:
    process = subprocess.Popen(["sleep", "60"])
    try:
        started = start_time(process.pid)
        assert started is not None
        traces.add("process", pid=process.pid, started=started - 1)
        assert traces.end() == []
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def test_a_process_that_ignores_a_polite_request_is_ended_all_the_same(traces: Traces) -> None:
    process = subprocess.Popen(
        ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    traces.process(process)
    assert traces.end() == []
    assert process.wait(timeout=5) == -9


def test_a_folder_on_the_list_is_removed_and_ending_twice_is_no_error(traces: Traces, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    traces.add("tree", path=str(folder))
    folder.mkdir()
    (folder / "file").write_text("x")
    before = traces.all()
    assert traces.end() == []
    assert not folder.exists()
    assert before
    assert traces.end() == []


def test_what_cannot_be_ended_is_said_and_stays_on_the_list(traces: Traces, tmp_path: Path) -> None:
    file = tmp_path / "no-folder"
    file.write_text("x")
    traces.add("tree", path=str(file))
    left = traces.end()
    assert len(left) == 1
    assert "no-folder" in left[0]
    assert len(traces.all()) == 1


def test_the_last_rehearsal_to_end_puts_forwarding_back_and_no_other(
    traces: Traces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forwarding, was, links = tmp_path / "ip_forward", tmp_path / "was", tmp_path / "net"
    forwarding.write_text("0\n")
    (links / "fines7").mkdir(parents=True)
    for module in (of_traces, of_network):
        monkeypatch.setattr(module, "FORWARDING", forwarding)
        monkeypatch.setattr(module, "WAS_FORWARDING", was)
    monkeypatch.setattr(of_traces, "LINKS", links)
    second = Traces(tmp_path / "second.jsonl")
    of_network._forward(traces)
    of_network._forward(second)
    assert forwarding.read_text() == "1"
    assert traces.end() == []
    assert forwarding.read_text() == "1"
    (links / "fines7").rmdir()
    assert second.end() == []
    assert forwarding.read_text() == "0\n"


def test_a_line_that_a_crash_cut_short_is_passed_over(traces: Traces) -> None:
    traces.add("tree", path="/nonexistent/rehearsal")
    with traces.file.open("a") as out:
        out.write('{"kind": "tr')
    assert [trace["kind"] for trace in traces.all()] == ["tree"]


def test_an_unknown_kind_is_refused(traces: Traces) -> None:
    with pytest.raises(ValueError, match="use one of"):
        traces.add("sofa", name="x")


def test_what_another_version_wrote_down_is_told_and_keeps_nothing_else_alive(traces: Traces, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    traces.add("tree", path=str(tree))
    with traces.file.open("a") as out:
        out.write('{"kind": "sofa", "name": "x"}\n{"kind": "process", "number": 1}\n')
    left = traces.end()
    assert not tree.exists()
    assert ["sofa" in each for each in left] == [False, True], left
    assert "another version wrote this down" in left[1]
    assert len(traces.all()) == 3, "the list is still there for the version that knows it"


_MAKES = """
import subprocess, sys, time
from pathlib import Path
from rehearsal.machines.traces import Traces
traces, made = Traces(Path(sys.argv[1])), Path(sys.argv[2])
while True:
    child = subprocess.Popen(["sleep", "60"])
    traces.process(child)
    with made.open("a") as out:
        print(child.pid, file=out)
    print("made", flush=True)
    child.wait()
"""


def test_what_makes_others_ends_first(traces: Traces, tmp_path: Path) -> None:
    made = tmp_path / "made"
    command = [sys.executable, "-c", _MAKES, str(traces.file), str(made)]
    maker = subprocess.Popen(command, stdout=subprocess.PIPE)
    traces.process(maker, kind="maker")
    assert maker.stdout and maker.stdout.readline() == b"made\n"
    assert traces.end() == []
    maker.wait(timeout=5)
    pids = [int(line) for line in made.read_text().splitlines()]
    assert len(pids) == 1, "what it made ended first, and it made another one"
    assert start_time(pids[0]) is None


_HIDES = """
import os, signal, sys, time
top = sys.argv[1]
def hide(*_):
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.mkdir(f"{top}/later")
        open(f"{top}/later/cgroup.procs", "w").write(str(os.getpid()))
        time.sleep(60)
    os._exit(0)
open(f"{top}/cgroup.procs", "w").write(str(os.getpid()))
signal.signal(signal.SIGTERM, hide)
print("there", flush=True)
time.sleep(60)
"""


@needs_root
def test_a_cgroup_that_grows_while_it_is_ended_is_ended_whole(traces: Traces) -> None:
    top = (
        Path("/sys/fs/cgroup/pids" if Path("/sys/fs/cgroup/pids").is_dir() else "/sys/fs/cgroup")
        / f"fines-test-{os.getpid()}"
    )
    top.mkdir()
    traces.add("cgroup", path=str(top))
    process = subprocess.Popen([sys.executable, "-c", _HIDES, str(top)], stdout=subprocess.PIPE)
    assert process.stdout and process.stdout.readline() == b"there\n"
    assert traces.end() == []
    assert not top.exists()
    process.wait(timeout=5)
