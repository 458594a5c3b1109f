"""The cloud side of tier asg, deployed where no machine can boot: what is made, who spoke, and what is said of it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from rehearsal import builder, cdk, cloud_side, rehearse
from rehearsal.checks import Subject, checks_of, sentence
from rehearsal.checks.roles import roles_of
from rehearsal.cloud.permissions.ledger import Ledger
from rehearsal.places import CloudRun
from rehearsal.report import Report
from rehearsal.screen import Screen

pytestmark = pytest.mark.deployment
_SCREEN = Screen(Console(file=io.StringIO()))


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    folder = tmp_path_factory.mktemp("build")
    with pytest.MonkeyPatch.context() as patch:
        for module in (cdk, cloud_side, rehearse):
            patch.setattr(module, "BUILD", folder)
        patch.setattr(builder, "BUILDERS", ("no-such-builder",))
        with cloud_side.running(CloudRun("asg", tmp_path_factory.mktemp("runs")), _SCREEN) as tier:
            yield cloud_side.deploy_to(tier, _SCREEN)


@pytest.fixture(scope="module")
def report(subject: Subject) -> Report:
    tier = subject.tier
    assert isinstance(tier, cloud_side.CloudSide)
    report = Report("asg")
    cloud_side.examine(tier, subject, _SCREEN, report, words=[], reason="this is a test")
    return report


def test_all_resources_are_made_and_none_of_their_properties_differs(report: Report) -> None:
    assert [f"{check.name}: {check.detail}" for check in report.checks if not check.ok] == []
    assert report.checks and report.template["missing"] == []
    assert report.template["properties"]["compared"] > 600
    assert report.ok


def test_the_report_names_the_stand_ins_and_each_check_that_did_not_run(report: Report, tmp_path: Path) -> None:
    report.write(tmp_path / "asg.cloud.json")
    said = (tmp_path / "asg.cloud.json").read_text()
    left_out = checks_of("asg", machines=True)
    assert len(left_out) >= 8
    assert [name for each in left_out if (name := sentence(each)) not in said] == []
    played = report.template["stand_ins"]
    for type in ("ElasticLoadBalancingV2::LoadBalancer", "RDS::DBInstance", "Lambda::Function"):
        assert "no machine was booted" in played[f"AWS::{type}"]


def test_each_machine_was_let_into_service_by_its_own_role(subject: Subject) -> None:
    instances = subject.tier.group(subject.stack)["Instances"]
    assert [each["LifecycleState"] for each in instances] == ["InService"] * 2
    (host,) = (each for each in roles_of(subject) if "ec2.amazonaws.com" in str(each.trust))
    used = Ledger.read(subject.tier.run.permissions).used(host.arn)
    allowed = {action for actions in used.values() for action in actions}
    assert {"autoscaling:CompleteLifecycleAction", "cloudformation:SignalResource"} <= allowed
