"""What a rehearsal calls is there, or is named with the package that has it."""

from __future__ import annotations

import pytest

from rehearsal import prerequisites


def test_a_program_that_is_there_is_not_missing_and_one_that_is_not_is() -> None:
    assert prerequisites.missing(["sh", "no-such-program-anywhere"]) == ["no-such-program-anywhere"]


def test_on_a_system_without_apt_the_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program, path=None: None)
    with pytest.raises(prerequisites.PrerequisiteError, match="systemd-container"):
        prerequisites.install(lambda what: None)
