"""Alarms that nothing sets off."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.breaks.cloud import other_alarm
from rehearsal.breaks.host import edited
from rehearsal.checks import Subject
from rehearsal.checks.single.alarms import (
    a_newest_backup_that_is_two_days_old_sets_the_alarm_off_and_so_does_no_figure_at_all as check,
)
from rehearsal.checks.single.alarms import (
    a_newest_proven_backup_of_more_than_two_days_ago_sets_its_own_alarm_off as proven,
)

_METRIC = "BackupAgeSeconds"


@breaks(check, says="beside a backup two days old the host sent an age of")
def the_age_is_that_of_the_file_and_not_of_the_backup(subject: Subject) -> Iterator[None]:
    backup, file = "time.time() - max(ends)", '(DATA / "backups/info.json").stat().st_mtime'
    with edited(subject.host, "/opt/fines/host/bin/metrics", {backup: f"time.time() - {file}"}):
        yield


@breaks(proven, says="of backups that were proven now and 51 hours ago the host sent ages of")
def the_age_is_that_of_the_drill_and_not_of_what_it_proved(subject: Subject) -> Iterator[None]:
    with edited(subject.host, "/opt/fines/host/bin/metrics", {"float(file.read_text())": "file.stat().st_mtime"}):
        yield


@breaks(proven, says="s sent the alarm is OK, not ALARM", PATIENCE=8)
def the_alarm_waits_for_a_week_without_a_proof(subject: Subject) -> Iterator[None]:
    with other_alarm(subject, "ProvenBackupAgeSeconds", Threshold=7.0 * 86400):
        yield


@breaks(check, says="s sent the alarm is OK, not ALARM", PATIENCE=8)
def the_alarm_waits_for_a_week_without_a_backup(subject: Subject) -> Iterator[None]:
    with other_alarm(subject, _METRIC, Threshold=7.0 * 86400):
        yield


@breaks(check, says="of silence the alarm is", PATIENCE=8)
def the_alarm_takes_silence_for_a_good_sign(subject: Subject) -> Iterator[None]:
    with other_alarm(subject, _METRIC, TreatMissingData="notBreaching"):
        yield


@breaks(check, says="tells nobody", again=True)
def the_alarm_is_muted(subject: Subject) -> Iterator[None]:
    with other_alarm(subject, _METRIC, ActionsEnabled=False):
        yield


@breaks(check, says="ServerErrorPercent of {'Host': 'another'}, which nobody sends", again=True)
def an_alarm_watches_another_host(subject: Subject) -> Iterator[None]:
    with other_alarm(subject, "ServerErrorPercent", Dimensions=[{"Name": "Host", "Value": "another"}]):
        yield
