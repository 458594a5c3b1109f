"""The alarm on the backups' age, by the figures that the host's own script sends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.alarms import alarm_of, goes_off_at_age, none_is_deaf
from rehearsal.checks.figures import age_sent

_INFO = "/srv/fines/backups/info.json"  # what the repository said after the newest backup
_TWO_DAYS = 2 * 86400
_METRIC = "BackupAgeSeconds"
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
