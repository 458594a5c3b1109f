"""Resources that are no longer what the template says."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import BreakError, breaks
from rehearsal.checks import Subject
from rehearsal.checks.single.resources import (
    the_stacks_resources_all_exist_and_no_property_differs_from_the_templates as check,
)

_GIVEN_BACK = (
    *("AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions", "InsufficientDataActions"),
    *("MetricName", "Namespace", "Statistic", "Dimensions", "Period", "EvaluationPeriods", "DatapointsToAlarm"),
    *("Threshold", "ComparisonOperator", "TreatMissingData"),
)


@breaks(check, says="VersioningConfiguration")
def the_bucket_of_backups_keeps_no_versions(subject: Subject) -> Iterator[None]:
    s3 = subject.tier.client("s3")
    bucket = subject.outputs["BackupLocation"].removeprefix("s3://").partition("/")[0]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    try:
        yield
    finally:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


@breaks(check, says="missing: ", again=True)
def an_alarm_was_deleted(subject: Subject) -> Iterator[None]:
    cloudwatch = subject.tier.client("cloudwatch")
    alarms = cloudwatch.describe_alarms(AlarmNamePrefix=subject.stack)["MetricAlarms"]
    if not alarms:
        raise BreakError(f"no alarm's name begins with {subject.stack}: the break must be brought up to date")
    alarm = alarms[0]
    tags = cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
    own = [tag for tag in tags if not tag["Key"].startswith("aws:")]
    cloudwatch.delete_alarms(AlarmNames=[alarm["AlarmName"]])
    try:
        yield
    finally:
        given = {key: alarm[key] for key in _GIVEN_BACK if key in alarm}
        cloudwatch.put_metric_alarm(**given, Tags=own)
