"""Alarms that nothing sets off, and ages that are always young."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.cloud import other_alarm
from rehearsal.breaks.host import edited
from rehearsal.checks import Subject
from rehearsal.checks.asg.dump_alarms import (
    a_newest_dump_that_is_two_days_old_sets_the_alarm_off_and_so_does_no_figure_at_all as check,
)

_METRIC = "BackupAgeSeconds"


@breaks(check, says="beside a dump two days old a machine sent an age of")
def the_age_is_that_of_the_object_and_not_of_its_snapshot(subject: Subject) -> Iterator[None]:
    snapshot, object = (
        '--query "Metadata.$2" --output text; }',
        "--query LastModified --output text | date -u -f - +%s; }",
    )
    with edited(subject.host, "/opt/fines/host/bin/dumps.sh", {snapshot: object}):
        yield


@breaks(check, says="s sent the alarm is OK, not ALARM", PATIENCE=8)
def the_alarm_waits_for_a_week_without_a_dump(subject: Subject) -> Iterator[None]:
    with other_alarm(subject, _METRIC, Threshold=7.0 * 86400):
        yield


@breaks(check, says="of silence the alarm is", PATIENCE=8)
def the_alarm_takes_silence_for_a_good_sign(subject: Subject) -> Iterator[None]:
    with other_alarm(subject, _METRIC, TreatMissingData="notBreaching"):
        yield
