"""Every distribution is pinned: what the project asks for, and what that asks for in turn."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parents[2]
ASKED = ("requirements.in", "requirements-dev.in", "service/requirements.in", "service/requirements-dev.in")
_BROUGHT_BY_PYTHON = {
    "pip",
    "setuptools",
}  # ensurepip puts them into each virtual environment; nothing here imports them


def asked_for(file: Path) -> dict[str, str]:
    """The pins a person wrote, by canonical name, those of the files it includes too."""
    pins: dict[str, str] = {}
    for line in file.read_text().splitlines():
        words = line.partition("#")[0].strip()
        if words.startswith("-r "):
            pins |= asked_for(file.parent / words[3:].strip())
        elif words:
            requirement = Requirement(words)
            pins[canonicalize_name(requirement.name)] = str(requirement.specifier)
    return pins


def locked(file: Path) -> dict[str, str]:
    """The pins of a lock, by canonical name."""
    return {
        canonicalize_name(requirement.name): str(requirement.specifier)
        for line in file.read_text().splitlines()
        if re.match(r"[A-Za-z0-9]", line)
        for requirement in [Requirement(line.removesuffix("\\").strip())]
    }


def not_locked(installed: Mapping[str, str], lock: Mapping[str, str]) -> list[str]:
    """What is installed and not in the lock, or there with another version."""
    return sorted(
        f"{name} {version}"
        for name, version in installed.items()
        if name not in _BROUGHT_BY_PYTHON and lock.get(name) != f"=={version}"
    )


@pytest.mark.parametrize("name", ASKED)
def test_each_pin_is_exact_and_is_the_one_of_the_lock(name: str) -> None:
    asked = asked_for(PROJECT / name)
    lock = locked((PROJECT / name).with_suffix(".txt"))
    assert len(asked) >= 5
    assert {pin: version for pin, version in asked.items() if not version.startswith("==")} == {}
    assert {pin: lock.get(pin) for pin in asked} == asked, "the lock is old: run make lock"


@pytest.mark.parametrize("name", ASKED)
def test_all_locks_agree_on_one_version(name: str) -> None:
    widest = locked(PROJECT / "requirements-dev.txt")
    lock = locked((PROJECT / name).with_suffix(".txt"))
    assert {pin: widest.get(pin) for pin in lock} == lock


@pytest.mark.parametrize("name", ASKED)
def test_a_lock_names_no_index_and_has_a_sum_for_each_distribution(name: str) -> None:
    text = (PROJECT / name).with_suffix(".txt").read_text()
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host", text)
    entries = re.split(r"\n(?=[A-Za-z0-9])", text)[1:]
    assert len(entries) >= 5
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_each_installed_distribution_is_in_the_lock() -> None:
    installed = {
        str(canonicalize_name(distribution.metadata["Name"])): distribution.version
        for distribution in importlib.metadata.distributions()
    }
    assert len(installed) > 50
    assert not_locked(installed, locked(PROJECT / "requirements-dev.txt")) == []


def test_a_distribution_that_the_lock_lacks_or_has_in_another_version_is_named() -> None:
    lock = {"django": "==5.2.19"}
    assert not_locked({"django": "5.2.18", "left-pad": "1.0", "pip": "23"}, lock) == ["django 5.2.18", "left-pad 1.0"]


def test_the_locks_hold_for_each_python_that_the_project_runs_on() -> None:
    for text in ((PROJECT / name).with_suffix(".txt").read_text() for name in ASKED):
        assert not re.search(r"^\S+ ;.*python_(full_)?version", text, re.MULTILINE), "one version for all of them"


def test_pip_refuses_a_file_whose_sum_is_another(tmp_path: Path) -> None:
    wheel = _wheel(tmp_path)
    lock = tmp_path / "requirements.txt"
    lock.write_text(f"nothing==1.0 --hash=sha256:{'0' * 64}\n")
    command = ["python", "-m", "pip", "install", "--no-index", "--find-links", str(wheel.parent), "--no-deps"]
    done = subprocess.run(
        [*command, "--require-hashes", "--target", str(tmp_path / "there"), "-r", str(lock)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and "DO NOT MATCH" in done.stderr


def _wheel(folder: Path) -> Path:
    """An empty distribution."""
    parts = folder / "parts" / "nothing-1.0.dist-info"
    parts.mkdir(parents=True)
    (parts / "METADATA").write_text("Metadata-Version: 2.1\nName: nothing\nVersion: 1.0\n")
    (parts / "WHEEL").write_text("Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    (parts / "RECORD").write_text("nothing-1.0.dist-info/METADATA,,\n")
    archive = Path(shutil.make_archive(str(folder / "nothing"), "zip", parts.parent))
    return archive.rename(folder / "nothing-1.0-py3-none-any.whl")
