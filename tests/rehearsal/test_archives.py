"""Two machines never share the folder that apt locks, and what one downloads is there for the next."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from rehearsal.machines import archives


def _folder(path: Path, **packages: str) -> Path:
    path.mkdir(parents=True)
    for name, text in packages.items():
        (path / f"{name}.deb").write_text(text)
    return path


def test_a_machine_has_a_folder_of_its_own_with_what_is_kept(tmp_path: Path) -> None:
    kept = _folder(tmp_path / "kept", nginx="nginx")
    (kept / "lock").touch()
    archives.lend(kept, tmp_path / "one")
    archives.lend(kept, tmp_path / "two")
    assert {file.name for file in (tmp_path / "one").iterdir()} == {"partial", "nginx.deb"}
    assert (tmp_path / "two/nginx.deb").read_text() == "nginx"
    (tmp_path / "one/nginx.deb").unlink()
    assert (tmp_path / "two/nginx.deb").exists() and (kept / "nginx.deb").exists()


def test_what_a_machine_downloaded_is_kept_and_nothing_else(tmp_path: Path) -> None:
    kept = _folder(tmp_path / "kept", nginx="nginx")
    own = _folder(tmp_path / "own", nginx="nginx", knot="knot")
    (own / "partial").mkdir()
    (own / "partial/podman.deb").write_text("half")
    (own / "lock").touch()
    archives.take_back(own, kept)
    assert {file.name: file.read_text() for file in kept.iterdir()} == {"nginx.deb": "nginx", "knot.deb": "knot"}


def test_two_file_systems_are_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    archives.lend(_folder(tmp_path / "kept", nginx="nginx"), tmp_path / "own")
    assert (tmp_path / "own/nginx.deb").read_text() == "nginx"
