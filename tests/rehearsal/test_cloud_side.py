"""The rehearsal without machines: what it deploys and checks, what it says it did not, and that each of its checks can fail."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from rehearsal import builder, cdk, cloud_side, rehearse
from rehearsal.cdk import CdkError
from rehearsal.checks import CheckError, Subject, checks_of, sentence
from rehearsal.checks.roles import roles_of
from rehearsal.checks.single import deployment, permissions, resources
from rehearsal.checks.variant import deploy, variant
from rehearsal.cloud.permissions.ledger import Ledger
from rehearsal.cloud_side import CloudSide
from rehearsal.places import CloudRun
from rehearsal.report import Report
from rehearsal.screen import Screen

pytestmark = pytest.mark.deployment
_REASON = "this is a test"


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A build folder of the tests' own, and no builder of images, so that no test pulls from anywhere."""
    folder = tmp_path_factory.mktemp("build")
    with pytest.MonkeyPatch.context() as patch:
        for module in (cdk, cloud_side, deployment, rehearse):
            patch.setattr(module, "BUILD", folder)
        patch.setattr(builder, "BUILDERS", ("no-such-builder",))
        yield folder


@pytest.fixture(scope="module")
def tier(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudSide]:
    with cloud_side.running(CloudRun("single", tmp_path_factory.mktemp("runs")), _screen()) as started:
        yield started


@pytest.fixture(scope="module")
def subject(tier: CloudSide) -> Subject:
    return cloud_side.deploy_to(tier, _screen())


@pytest.fixture(scope="module")
def report(tier: CloudSide, subject: Subject) -> Report:
    report = Report("single")
    cloud_side.examine(tier, subject, _screen(), report, words=[], reason=_REASON)
    return report


def _screen() -> Screen:
    return Screen(Console(file=io.StringIO()))


def _reason(check: Callable[[Subject], str], subject: Subject) -> str:
    """Why a check is red; a check that is not fails the test."""
    with pytest.raises(CheckError) as red:
        check(subject)
    return str(red.value)


def test_all_that_runs_is_good_and_nothing_of_the_template_is_missing(report: Report) -> None:
    assert [f"{check.name}: {check.detail}" for check in report.checks if not check.ok] == []
    assert len(report.checks) == len(checks_of("single", machines=False)) >= 6
    assert report.template["missing"] == []
    assert report.template["properties"]["compared"] > 300
    assert report.ok


def test_the_report_names_the_reason_the_stand_ins_and_each_check_that_did_not_run(
    report: Report, tmp_path: Path
) -> None:
    report.write(tmp_path / "single.cloud.json")
    written = json.loads((tmp_path / "single.cloud.json").read_text())
    said = "\n".join(written["not_rehearsed"])
    assert written["part"] == "cloud"
    assert _REASON in said
    assert "was not built" in said and "no-such-builder" in said
    left_out = checks_of("single", machines=True)
    assert len(left_out) >= 10
    assert [name for each in left_out if (name := sentence(each)) not in said] == []
    played = written["template"]["stand_ins"]
    assert "no machine was booted" in played["AWS::CloudFormation::WaitCondition"]
    assert "stays pending" in played["AWS::AutoScaling::AutoScalingGroup"]


def test_the_instance_of_the_group_never_ran(subject: Subject) -> None:
    (instance,) = subject.tier.group(subject.stack)["Instances"]
    found = subject.tier.client("ec2").describe_instances(InstanceIds=[instance["InstanceId"]])
    assert found["Reservations"][0]["Instances"][0]["State"]["Name"] == "pending"


def test_the_stand_ins_calls_passed_the_gate_with_the_hosts_own_role(subject: Subject) -> None:
    (host,) = (r for r in roles_of(subject) if "ec2.amazonaws.com" in str(r.trust))
    ledger = Ledger.read(subject.tier.run.permissions)
    allowed = {action for actions in ledger.used(host.arn).values() for action in actions}
    assert {"cloudformation:SignalResource", "ssm:GetParameter"} <= allowed


