"""The alarms: each goes off by figures that are bad enough, is quiet by those that are not, and takes silence as it should."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.figures import figures

PATIENCE = 40  # seconds: alarms are looked at each five, and there are many
_DAY = 86400
_LATE = 30.0  # seconds within which a machine has asked, and told
_DEFINITION = (
    *("MetricName", "Statistic", "ExtendedStatistic", "Dimensions", "Period", "EvaluationPeriods", "DatapointsToAlarm"),
    *("Threshold", "ComparisonOperator", "TreatMissingData"),
)


@dataclass(frozen=True)
class Case:
    """Figures that set an alarm off and that leave it quiet, by the ids of an expression's metrics; what silence is."""

    bad: Mapping[str, float]
    good: Mapping[str, float]
    silence: str = "OK"


def _one(*, bad: float, good: float, silence: str = "OK") -> Case:
    return Case({"": bad}, {"": good}, silence)


_CASES = {
    "ServerErrors": _one(bad=26, good=25),
    "NobodyAnswers": _one(bad=26, good=25),
    "Slow": _one(bad=2.1, good=1.9),
    "Certificate": _one(bad=20, good=45, silence="INSUFFICIENT_DATA"),
    "DatabaseBusy": _one(bad=81, good=79, silence="ALARM"),
    "DatabaseFull": _one(bad=2**30, good=3 * 2**30, silence="ALARM"),
    "RotationFails": _one(bad=1, good=0),
    "RotationThrottled": _one(bad=1, good=0),
    "BackupAge": _one(bad=27 * 3600, good=25 * 3600, silence="ALARM"),
    "RestoreDrillAge": _one(bad=51 * 3600, good=49 * 3600, silence="ALARM"),
    "RotationOverdue": _one(bad=34 * _DAY, good=33 * _DAY, silence="ALARM"),
}
_OF_A_TIER = {
    "asg": {
        "ReleaseFails": _one(bad=11, good=10),
        "UnhealthyMachines": _one(bad=1, good=0),
        "FewMachines": Case({"wanted": 2, "serving": 1}, {"wanted": 2, "serving": 2}, "ALARM"),
        "LaunchesFail": Case({"wanted": 3, "serving": 2}, {"wanted": 3, "serving": 4}),
        "MigrationFails": _one(bad=1, good=0),
        "MigrationThrottled": _one(bad=1, good=0),
    },
    "eks": {
        "UnhealthyPods": _one(bad=1, good=0),
        "FewPods": Case({"wanted": 2, "serving": 1}, {"wanted": 2, "serving": 2}, "ALARM"),
        "NodesFail": _one(bad=1, good=0),
        "NodeMemory": _one(bad=91, good=90),
        "NodeDisk": _one(bad=81, good=80),
    },
}


@check("asg")
def each_alarm_goes_off_by_bad_figures_is_quiet_by_good_ones_and_takes_silence_as_it_should(subject: Subject) -> str:
    own, cases = _own(subject), _CASES | _OF_A_TIER[subject.tier.run.tier]
    if lacking := sorted(set(cases) - set(own)):
        raise CheckError(f"these alarms are not there: {', '.join(lacking)}")
    if mute := [name for name, alarm in own.items() if not alarm["AlarmActions"] or not alarm["ActionsEnabled"]]:
        raise CheckError(f"{mute[0]} tells nobody")
    if untold := sorted(set(own) - set(cases)):
        raise CheckError(f"no figures are known here that set {untold[0]} off: write them down")
    wanted = {
        (name, kind): state
        for name, case in cases.items()
        for kind, state in (("bad", "ALARM"), ("good", "OK"), ("silence", case.silence))
    }
    _await(subject, {name: (own[name], cases[name]) for name in cases}, wanted)
    return f"{len(cases)} alarms, each by bad figures, by good ones and by silence"


@check("asg")
def each_machine_says_how_old_the_oldest_password_of_the_database_is(subject: Subject) -> str:
    manager = subject.tier.client("secretsmanager")
    secrets = [
        each["PhysicalResourceId"]
        for each in subject.tier.client("cloudformation").describe_stack_resources(StackName=subject.stack)[
            "StackResources"
        ]
        if each["ResourceType"] == "AWS::SecretsManager::Secret" and each["LogicalResourceId"].startswith("Database")
    ]
    told = [manager.describe_secret(SecretId=arn) for arn in secrets]
    oldest = min((each.get("LastRotatedDate") or each["CreatedDate"]).timestamp() for each in told)
    for host in subject.hosts:
        began = time.time()
        done = host.run("systemctl", "start", "fines-password-ages.service", check=False, timeout=120)
        age = time.time() - oldest
        sent = figures(subject, "OldestPasswordSeconds", since=began)
        if done.returncode or not sent or abs(sent[-1] - age) > _LATE:
            raise CheckError(f"{host.id} sent {sent}, the oldest password is {age:.0f} s old: {done.stderr[-200:]}")
    return f"{len(told)} secrets, the oldest {age:.0f} s old, by {len(subject.hosts)} machines"


