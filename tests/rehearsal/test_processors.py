"""A machine's share of this system's processors is told for itself, and for its group while it is in service."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ministack.services import autoscaling, cloudwatch

from rehearsal.cloud import processors
from rehearsal.cloud.processors import Processors, taken_by

GROUP = "fines-busy"


@pytest.fixture(autouse=True)
def records() -> Iterator[None]:
    states = {"i-serving": "InService", "i-coming": "Pending:Wait", "i-dead": "InService"}
    instances = [{"InstanceId": id, "LifecycleState": state} for id, state in states.items()]
    autoscaling._asgs[GROUP] = {"Instances": instances}
    yield
    autoscaling._asgs.clear()
    cloudwatch._metrics.clear()


def use(top: Path, id: str, seconds: float) -> None:
    folder = top / f"fines-{id}"
    folder.mkdir(exist_ok=True)
    (folder / "cpu.stat").write_text(f"user_usec 1\nusage_usec {int(seconds * 1_000_000)}\n")


def figures(**dimensions: str) -> list[float]:
    points = cloudwatch._metrics.get(("AWS/EC2", "CPUUtilization", cloudwatch._dims_key(dimensions))) or []
    return [point["Value"] for point in points]


def test_a_share_is_of_the_time_since_the_last_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors, "_TOP", tmp_path)
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    of_two = Processors(2)
    for id in ("i-serving", "i-coming"):
        use(tmp_path, id, 7)
    of_two.tell()
    assert figures(InstanceId="i-serving") == []
    now = 104.0
    use(tmp_path, "i-serving", 9)
    use(tmp_path, "i-coming", 15)
    of_two.tell()
    assert figures(InstanceId="i-serving") == [25.0]
    assert figures(InstanceId="i-coming") == [100.0]
    assert figures(AutoScalingGroupName=GROUP) == [25.0]


def test_both_kinds_of_cgroups_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors, "_TOP", tmp_path)
    assert taken_by("fines-i-1") is None
    (tmp_path / "unified").mkdir()
    use(tmp_path / "unified", "i-1", 3)
    assert taken_by("fines-i-1") == 3.0
