"""The backups of tier asg: kept for as long as one setting says, out of each other's way, and told of when they fail."""

from __future__ import annotations

import datetime
import re

import pytest

from stacks.parts.machine import HOST_FILES
from tests.stacks.synthesis import flat, resources, synthesize


def _one(kind: str, **settings: object) -> dict[str, object]:
    (found,) = resources(synthesize(tier="asg", **settings), kind).values()
    properties: dict[str, object] = found["Properties"]
    return properties


@pytest.mark.parametrize("days", [7, 35])
def test_dumps_snapshots_and_automated_backups_are_kept_for_as_long_as_one_setting_says(days: int) -> None:
    template = synthesize(tier="asg", backup_days=days)
    (database,) = resources(template, "AWS::RDS::DBInstance").values()
    (plan,) = resources(template, "AWS::Backup::BackupPlan").values()
    (bucket,) = (b for id, b in resources(template, "AWS::S3::Bucket").items() if id.startswith("BucketsBackups"))
    (rule,) = plan["Properties"]["BackupPlan"]["BackupPlanRule"]
    (expiry,) = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    assert database["Properties"]["BackupRetentionPeriod"] == days
    assert rule["Lifecycle"] == {"DeleteAfterDays": days}
    assert expiry["ExpirationInDays"] == days
    assert expiry["NoncurrentVersionExpiration"] == {"NoncurrentDays": days}


def test_nothing_but_pgbackrest_expires_the_backups_of_tier_single() -> None:
    buckets = resources(synthesize(), "AWS::S3::Bucket").items()
    (bucket,) = (b for id, b in buckets if id.startswith("BucketsBackups"))
    assert "ExpirationInDays" not in str(bucket)


def test_a_snapshot_is_begun_and_expires_outside_of_rdss_windows() -> None:
    """AWS Backup starts none in RDS's own window, nor in the hour before its maintenance and while that lasts."""
    database = _one("AWS::RDS::DBInstance")
    plan = _one("AWS::Backup::BackupPlan")["BackupPlan"]
    assert isinstance(plan, dict)
    (rule,) = plan["BackupPlanRule"]
    found = re.fullmatch(r"cron\((\d+) (\d+) \* \* \? \*\)", rule["ScheduleExpression"])
    assert found
    begin = datetime.timedelta(hours=int(found[2]), minutes=int(found[1]))
    end = begin + datetime.timedelta(minutes=rule["StartWindowMinutes"])
    closed = [
        _window(str(database["PreferredBackupWindow"])),
        _window(str(database["PreferredMaintenanceWindow"]).replace("sun:", ""), before=datetime.timedelta(hours=1)),
    ]
    assert [window for window in closed if begin < window[1] and window[0] < end] == []


def _window(text: str, before: datetime.timedelta = datetime.timedelta()) -> tuple[datetime.timedelta, ...]:
    start, end = (datetime.timedelta(hours=int(each[:2]), minutes=int(each[3:])) for each in text.split("-"))
    return start - before, end


def test_the_plan_takes_snapshots_of_the_database_alone_and_no_continuous_backups() -> None:
    plan = _one("AWS::Backup::BackupPlan")["BackupPlan"]
    assert "EnableContinuousBackup" not in str(plan)
    selection = _one("AWS::Backup::BackupSelection")["BackupSelection"]
    assert isinstance(selection, dict)
    (resource,) = selection["Resources"]
    assert re.fullmatch(
        r"arn:aws:rds:us-east-1:\$\{AWS::AccountId\}:db:\$\{DatabaseInstance[0-9A-F]+\}", flat(resource)
    )


def test_a_retained_vault_does_not_take_the_name_of_the_next_stacks() -> None:
    assert "AWS::StackId" in str(_one("AWS::Backup::BackupVault")["BackupVaultName"])


def test_people_hear_of_a_snapshot_that_was_not_made() -> None:
    template = synthesize(tier="asg")
    (rule,) = resources(template, "AWS::Events::Rule").values()
    (topic,) = resources(template, "AWS::SNS::Topic")
    assert rule["Properties"]["EventPattern"]["detail"]["state"] == ["ABORTED", "EXPIRED", "FAILED"]
    (target,) = rule["Properties"]["Targets"]
    assert flat(target["Arn"]) == f"${{{topic}}}"
    # By a role of this rule's own: the topic's policy would have to let the rules of any account publish.
    role = flat(target["RoleArn"]).removeprefix("${").partition(".")[0]
    (policy,) = (
        p["Properties"]
        for p in resources(template, "AWS::IAM::Policy").values()
        if {"Ref": role} in p["Properties"]["Roles"]
    )
    assert [(s["Action"], flat(s["Resource"])) for s in policy["PolicyDocument"]["Statement"]] == [
        ("sns:Publish", f"${{{topic}}}")
    ]


@pytest.mark.parametrize("metric", ["BackupAgeSeconds", "ProvenBackupAgeSeconds"])
def test_the_alarms_on_the_ages_of_backups_are_those_of_tier_single(metric: str) -> None:
    definitions = []
    for tier in ("single", "asg"):
        alarms = resources(synthesize(tier=tier), "AWS::CloudWatch::Alarm").values()
        (alarm,) = (each["Properties"] for each in alarms if each["Properties"].get("MetricName") == metric)
        assert alarm["Namespace"] == f"Fines/fines-dev-{tier}"
        definitions.append(
            {
                k: v
                for k, v in alarm.items()
                if k not in ("Namespace", "AlarmActions", "AlarmDescription", "OKActions", "Tags")
            }
        )
    assert definitions[0] == definitions[1]
    assert definitions[0]["TreatMissingData"] == "breaching"


def test_the_role_of_the_dumps_can_take_nothing_away() -> None:
    template = synthesize(tier="asg")
    (policy,) = (p for id, p in resources(template, "AWS::IAM::Policy").items() if id.startswith("DumpsRole"))
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    actions = {a for s in statements for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])}
    assert actions == {
        "s3:AbortMultipartUpload",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
        "secretsmanager:GetSecretValue",
    }


def test_what_the_role_of_the_dumps_puts_replaces_nothing() -> None:
    template = synthesize(tier="asg")
    (policy,) = (p for id, p in resources(template, "AWS::IAM::Policy").items() if id.startswith("DumpsRole"))
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    conditions = [each.get("Condition") for each in statements if each["Action"] == "s3:PutObject"]
    assert conditions == [{"Null": {"s3:if-none-match": "false"}}, {"Bool": {"s3:ObjectCreationOperation": "false"}}]


def test_a_machines_own_role_reaches_no_dump_and_no_login_of_the_database() -> None:
    template = synthesize(tier="asg")
    (policy,) = (p for id, p in resources(template, "AWS::IAM::Policy").items() if id.startswith("RolesHost"))
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    assert "BucketsBackups" not in str(statements)
    (told,) = [each for each in statements if "DatabaseReader" in str(each)]
    assert told["Action"] == "secretsmanager:DescribeSecret"  # how old it is, and not what it says


def test_nights_have_their_dump_and_mornings_its_proof() -> None:
    units = HOST_FILES / "systemd"
    told = {
        name: re.findall(r"^(On\w+)=(.*)$", (units / f"fines-{name}.timer").read_text(), re.M)
        for name in ("dump", "dump-drill", "backup-ages")
    }
    assert told == {
        "dump": [("OnCalendar", "*-*-* 02..05:30:00 UTC")],
        "dump-drill": [("OnActiveSec", "15min"), ("OnCalendar", "*-*-* 04..07:30:00 UTC")],
        "backup-ages": [("OnActiveSec", "30s"), ("OnUnitActiveSec", "5min")],
    }
