"""Of a deployment that failed, the machine's own lines say why: those of the machine that was launched last."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rehearsal import rehearse
from rehearsal.cdk import Cdk, CdkError
from rehearsal.machines.network import Network
from rehearsal.places import CloudRun
from rehearsal.screen import Screen
from rehearsal.tier import Tier

_NETWORK = Network("fines1", "fines1", "127.0.0.1", "127.0.0.2", "198.19.1.0/24")


@pytest.fixture
def tier(tmp_path: Path) -> Tier:
    run = CloudRun("single", tmp_path)
    run.make()
    return Tier(run, _NETWORK, "http://127.0.0.2:4566")


def _booted(tier: Tier, id: str, *lines: str, age: float) -> None:
    log = tier.run.machines / id / "upper/var/log/cloud-init-output.log"
    log.parent.mkdir(parents=True)
    log.write_text("\n".join(lines))
    moment = log.stat().st_mtime - age
    os.utime(tier.run.machines / id, (moment, moment))


def test_a_failed_deployment_shows_what_the_last_machine_said(tier: Tier, monkeypatch: pytest.MonkeyPatch) -> None:
    _booted(tier, "i-0first", "the step address failed", age=60)
    _booted(tier, "i-0last", "ci-info: a table", "", *(f"line {n}" for n in range(20)), "the step data failed", age=0)

    def fails(*_: object) -> None:
        raise CdkError("cdk deploy ended with 1: the host did not serve")

    for name in ("bootstrap", "deploy"):
        monkeypatch.setattr(Cdk, name, fails if name == "deploy" else lambda *_: None)
    monkeypatch.setattr(Cdk, "synth", lambda *_: tier.run.home)
    monkeypatch.setattr(rehearse, "context", lambda _: {})
    with pytest.raises(CdkError) as failure:
        rehearse.deploy(tier, Screen())
    said = str(failure.value).splitlines()
    assert said[0] == "cdk deploy ended with 1: the host did not serve"
    assert "i-0last" in said[1] and said[1].endswith("i-0last.journal.log has its journal):")
    assert said[2:] == [*(f"  line {n}" for n in range(9, 20)), "  the step data failed"]


def test_nothing_is_said_where_no_machine_was_launched(tier: Tier) -> None:
    assert tier.last_words() == ""
