"""What changes under a running machine, what replaces it, and how a deployment learns the end of both."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from stacks.parts import machine
from tests.stacks.single import GROUP, TEMPLATE, release, replaced
from tests.stacks.synthesis import assemble, resources, synthesize, the_only


def test_the_number_of_containers_changes_in_place() -> None:
    before, after = synthesize(), synthesize(app_containers=4)
    assert not replaced(before, after)
    assert (release(before)["app_containers"], release(after)["app_containers"]) == (2, 4)
    assert release(before)["release"] != release(after)["release"]


def test_another_image_changes_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = tmp_path / "service"
    service.mkdir()
    (service / "Dockerfile").write_text("FROM another\n")
    before = synthesize()
    monkeypatch.setattr("stacks.parts.image.SERVICE", service)
    after = assemble(tmp_path / "out")
    assert not replaced(before, after)
    assert release(before)["image"] != release(after)["image"]
    assert release(before)["release"] != release(after)["release"]


def test_tests_of_the_service_are_no_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = tmp_path / "service"
    (service / "tests").mkdir(parents=True)
    (service / "Dockerfile").write_text("FROM another\n")
    monkeypatch.setattr("stacks.parts.image.SERVICE", service)
    before = assemble(tmp_path / "before")
    (service / "tests" / "test_more.py").write_text("assert True\n")
    after = assemble(tmp_path / "after")
    assert release(before) == release(after)


@pytest.mark.parametrize(
    "change",
    [
        {"domain": "other.example"},
        {"timezone": "America/Bogota"},
        {"restore": "latest"},
        {"extra_records": ["www 300 IN CNAME fines.example."]},
        {"dns_secondaries": ["192.0.2.53"]},
        {"acme_directory": "https://acme.example/directory"},
        {"backup_days": 7},
        {"calls_per_minute": 1},
        {"reports_per_minute": 1},
        {"logins_per_minute": 1},
        {"data_volume_generation": 2},
        {"instance_type": "m7g.large"},
        {"machine_image": "ami-0123456789abcdef0"},
    ],
    ids=str,
)
def test_what_is_fixed_for_the_life_of_a_machine_replaces_it(change: dict[str, object]) -> None:
    before, after = synthesize(), synthesize(**change)
    assert the_only(before, TEMPLATE) != the_only(after, TEMPLATE)
    assert release(before) == release(after)


@pytest.mark.parametrize(("name", "replaces"), [("another-file", True), ("README.md", False)])
def test_another_host_file_replaces_the_machine_but_its_readme_does_not(
    name: str, replaces: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = tmp_path / "host"
    shutil.copytree(machine.HOST_FILES, host)
    monkeypatch.setattr("stacks.single.HOST_FILES", host)
    before = assemble(tmp_path / "before")
    (host / name).write_text("something new\n")
    after = assemble(tmp_path / "after")
    assert replaced(before, after) is replaces


def test_a_release_is_waited_for_under_its_own_name() -> None:
    template = synthesize()
    ((handle, _),) = resources(template, "AWS::CloudFormation::WaitConditionHandle").items()
    ((condition, wait),) = resources(template, "AWS::CloudFormation::WaitCondition").items()
    name = release(template)["release"]
    assert re.fullmatch(r"[0-9a-f]{12}", name)
    assert name in handle
    assert name in condition
    assert release(template)["signal_url"] == f"${{{handle}}}"
    assert wait["Properties"]["Handle"] == {"Ref": handle}
    (parameter,) = resources(template, "AWS::SSM::Parameter")
    (group,) = resources(template, GROUP)
    assert set(wait["DependsOn"]) == {parameter, group}


def test_a_replacement_is_waited_for_and_ends_the_old_machine_first() -> None:
    ((id, group),) = resources(synthesize(), GROUP).items()
    assert group["Properties"]["MinSize"] == group["Properties"]["MaxSize"] == "1"
    assert "DesiredCapacity" not in group["Properties"]
    assert group["CreationPolicy"] == {"ResourceSignal": {"Count": 1, "Timeout": "PT15M"}}
    rolling = group["UpdatePolicy"]["AutoScalingRollingUpdate"]
    assert (rolling["MinInstancesInService"], rolling["MaxBatchSize"]) == (0, 1)
    assert (rolling["WaitOnResourceSignals"], rolling["PauseTime"]) == (True, "PT15M")
    maintenance = group["Properties"]["InstanceMaintenancePolicy"]
    assert maintenance == {"MinHealthyPercentage": 0, "MaxHealthyPercentage": 100}
    assert id == machine.GROUP_LOGICAL_ID


def test_a_dead_host_is_not_waited_for_longer_than_two_minutes() -> None:
    (hook,) = the_only(synthesize(), GROUP)["Properties"]["LifecycleHookSpecificationList"]
    assert hook["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_TERMINATING"
    assert hook["HeartbeatTimeout"] <= 120
    assert hook["DefaultResult"] == "CONTINUE"


def test_no_machine_boots_before_its_permissions_are_there() -> None:
    template = synthesize()
    (group,) = resources(template, GROUP).values()
    roles = {id for id in resources(template, "AWS::IAM::Policy") if id.startswith("Roles")}
    assert len(roles) == 2
    assert roles <= set(group["DependsOn"])
