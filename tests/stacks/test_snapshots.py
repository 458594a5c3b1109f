"""The committed snapshots are what the app synthesizes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stacks.snapshot import SNAPSHOTS, difference, snapshots
from tests.stacks.synthesis import TIERS, assemble


@pytest.mark.parametrize("tier", TIERS)
def test_snapshots_are_what_is_synthesized(tier: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    assemble(tmp_path, tier=tier)
    made, folder = snapshots(tmp_path), SNAPSHOTS / tier
    if request.config.getoption("--update-snapshots"):
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            (folder / name).write_text(text)
    kept = {name: (folder / name).read_text() if (folder / name).exists() else "" for name in made}
    changes = "".join(difference(name, kept=kept[name], made=made[name]) for name in made)
    assert changes == "", f"{changes}\nIf this is what you meant, run `make snapshots` and commit the difference."


def test_a_difference_is_shown() -> None:
    shown = difference("inventory.txt", kept="A  one\nB  two\n", made="A  one\nC  three\n")
    assert "-B  two\n" in shown
    assert "+C  three\n" in shown


@pytest.mark.parametrize("tier", TIERS)
def test_snapshots_do_not_follow_the_contents_of_files(
    tier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tmp_path / "before"
    assemble(before, tier=tier)
    service = tmp_path / "service"
    service.mkdir()
    (service / "Dockerfile").write_text("FROM another\n")
    monkeypatch.setattr("stacks.parts.image.SERVICE", service)
    after = tmp_path / "after"
    assemble(after, tier=tier)
    assert snapshots(before) == snapshots(after)
