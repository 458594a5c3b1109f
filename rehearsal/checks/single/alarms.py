"""The alarms on the age of backups and of proven ones, by the figures that the host's own script sends."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.alarms import alarm_of, goes_off_at_age, none_is_deaf
from rehearsal.checks.figures import age_sent

_INFO = "/srv/fines/backups/info.json"  # what the repository said after the newest backup
_HOUR = 3600
_TWO_DAYS, _LATE = 48 * _HOUR, 51 * _HOUR  # a proof is late at fifty hours
_PROVEN = "/srv/fines/backups/proven"  # when the backup ended that a drill proved last
_METRIC, _PROVEN_METRIC = "BackupAgeSeconds", "ProvenBackupAgeSeconds"
PATIENCE = 15  # seconds: alarms are looked at each five


@check("single")
def a_newest_backup_that_is_two_days_old_sets_the_alarm_off_and_so_does_no_figure_at_all(subject: Subject) -> str:
    none_is_deaf(subject)
    alarm = alarm_of(subject, _METRIC)
    healthy = age_sent(subject, _METRIC)
    with _an_old_backup(subject):
        old = age_sent(subject, _METRIC)
    if old < _TWO_DAYS:
        raise CheckError(f"beside a backup two days old the host sent an age of {old:.0f} s")
    return goes_off_at_age(subject, alarm, young=healthy, old=old, patience=PATIENCE)


@check("single")
def a_newest_proven_backup_of_more_than_two_days_ago_sets_its_own_alarm_off(subject: Subject) -> str:
    alarm, host = alarm_of(subject, _PROVEN_METRIC), subject.host
    told = host.run("cat", _PROVEN, check=False).stdout
    try:
        sent = []
        for age in (0, _LATE):
            host.run("tee", _PROVEN, input=f"{time.time() - age:.3f}\n")
            sent.append(age_sent(subject, _PROVEN_METRIC))
    finally:
        host.run("tee", _PROVEN, input=told) if told else host.run("rm", _PROVEN)
    if not (sent[0] < _HOUR and sent[1] >= _LATE):
        raise CheckError(
            f"of backups that were proven now and 51 hours ago the host sent ages of {sent[0]:.0f} and {sent[1]:.0f} s"
        )
    return goes_off_at_age(subject, alarm, young=sent[0], old=sent[1], patience=PATIENCE)


@contextmanager
def _an_old_backup(subject: Subject) -> Iterator[None]:
    """For the length of a block the newest backup is said to have ended two days earlier than it did."""
    told = subject.host.run("cat", _INFO).stdout
    stanzas = json.loads(told)
    for stanza in stanzas:
        for backup in stanza["backup"]:
            backup["timestamp"] = {key: moment - _TWO_DAYS for key, moment in backup["timestamp"].items()}
    subject.host.run("tee", _INFO, input=json.dumps(stanzas))
    try:
        yield
    finally:
        subject.host.run("tee", _INFO, input=told)
