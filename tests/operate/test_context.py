"""The settings are those that the CDK's app would get."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from operate.context import read_settings
from stacks.settings import SettingsError, Stage

PROJECT = Path(__file__).resolve().parents[2]


def test_cdk_json_gives_what_is_not_typed() -> None:
    given = json.loads((PROJECT / "cdk.json").read_text())["context"]
    read = read_settings(["domain=multas.gob.ar"])
    assert (read.domain, read.tier) == ("multas.gob.ar", given["tier"])


def test_a_domain_that_nobody_typed_is_missing_and_is_none_of_ours() -> None:
    with pytest.raises(SettingsError, match="domain is missing: give the name"):
        read_settings([])


def test_the_nearer_file_wins_and_the_last_word_wins(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".cdk.json").write_text('{"context": {"domain": "a.example.org", "stage": "staging", "backup_days": 7}}')
    (tmp_path / "cdk.context.json").write_text('{"domain": "b.example.org", "backup_days": 8}')
    (tmp_path / "cdk.json").write_text('{"context": {"tier": "single", "domain": "c.example.org"}}')
    read = read_settings(["backup_days=9", "backup_days=10"], project=tmp_path, home=home)
    assert (read.domain, read.stage, read.backup_days) == ("c.example.org", Stage.STAGING, 10)


@pytest.mark.parametrize("word", ["domain", "=fines.example.org", ""])
def test_a_word_that_is_no_setting_says_how_to_write_one(word: str) -> None:
    with pytest.raises(SettingsError, match="write KEY=VALUE"):
        read_settings([word])


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "cdk.context.json").write_text("{")
    with pytest.raises(SettingsError, match=r"cdk\.context\.json is no JSON"):
        read_settings([], project=tmp_path, home=tmp_path)
    (tmp_path / "cdk.context.json").write_text("[]")
    with pytest.raises(SettingsError, match="is no JSON object"):
        read_settings([], project=tmp_path, home=tmp_path)


def test_a_wrong_setting_is_told_as_synth_tells_it() -> None:
    words = ["-c", "tier=singel", "-c", "domian=fines.example.org"]
    told = subprocess.run(
        [sys.executable, "-m", "operate", "preflight", *words], cwd=PROJECT, check=False, capture_output=True, text=True
    )
    context = {"tier": "singel", "domian": "fines.example.org"}
    synth = subprocess.run(
        [sys.executable, "app.py"],
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": str(Path(sys.executable).parent), "CDK_CONTEXT_JSON": json.dumps(context)},
    )
    assert told.returncode == synth.returncode == 2
    assert told.stderr == synth.stderr and "did you mean 'domain'?" in told.stderr
    assert not told.stdout and "Traceback" not in told.stderr
