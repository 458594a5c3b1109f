"""The ledger knows which statements were used, and what was refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from rehearsal.cloud.permissions import Ledger
from tests.rehearsal.permissions.world import HOST_ROLE, INSTANCE, VOLUME, Bench


def test_a_statement_counts_as_used_once_it_allowed_a_call(bench: Bench) -> None:
    role = bench.roles[HOST_ROLE]
    assert "Host/Volume" in bench.ledger.unused(HOST_ROLE, role.policies)
    client = bench.client("ec2")
    bench.passes(lambda: client.attach_volume(VolumeId=VOLUME, InstanceId=INSTANCE, Device="/dev/sdf"))
    assert bench.ledger.used(HOST_ROLE) == {
        "Host/Volume": {"ec2:AttachVolume"},
        "Host/VolumeInstance": {"ec2:AttachVolume"},
    }
    assert "Host/Volume" not in bench.ledger.unused(HOST_ROLE, role.policies)
    assert "Host/Signal" in bench.ledger.unused(HOST_ROLE, role.policies)


def test_a_refused_call_uses_no_statement_and_is_told_with_what_came_close(bench: Bench) -> None:
    with pytest.raises(ClientError):
        bench.client("ssm").get_parameter(Name="/other")
    assert not bench.ledger.used(HOST_ROLE)
    (entry,) = bench.ledger.refused()
    assert entry.action == "ssm:GetParameter" and entry.principal.endswith(f"/{INSTANCE}")
    assert "(close: Host/Release: resource)" in entry.reason


def test_a_ledger_is_read_back_as_it_was_written(bench: Bench, tmp_path: Path) -> None:
    bench.ledger = Ledger(tmp_path / "permissions.jsonl")
    bench.passes(lambda: bench.client("ssm").get_parameter(Name="/fines/dev/single/release"))
    with pytest.raises(ClientError):
        bench.client("ssm").get_parameter(Name="/other")
    lines = (tmp_path / "permissions.jsonl").read_text().splitlines()
    assert [json.loads(line)["allowed"] for line in lines] == [True, False]
    again = Ledger.read(tmp_path / "permissions.jsonl")
    assert again.used(HOST_ROLE) == bench.ledger.used(HOST_ROLE) == {"Host/Release": {"ssm:GetParameter"}}
    assert again.refused() == bench.ledger.refused()
