"""The alarm on the dumps' age, by the figures that the machines' own script sends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.alarms import alarm_of, goes_off_at_age
from rehearsal.checks.asg.bucket import newest
from rehearsal.checks.figures import age_sent

_METRIC, _UNIT = "BackupAgeSeconds", "fines-backup-ages"
_TWO_DAYS = 2 * 86400
PATIENCE = 15  # seconds: alarms are looked at each five


@check("asg")
def a_newest_dump_that_is_two_days_old_sets_the_alarm_off_and_so_does_no_figure_at_all(subject: Subject) -> str:
    alarm = alarm_of(subject, _METRIC)
    healthy = age_sent(subject, _METRIC, unit=_UNIT)
    with an_old_dump(subject):
        old = age_sent(subject, _METRIC, unit=_UNIT)
    if old < _TWO_DAYS:
        raise CheckError(f"beside a dump two days old a machine sent an age of {old:.0f} s")
    return goes_off_at_age(subject, alarm, young=healthy, old=old, patience=PATIENCE)


@contextmanager
def an_old_dump(subject: Subject) -> Iterator[None]:
    """For the length of a block the newest dump says that its snapshot is of two days earlier."""
    s3, place = subject.tier.client("s3"), {"Bucket": subject.backup_bucket, "Key": newest(subject)}
    facts = s3.head_object(**place)["Metadata"]
    older = facts | {"moment": str(int(facts["moment"]) - _TWO_DAYS)}
    made = s3.copy_object(**place, CopySource=place, Metadata=older, MetadataDirective="REPLACE")
    try:
        yield
    finally:
        s3.delete_object(**place, VersionId=made["VersionId"])