def test_an_image_that_the_registry_lost_is_found(subject: Subject) -> None:
    ecr = subject.tier.client("ecr")
    (repository,) = ecr.describe_repositories()["repositories"]
    name = repository["repositoryName"]
    (image,) = ecr.describe_images(repositoryName=name)["imageDetails"]
    (kept,) = ecr.batch_get_image(repositoryName=name, imageIds=[{"imageTag": image["imageTags"][0]}])["images"]
    ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageTag": image["imageTags"][0]}])
    try:
        assert "does not have" in _reason(deployment.the_release_names_an_image_that_the_registry_has, subject)
    finally:
        ecr.put_image(repositoryName=name, imageManifest=kept["imageManifest"], imageTag=image["imageTags"][0])


@pytest.mark.parametrize(
    ("said", "match"),
    [
        (None, "took the settings"),
        (
            "cdk synth ended with 1 (log):\napp_containers='0': use a whole number",
            "nothing was said of timezone, cpu, domian",
        ),
        (
            "cdk synth ended with 1 (log):\napp_containers timezone cpu domian\nTraceback (most recent call last):",
            "traceback",
        ),
        ("cdk synth ended with 2 (log):\napp_containers timezone cpu domian", "the CLI ended otherwise than with 1"),
    ],
)
def test_an_app_that_takes_wrong_settings_or_hides_them_is_found(
    subject: Subject, monkeypatch: pytest.MonkeyPatch, said: str | None, match: str
) -> None:
    def synth(*given: Any, **named: Any) -> None:
        if said is not None:
            raise CdkError(said)

    monkeypatch.setattr(cdk.Cdk, "synth", synth)
    assert match in _reason(deployment.wrong_settings_are_each_named_and_nothing_is_synthesized, subject)


def test_a_role_that_lost_a_permission_makes_the_deployment_fail_with_the_reason(subject: Subject) -> None:
    iam = subject.tier.client("iam")
    (host,) = (r for r in roles_of(subject) if "ec2.amazonaws.com" in str(r.trust))
    role, (policy,) = host.arn.rpartition("/")[2], host.policies
    kept: dict[str, Any] = dict(policy.document)
    less = [s for s in kept["Statement"] if "ssm:GetParameter" not in str(s["Action"])]
    assert 0 < len(less) < len(kept["Statement"])
    iam.put_role_policy(RoleName=role, PolicyName=policy.name, PolicyDocument=json.dumps({**kept, "Statement": less}))
    try:
        assembly = variant(replace(subject, context={**subject.context, "app_containers": 4}), "refused")
        with pytest.raises(CdkError, match="not authorized to perform: ssm:GetParameter"):
            deploy(subject, assembly, log="deploy-refused")
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=policy.name, PolicyDocument=json.dumps(kept))
    resources.the_resources_of_the_stack_all_exist_and_no_property_differs_from_the_template(subject)


def test_a_changed_setting_makes_the_second_deployment_change_something(subject: Subject) -> None:
    changed = replace(subject, context={**subject.context, "app_containers": 3})
    reason = _reason(deployment.synthesizing_and_deploying_again_changes_nothing, changed)
    assert "ReleaseServed" in reason.partition("touched ")[2]


def test_a_statement_that_no_call_can_use_is_found(subject: Subject) -> None:
    (host,) = (r for r in roles_of(subject) if "ec2.amazonaws.com" in str(r.trust))
    role = host.arn.rpartition("/")[2]
    useless = {"Sid": "Useless", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:sqs:::queue"}
    document = {"Version": "2012-10-17", "Statement": [useless]}
    iam = subject.tier.client("iam")
    iam.put_role_policy(RoleName=role, PolicyName="Useless", PolicyDocument=json.dumps(document))
    try:
        check = permissions.every_statement_of_the_roles_of_host_and_containers_allows_its_own_resource_and_no_other
        assert "not proved both ways" in _reason(check, subject)
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="Useless")


# Nothing brings back what these last two take away.


def test_a_resource_that_is_gone_is_found(subject: Subject) -> None:
    (group, *_) = subject.tier.client("logs").describe_log_groups(logGroupNamePrefix="/fines/")["logGroups"]
    subject.tier.client("logs").delete_log_group(logGroupName=group["logGroupName"])
    check = resources.the_resources_of_the_stack_all_exist_and_no_property_differs_from_the_template
    assert "Log" in _reason(check, subject).partition("missing: ")[2]


def test_an_output_that_names_nothing_is_found(subject: Subject) -> None:
    subject.tier.client("sns").delete_topic(TopicArn=subject.outputs["AlarmTopic"])
    assert "AlarmTopic" in _reason(deployment.every_output_names_something_that_exists, subject)
