"""The alarms of a stack, and the states that they come to by given figures."""

from __future__ import annotations

import time
import uuid
from typing import Any

from rehearsal.checks import CheckError, Subject

_DEFINITION = (
    "MetricName",
    "Dimensions",
    "Unit",
    "Statistic",
    "Period",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
)

# Sent once there is something to tell: a release that failed, a backup that was proven, answers of the last minute.
_SENT_LATER = {"ReleaseFailed", "ProvenBackupAgeSeconds", "ServerErrorPercent"}


def alarm_of(subject: Subject, metric: str) -> dict[str, Any]:
    """The stack's alarm on a metric of its own, as CloudWatch tells it."""
    found = subject.tier.client("cloudwatch").describe_alarms(AlarmNamePrefix=subject.stack)["MetricAlarms"]
    own = [
        alarm for alarm in found if alarm.get("MetricName") == metric and alarm["Namespace"] == f"Fines/{subject.stack}"
    ]
    if len(own) != 1:
        raise CheckError(f"one alarm on {metric} was expected, these are there: {own}")
    topics = {each["TopicArn"] for each in subject.tier.client("sns").list_topics()["Topics"]}
    tells = own[0]["AlarmActions"]
    if not own[0]["ActionsEnabled"] or not tells or not set(tells) <= topics:
        raise CheckError(f"the alarm on {metric} tells nobody: {tells}, enabled: {own[0]['ActionsEnabled']}")
    alarm: dict[str, Any] = own[0]
    return alarm


def none_is_deaf(subject: Subject) -> None:
    """That the stack's alarms on metrics of its own watch those that CloudWatch is sent.

    Raises:
        CheckError: one watches another metric, or other dimensions, or a unit that nobody names.
    """
    namespace = f"Fines/{subject.stack}"
    found = subject.tier.client("cloudwatch").describe_alarms(AlarmNamePrefix=subject.stack)["MetricAlarms"]
    if deaf := _deaf(subject, [alarm for alarm in found if alarm.get("Namespace") == namespace]):
        raise CheckError("; ".join(deaf))


def _deaf(subject: Subject, alarms: list[dict[str, Any]]) -> list[str]:
    """Which of the alarms watch what nobody sends."""
    namespace = f"Fines/{subject.stack}"
    sent = subject.tier.client("cloudwatch").list_metrics(Namespace=namespace)["Metrics"]
    known = {(each["MetricName"], _dimensions(each)) for each in sent}
    names = {name for name, _ in known}
    return [
        f"{each['AlarmName']} watches {each['MetricName']} of {dict(_dimensions(each))} {each.get('Unit', '')}".strip()
        + ", which nobody sends"
        for each in alarms
        if each.get("Unit")
        or (each["MetricName"], _dimensions(each)) not in known | {(name, ()) for name in _SENT_LATER - names}
    ]


def _dimensions(metric: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((each["Name"], each["Value"]) for each in metric.get("Dimensions", [])))


def await_state(subject: Subject, alarm: dict[str, Any], state: str, *, figure: float | None, patience: float) -> str:
    """The reason of the state that the stack's alarm comes to, when the machines' timer sends this figure minute by minute, or none.

    What would have been sent in the window that the alarm looks at is sent at once, under a namespace of its own, which an alarm
    of the same definition watches: what the machines themselves have sent meanwhile is not mixed in. `patience` is in seconds.
    """
    cloudwatch, name = subject.tier.client("cloudwatch"), f"rehearsed-{uuid.uuid4().hex[:8]}"
    if figure is not None:
        now, window = time.time(), range(0, alarm["Period"] * alarm["EvaluationPeriods"], 60)
        named = {"MetricName": alarm["MetricName"], "Dimensions": alarm.get("Dimensions", [])}
        data = [{**named, "Value": figure, "Timestamp": now - seconds} for seconds in window]
        cloudwatch.put_metric_data(Namespace=name, MetricData=data)
    definition = {key: alarm[key] for key in _DEFINITION if key in alarm}
    cloudwatch.put_metric_alarm(**definition, AlarmName=name, Namespace=name)
    try:
        deadline = time.monotonic() + patience
        while True:
            seen = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
            if seen["StateValue"] == state:
                return str(seen["StateReason"])
            if time.monotonic() > deadline:
                raise CheckError(
                    f"after {patience:.0f} s of {'silence' if figure is None else f'{figure:.0f} s sent'} the alarm is "
                    f"{seen['StateValue']}, not {state}: {seen['StateReason']}"
                )
            time.sleep(0.5)
    finally:
        cloudwatch.delete_alarms(AlarmNames=[name])


def goes_off_at_age(subject: Subject, alarm: dict[str, Any], *, young: float, old: float, patience: float) -> str:
    """That an alarm on an age (seconds), which was sent, is still at a young one, and goes off at an old one and at silence; returns how.

    Raises:
        CheckError: it is otherwise.
    """
    if deaf := _deaf(subject, [alarm]):
        raise CheckError(deaf[0])
    await_state(subject, alarm, "OK", figure=young, patience=patience)
    reason = await_state(subject, alarm, "ALARM", figure=old, patience=patience)
    await_state(subject, alarm, "ALARM", figure=None, patience=patience)
    return f"{old / 3600:.1f} h sent, at which {alarm['AlarmName']} goes off: {reason}; so it does at silence, and not at {young / 3600:.1f} h"
