"""A wrong word is refused with those that are right, and a part does not replace the whole."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench import __main__ as command
from bench.ratio import Ratio
from rehearsal.places import Run
from rehearsal.screen import Screen


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--figures", "synht"], "use some of synth, host, service, rehearsal"),
        (["--tier", "ekz"], "use TIER=single or TIER=asg or TIER=eks"),
    ],
)
def test_a_wrong_word_is_refused(
    words: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", *words])
    assert command.main() == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(("value", "status"), [(1.9, 0), (2.1, 1)])
def test_a_part_has_a_file_of_its_own_and_its_status(
    value: float, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "BUILD", tmp_path)
    monkeypatch.setattr(command, "synth", lambda say: Ratio("synth", value, 2.0, "seen"))
    assert command.bench(Run("single"), Screen(), ["synth"]) == status
    assert [file.name for file in tmp_path.iterdir()] == ["bench.partial.json"]


def test_without_root_the_host_is_named_as_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "BUILD", tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert command.bench(Run("single"), Screen(), ["host"]) == 1
    assert "machines take root" in (tmp_path / "bench.partial.json").read_text()
