"""Resources that are no longer what the template says."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.cloud import no_alarm
from rehearsal.checks import Subject
from rehearsal.checks.single.resources import (
    the_resources_of_the_stack_all_exist_and_no_property_differs_from_the_template as check,
)


@breaks(check, says="VersioningConfiguration")
def the_bucket_of_backups_keeps_no_versions(subject: Subject) -> Iterator[None]:
    s3 = subject.tier.client("s3")
    bucket = subject.backup_bucket
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    try:
        yield
    finally:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


@breaks(check, says="missing: ", again=True)
def an_alarm_was_deleted(subject: Subject) -> Iterator[None]:
    with no_alarm(subject, "DiskUsedPercent"):
        yield
