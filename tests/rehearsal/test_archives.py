"""Packages go from the cache to a machine and back, whole ones only."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.machines.archives import Archives


@pytest.fixture(params=["same file system", "another"])
def archives(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Archives:
    if request.param == "another":

        def refuse(source: Path, target: Path) -> None:
            raise OSError(18, "Invalid cross-device link")

        monkeypatch.setattr("os.link", refuse)
    return Archives(tmp_path / "own", tmp_path / "cache")


def test_what_one_machine_downloaded_the_next_one_has(archives: Archives, tmp_path: Path) -> None:
    archives.lend()
    (archives.own / "knot_3.4_amd64.deb").write_text("knot")
    (archives.own / "partial" / "nginx_1.26_amd64.deb").write_text("ngi")
    (archives.own / "lock").touch()
    archives.keep()
    assert [file.name for file in archives.cache.iterdir()] == ["knot_3.4_amd64.deb"]
    second = Archives(tmp_path / "second", archives.cache)
    second.lend()
    assert (second.own / "knot_3.4_amd64.deb").read_text() == "knot"


def test_a_machine_that_removes_its_packages_leaves_the_cache_alone(archives: Archives) -> None:
    archives.cache.mkdir()
    (archives.cache / "knot_3.4_amd64.deb").write_text("knot")
    archives.lend()
    (archives.own / "knot_3.4_amd64.deb").unlink()
    archives.keep()
    assert (archives.cache / "knot_3.4_amd64.deb").read_text() == "knot"