def _own(subject: Subject) -> dict[str, dict[str, Any]]:
    """The stack's alarms by the names of their constructs, as CloudWatch tells them."""
    found = subject.tier.client("cloudwatch").describe_alarms(AlarmNamePrefix=subject.stack)["MetricAlarms"]
    by_name = {alarm["AlarmName"]: alarm for alarm in found}
    stack = subject.tier.client("cloudformation").describe_stack_resources(StackName=subject.stack)["StackResources"]
    return {
        each["LogicalResourceId"].removeprefix("Alarms")[:-8]: by_name[each["PhysicalResourceId"]]
        for each in stack
        if each["ResourceType"] == "AWS::CloudWatch::Alarm" and each["PhysicalResourceId"] in by_name
    }


def _await(
    subject: Subject, alarms: Mapping[str, tuple[dict[str, Any], Case]], wanted: Mapping[tuple[str, str], str]
) -> None:
    """Waits until alarms of the same definitions, on figures under namespaces of their own, are as they should be."""
    cloudwatch, mark = subject.tier.client("cloudwatch"), f"rehearsed-{uuid.uuid4().hex[:8]}"
    made: dict[str, tuple[str, str]] = {}
    try:
        for name, kind in wanted:
            copy = f"{mark}-{name}-{kind}"
            alarm, case = alarms[name]
            if kind != "silence":
                _send(cloudwatch, alarm, copy, case.bad if kind == "bad" else case.good)
            cloudwatch.put_metric_alarm(AlarmName=copy, **_definition(alarm, copy))
            made[copy] = (name, kind)
        deadline = time.monotonic() + PATIENCE
        while True:
            pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=mark)
            seen = [each for page in pages for each in page["MetricAlarms"]]
            wrong = [each for each in seen if each["StateValue"] != wanted[made[each["AlarmName"]]]]
            if len(seen) == len(made) and not wrong:
                return
            if time.monotonic() > deadline:
                name, kind = made[wrong[0]["AlarmName"]] if wrong else ("", "")
                raise CheckError(
                    f"by {kind}{'' if kind == 'silence' else ' figures'} {name} is {wrong[0]['StateValue']}, not "
                    f"{wanted[name, kind]}: {wrong[0]['StateReason']}"
                    if wrong
                    else f"{len(seen)} of {len(made)} alarms are told"
                )
            time.sleep(0.5)
    finally:
        for number in range(0, len(made), 50):
            cloudwatch.delete_alarms(AlarmNames=list(made)[number : number + 50])


def _definition(alarm: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """What an alarm of the same kind is made of, on metrics of the namespace."""
    given = {key: alarm[key] for key in _DEFINITION if alarm.get(key) not in (None, [])}
    if metrics := alarm.get("Metrics"):
        return given | {"Metrics": [_in_namespace(each, namespace) for each in metrics]}
    if "ExtendedStatistic" in given:
        given.pop("Statistic", None)
    return given | {"Namespace": namespace}


def _in_namespace(metric: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    if "MetricStat" not in metric:
        return dict(metric)
    told = metric["MetricStat"]
    return {**metric, "MetricStat": {**told, "Metric": {**told["Metric"], "Namespace": namespace}}}


def _send(cloudwatch: Any, alarm: Mapping[str, Any], namespace: str, values: Mapping[str, float]) -> None:
    """Sends the figures for all periods that the alarm looks at, as they would have been sent one by one."""
    metrics = [each for each in alarm.get("Metrics", []) if "MetricStat" in each]
    told = [(each["Id"], each["MetricStat"]["Metric"], each["MetricStat"]["Period"]) for each in metrics]
    now = time.time()
    for id, metric, period in told or [("", alarm, alarm["Period"])]:
        moments = [now - period * nth - 1 for nth in range(alarm["EvaluationPeriods"] + 2)]
        data = [
            {
                "MetricName": metric["MetricName"],
                "Dimensions": metric.get("Dimensions", []),
                "Value": values[id],
                "Timestamp": moment,
            }
            for moment in moments
        ]
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)
