"""A disk that is full while the caches are made: it is said, and nothing half made stays. The disks here are really full."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal import disk, images
from rehearsal.machines import rootfs
from tests.rehearsal.root import needs_root


def _mebibytes(number: int) -> int:
    return number * 2**20


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file system of 48 MiB that holds the caches: a Debian is ten times that."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(disk)], check=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(disk))
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


needs_debootstrap = pytest.mark.skipif(shutil.which("debootstrap") is None, reason="there is no debootstrap")


@needs_root
@needs_debootstrap
def test_a_full_disk_while_the_root_file_system_is_made_is_said_and_cleaned_up(small_disk: Path) -> None:
    with pytest.raises(rootfs.RootFileSystemError, match=r"(?s)could not be made.*The disk that holds .* MiB left"):
        rootfs.root_file_system(lambda _: None)
    left = sorted(file.name for file in (small_disk / "fines-on-aws/rootfs").iterdir())
    assert [name for name in left if not name.endswith(".log")] == []
    assert shutil.disk_usage(small_disk).free > _mebibytes(40)


@needs_root
@needs_debootstrap
def test_a_full_disk_while_the_base_image_is_made_is_said_and_cleaned_up(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = subprocess.CompletedProcess(["podman"], 1, "", "")
    monkeypatch.setattr(images, "podman", lambda *words, **options: absent)
    with pytest.raises(images.BaseImageError, match=r"(?s)could not be made.*The disk that holds .* MiB left"):
        images.base_image()
    assert list((small_disk / "fines-on-aws/base").iterdir()) == []


@needs_root
def test_what_a_killed_process_left_is_removed_and_what_is_mounted_there_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    folder = tmp_path / "fines-on-aws/rootfs"
    left, working = folder / f"0123.draft.{dead.pid}", folder / f"0123.draft.{os.getpid()}"
    for draft in (left, working):
        (draft / "proc").mkdir(parents=True)
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("dear")
    subprocess.run(["mount", "--bind", str(precious), str(left / "proc")], check=True)
    monkeypatch.setattr(rootfs, "mirror", lambda: "http://127.0.0.1:9/debian")
    with pytest.raises(rootfs.RootFileSystemError):
        rootfs.root_file_system(lambda _: None)
    assert not left.exists()
    assert (precious / "file").read_text() == "dear"
    assert str(left) not in Path("/proc/self/mountinfo").read_text()


def test_a_disk_with_room_is_not_blamed(tmp_path: Path) -> None:
    assert disk.shortage(tmp_path / "not" / "yet", needed=1) == ""
    assert f"The disk that holds {tmp_path} has " in disk.shortage(tmp_path / "not" / "yet", needed=2**62)
