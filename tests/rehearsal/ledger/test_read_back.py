"""What the ledger says of a deployed stack, and of one that somebody changed behind the template's back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rehearsal.ledger import Ledger, holdings
from tests.rehearsal.ledger.bench import Aws, Deployed, small_template
from tests.rehearsal.ledger.changes import CHANGES

_SNAPSHOT = Path(__file__).resolve().parents[2] / "snapshots" / "single" / "template.json"


def test_a_stack_as_it_was_deployed_is_whole(stack: Deployed) -> None:
    ledger = stack.read()
    assert ledger.missing == []
    assert ledger.differ == []
    assert ledger.created == ledger.resources == len(stack.template["Resources"]) - 1  # one has a false condition
    assert ledger.given - ledger.compared == len(ledger.unread)
    assert ledger.ok


def test_only_what_no_api_gives_back_is_left_uncompared(stack: Deployed) -> None:
    paths = [re.sub(r" \(\S+\)", "", each) for each in stack.read().unread]
    assert sorted(paths) == ["Answering Code.ZipFile", "Custom Size", "Served Count", "Served Handle", "Served Timeout"]


@pytest.mark.parametrize(("change", "expected"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_a_change_behind_the_templates_back_is_told(
    stack: Deployed, change: Callable[[Deployed], None], expected: list[str]
) -> None:
    change(stack)
    ledger = stack.read()
    told = re.sub(r" \(AWS::\S+\)", "", "\n".join(ledger.differ))
    assert [part for part in expected if part not in told] == [], told or "nothing differs"
    assert ledger.missing == []
    assert not ledger.ok


def test_what_a_deleted_stack_leaves_can_be_told_from_what_goes_with_it(aws: Aws) -> None:
    template = small_template()
    template["Resources"]["Disk"]["DeletionPolicy"] = "Retain"
    stack = aws.deploy(template)
    held = holdings(template, stack=stack.name, session=aws.session, endpoint=aws.endpoint)
    assert len(held) == len(template["Resources"]) - 1  # one has a false condition
    assert [each.logical_id for each in held if not each.is_there()] == []
    formation = aws("cloudformation")
    formation.delete_stack(StackName=stack.name)
    formation.get_waiter("stack_delete_complete").wait(StackName=stack.name, WaiterConfig={"Delay": 1})
    assert [each.logical_id for each in held if each.is_there()] == ["Disk"]


def test_a_key_that_waits_for_its_deletion_is_gone(aws: Aws) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}],
    }
    stack = aws.deploy({"Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}}}})
    (key,) = holdings(stack.template, stack=stack.name, session=aws.session, endpoint=aws.endpoint)
    assert key.is_there()
    aws("kms").schedule_key_deletion(KeyId=key.physical_id, PendingWindowInDays=7)
    assert not key.is_there()


def test_what_is_not_there_is_no_holding(stack: Deployed) -> None:
    stack.cloud("cloudwatch").delete_alarms(AlarmNames=[stack.id("Alarm")])
    with pytest.raises(LookupError, match=r"Alarm \(AWS::CloudWatch::Alarm\)"):
        holdings(stack.template, stack=stack.name, session=stack.cloud.session, endpoint=stack.cloud.endpoint)


_DELETIONS: list[tuple[str, Callable[[Deployed], Any]]] = [
    ("Alarm", lambda s: s.cloud("cloudwatch").delete_alarms(AlarmNames=[s.id("Alarm")])),
    ("Associated", lambda s: s.cloud("ec2").disassociate_route_table(AssociationId=s.id("Associated"))),
    (
        "Attached",
        lambda s: s.cloud("ec2").detach_internet_gateway(InternetGatewayId=s.id("Gateway"), VpcId=s.id("Vpc")),
    ),
    (
        "Busy",
        lambda s: s.cloud("autoscaling").delete_policy(
            AutoScalingGroupName=s.id("Group"), PolicyName=s.id("Busy").rpartition("policyName/")[2]
        ),
    ),
    ("Disk", lambda s: s.cloud("ec2").delete_volume(VolumeId=s.id("Disk"))),
    ("FilesPolicy", lambda s: s.cloud("s3").delete_bucket_policy(Bucket=s.id("Files"))),
    ("Lines", lambda s: s.cloud("logs").delete_log_group(logGroupName=s.id("Lines"))),
    ("Mail", lambda s: s.cloud("sns").unsubscribe(SubscriptionArn=s.id("Mail"))),
    (
        "Morning",
        lambda s: s.cloud("autoscaling").delete_scheduled_action(
            AutoScalingGroupName=s.id("Group"), ScheduledActionName=s.id("Morning")
        ),
    ),
    ("Out", lambda s: s.cloud("ec2").delete_route(RouteTableId=s.id("Routes"), DestinationCidrBlock="0.0.0.0/0")),
    ("Parameter", lambda s: s.cloud("ssm").delete_parameter(Name=s.id("Parameter"))),
    ("Photographs", lambda s: s.cloud("s3").delete_bucket(Bucket=s.id("Photographs"))),
    ("Rights", lambda s: s.cloud("iam").delete_role_policy(RoleName=s.id("Role"), PolicyName="rights")),
    ("Plan", lambda s: s.cloud("backup").delete_backup_plan(BackupPlanId=s.id("Plan"))),
    ("Selected", lambda s: None),  # of a plan that is gone
    ("Told", lambda s: s.cloud("events").delete_rule(Name=s.id("Told"))),
    ("Watched", lambda s: s.cloud("ec2").delete_flow_logs(FlowLogIds=[s.id("Watched")])),
]


@pytest.fixture(scope="module")
def plundered(aws: Aws) -> Ledger:
    """The ledger of a stack after all those deletions."""
    stack = aws.deploy(small_template())
    for _, delete in _DELETIONS:
        delete(stack)
    return stack.read()


@pytest.mark.parametrize("id", [each[0] for each in _DELETIONS])
def test_a_resource_deleted_behind_the_stacks_back_is_missing(plundered: Ledger, id: str) -> None:
    assert id in [sentence.partition(" ")[0] for sentence in plundered.missing]


def test_only_what_was_deleted_is_missing(plundered: Ledger) -> None:
    assert len(plundered.missing) == len(_DELETIONS) == plundered.resources - plundered.created
    assert not plundered.ok


def test_what_refers_to_a_missing_resource_is_left_uncompared_with_the_reason(stack: Deployed) -> None:
    stack.cloud("logs").delete_log_group(logGroupName=stack.id("Lines"))
    told = "\n".join(stack.read().unread)
    assert "Rights (AWS::IAM::Policy) PolicyDocument.Statement[1]" in told


def test_a_type_without_a_reader_is_missing(stack: Deployed) -> None:
    stack.template["Resources"]["Strange"] = {"Type": "AWS::Braket::Circus", "Properties": {"Rings": 3}}
    ledger = stack.read()
    assert ledger.missing == ["Strange (AWS::Braket::Circus): no reader"]
    assert not ledger.ok


def test_a_resource_that_the_stack_never_made_is_missing(stack: Deployed) -> None:
    stack.template["Resources"]["Never"] = {"Type": "AWS::SNS::Topic"}
    assert stack.read().missing == ["Never (AWS::SNS::Topic): CloudFormation has no physical id of it"]


def test_a_property_that_no_reader_has_is_named(stack: Deployed) -> None:
    stack.template["Resources"]["Topic"]["Properties"]["ArchivePolicy"] = {"MessageRetentionPeriod": 3}
    ledger = stack.read()
    assert "Topic (AWS::SNS::Topic) ArchivePolicy.MessageRetentionPeriod" in ledger.unread
    assert ledger.differ == []


def test_the_report_has_the_shape_that_a_rehearsal_writes(stack: Deployed) -> None:
    stand_ins = {"AWS::EC2::EIP": "an address of this machine alone", "AWS::RDS::DBInstance": "not in this template"}
    report = stack.read().report(template=stack.template, stand_ins=stand_ins)
    assert report["created"] == report["resources"] > 30
    assert report["stand_ins"] == {"AWS::EC2::EIP": "an address of this machine alone"}
    assert report["properties"]["differ"] == []
    assert report["properties"]["compared"] == report["properties"]["given"] - len(report["unread"])


def test_an_empty_template_is_not_whole(stack: Deployed) -> None:
    stack.template["Resources"] = {}
    assert not stack.read().ok


def test_every_type_of_tier_single_has_a_reader_and_is_whole(aws: Aws) -> None:
    template = _deployable(json.loads(_named(_SNAPSHOT.read_text())))
    ledger = aws.deploy(template).read()
    assert ledger.missing == []
    assert ledger.differ == []
    assert ledger.compared / ledger.given > 0.98


def _named(text: str) -> str:
    """The snapshot with plain words where it only names a hash or a file: `<release>` is no part of a logical id."""
    return re.sub(r"<([\w.-]+)>", lambda found: re.sub(r"\W", "", found[1]), text)


def _deployable(template: dict[str, Any]) -> dict[str, Any]:
    """The template with a group that starts no machine, which nothing in this test could boot."""
    groups = [r for r in template["Resources"].values() if r["Type"] == "AWS::AutoScaling::AutoScalingGroup"]
    assert groups
    for group in groups:
        group.pop("CreationPolicy", None)
        group["Properties"].update(MinSize="0", MaxSize="0")
    return template


def test_the_small_template_itself_is_not_changed_by_reading(stack: Deployed) -> None:
    stack.read()
    assert stack.template == small_template()
