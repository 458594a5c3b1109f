"""This machine can build the image for the host's processor, or it is said what is missing."""

from __future__ import annotations

import json
import platform
import shutil
from pathlib import Path

import pytest

from operate.finding import Finding, State
from tests.operate.world import one, subject_of

OWN = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
DOCKER = {"Architecture": "x86_64", "ServerVersion": "28.2.2"}


def program(folder: Path, *, info: str, status: int = 0, complaint: str = "", platforms: str = "") -> str:
    """A program that answers as Docker or podman would on another machine than this one."""
    file = folder / "builder"
    file.write_text(
        "#!/bin/sh\n"
        f"case $1 in\ninfo) echo '{info}'; echo '{complaint}' >&2; exit {status};;\n"
        f"buildx) [ -n '{platforms}' ] && echo 'Platforms: {platforms}';;\n"
        "*) exit 64;;\nesac\n"
    )
    file.chmod(0o755)
    return str(file)


def find(monkeypatch: pytest.MonkeyPatch, name: str, *words: str) -> Finding:
    monkeypatch.setenv("CDK_DOCKER", name)
    return one("builder", subject_of(words))


@pytest.mark.skipif(shutil.which("podman") is None, reason="there is no podman here")
def test_the_podman_of_this_machine_builds_for_its_own_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    found = find(monkeypatch, "podman", f"cpu={OWN}")
    assert found.state is State.OK and "its own processor" in found.seen


def test_no_builder_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    found = find(monkeypatch, "no-such-builder")
    assert found.state is State.STOPS and "CDK_DOCKER=podman" in found.do


def test_a_builder_that_does_not_run_stops_with_its_own_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    silent = program(tmp_path, info="{}", status=1, complaint="Cannot connect to the Docker daemon")
    found = find(monkeypatch, silent)
    assert found.state is State.STOPS and found.seen.endswith("Cannot connect to the Docker daemon")
    assert f"{silent} info" in found.do


def test_a_builder_whose_answer_says_nothing_is_not_called_good(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert find(monkeypatch, program(tmp_path, info="[]")).state is State.STOPS


def test_another_processor_stops_without_emulation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = find(monkeypatch, program(tmp_path, info=json.dumps(DOCKER)), "cpu=arm64")
    assert found.state is State.STOPS and "linux/amd64" in found.seen and "linux/arm64" in found.seen
    assert "-c cpu=x86_64" in found.do
    same = find(monkeypatch, program(tmp_path, info=json.dumps(DOCKER)), "cpu=x86_64")
    assert same.state is State.OK


@pytest.mark.parametrize(
    ("info", "platforms"),
    [
        (json.dumps(DOCKER), "linux/amd64, linux/arm64, linux/386"),
        (json.dumps({"host": {"arch": "amd64", "emulatedArchitectures": ["linux/arm", "linux/arm64"]}}), ""),
    ],
)
def test_emulation_is_slow_and_works(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, info: str, platforms: str
) -> None:
    found = find(monkeypatch, program(tmp_path, info=info, platforms=platforms), "cpu=arm64")
    assert found.state is State.WARNING and "emulates linux/arm64" in found.seen
