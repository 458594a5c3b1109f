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


@pytest.mark.parametrize(("system", "asked"), [("debian", True), ("ubuntu", False)])
def test_a_browser_and_the_cli_are_installed_only_where_a_package_has_them(
    system: str, asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda program, path=None: None)
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"ID": system})
    assert ({"chromium", "aws"} <= prerequisites.wanted().keys()) is asked


def test_a_browser_of_another_name_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program, path=None: f"/opt/{program}" if "stable" in program else None)
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"ID": "debian"})
    assert prerequisites.found_browser() == "/opt/google-chrome-stable"
    assert "chromium" not in prerequisites.wanted()


def test_who_is_not_root_is_told_what_tests_are_skipped_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda program, path=None: None if program == "jq" else f"/usr/bin/{program}")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert prerequisites.main() == 0
    assert "skipped: jq (Debian's jq)" in capsys.readouterr().out


def test_where_root_cannot_install_what_tests_take_that_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("shutil.which", lambda program, path=None: None)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert prerequisites.main() == 1
    assert "jq" in capsys.readouterr().err
