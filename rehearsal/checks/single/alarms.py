"""The alarm on the backups' age, by the figures that the host's own script sends."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.figures import sent_now

_INFO = "/srv/fines/backups/info.json"  # what the repository said after the newest backup
_TWO_DAYS = 2 * 86400
_METRIC = "BackupAgeSeconds"
PATIENCE = 15  # seconds: alarms are looked at each five
_DEFINITION = (
    "MetricName",
    "Statistic",
    "Period",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
)


@check("single")
def a_newest_backup_that_is_two_days_old_sets_the_alarm_off_and_so_does_no_figure_at_all(subject: Subject) -> str:
    alarm = _alarm(subject)
    healthy = _age_sent(subject)
    with _an_old_backup(subject):
        old = _age_sent(subject)
    if old < _TWO_DAYS:
        raise CheckError(f"beside a backup two days old the host sent an age of {old:.0f} s")
    _await(subject, alarm, "OK", figure=healthy)
    reason = _await(subject, alarm, "ALARM", figure=old)
    _await(subject, alarm, "ALARM", figure=None)
    return f"{old / 3600:.1f} h sent, at which {alarm['AlarmName']} goes off: {reason}; so it does at silence, and not at {healthy / 3600:.1f} h"


def _alarm(subject: Subject) -> dict[str, Any]:
    """The stack's alarm on the metric, as CloudWatch tells it."""
    found = subject.tier.client("cloudwatch").describe_alarms(AlarmNamePrefix=subject.stack)["MetricAlarms"]
    own = [
        alarm for alarm in found if alarm["MetricName"] == _METRIC and alarm["Namespace"] == f"Fines/{subject.stack}"
    ]
    if len(own) != 1 or not own[0]["AlarmActions"]:
        raise CheckError(f"one alarm on {_METRIC} that tells somebody was expected, these are there: {own}")
    alarm: dict[str, Any] = own[0]
    return alarm


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


def _age_sent(subject: Subject) -> float:
    """The age that CloudWatch has, once the host's own script has run."""
    if not (sent := sent_now(subject, _METRIC)):
        raise CheckError(f"the host's script sent no {_METRIC}")
    return max(sent)


def _await(subject: Subject, alarm: dict[str, Any], state: str, *, figure: float | None) -> str:
    """The reason of the state that the stack's alarm comes to, when the host's timer sends this figure minute by minute, or none.

    What would have been sent in the window that the alarm looks at is sent at once, under a namespace of its own, which an alarm
    of the same definition watches: what the host itself has sent meanwhile is not mixed in.
    """
    cloudwatch, name = subject.tier.client("cloudwatch"), f"rehearsed-{uuid.uuid4().hex[:8]}"
    if figure is not None:
        now, window = time.time(), range(0, alarm["Period"] * alarm["EvaluationPeriods"], 60)
        data = [{"MetricName": _METRIC, "Value": figure, "Timestamp": now - seconds} for seconds in window]
        cloudwatch.put_metric_data(Namespace=name, MetricData=data)
    definition = {key: alarm[key] for key in _DEFINITION if key in alarm}
    cloudwatch.put_metric_alarm(**definition, AlarmName=name, Namespace=name)
    try:
        deadline = time.monotonic() + PATIENCE
        while True:
            seen = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
            if seen["StateValue"] == state:
                return str(seen["StateReason"])
            if time.monotonic() > deadline:
                raise CheckError(
                    f"after {PATIENCE} s of {'silence' if figure is None else f'{figure:.0f} s sent'} the alarm is "
                    f"{seen['StateValue']}, not {state}: {seen['StateReason']}"
                )
            time.sleep(0.5)
    finally:
        cloudwatch.delete_alarms(AlarmNames=[name])
