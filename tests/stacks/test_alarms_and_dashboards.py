"""What tiers behind a load balancer show and tell: a dashboard of all that matters, and alarms, each with its line in the runbook."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.stacks.synthesis import PROJECT, Template, flat, resources, synthesize, the_only

_BEHIND_A_BALANCER = ("asg", "eks")
# What CloudWatch names of each: AWS's own pages of metrics and dimensions.
_DIMENSIONS = {
    "AWS/ApplicationELB": [{"LoadBalancer"}, {"LoadBalancer", "TargetGroup"}],
    "AWS/AutoScaling": [{"AutoScalingGroupName"}],
    "AWS/CertificateManager": [{"CertificateArn"}],
    "AWS/EC2": [{"AutoScalingGroupName"}],
    "AWS/Lambda": [{"FunctionName"}],
    "AWS/RDS": [{"DBInstanceIdentifier"}],
    "ContainerInsights": [{"ClusterName"}, {"ClusterName", "Namespace", "PodName"}],
    "Fines/fines-dev-asg": [set(), {"Call"}],
    "Fines/fines-dev-eks": [set(), {"Call"}],
}


def alarms(tier: str = "asg") -> dict[str, dict[str, Any]]:
    found = resources(synthesize(tier=tier), "AWS::CloudWatch::Alarm")
    return {id.removeprefix("Alarms")[:-8]: r["Properties"] for id, r in found.items()}


def metrics_of(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    stats = [each["MetricStat"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
    return [each["Metric"] for each in stats] or [alarm]


def each() -> list[tuple[str, str]]:
    """The alarms, each with its tier."""
    return [(tier, name) for tier in _BEHIND_A_BALANCER for name in sorted(alarms(tier))]


def lines_of_the_runbook(tier: str) -> dict[str, tuple[str, str]]:
    """What an alarm means and what to do, by its name."""
    page = (PROJECT / f"docs/runbook-{tier}.md").read_text()
    section = page.partition(f"## An alarm of tier {tier} goes off")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\w+) \| ([^|]+) \| ([^|]+) \|$", section, flags=re.M)
    return {name: (means.strip(), do.strip()) for name, means, do in rows if name != "alarm"}


@pytest.mark.parametrize("tier", _BEHIND_A_BALANCER)
def test_each_alarm_has_its_line_in_the_runbook_and_each_line_its_alarm(tier: str) -> None:
    assert len(alarms(tier)) > 10
    assert sorted(lines_of_the_runbook(tier)) == sorted(alarms(tier))
    for alarm in alarms(tier).values():
        assert alarm["AlarmDescription"].endswith(f". docs/runbook-{tier}.md says what to do.")


@pytest.mark.parametrize(("tier", "name"), each())
def test_a_line_says_what_an_alarm_means_and_what_to_do(tier: str, name: str) -> None:
    means, do = lines_of_the_runbook(tier)[name]
    assert len(means.split()) >= 4
    assert len(do.split()) >= 6


@pytest.mark.parametrize(("tier", "name"), each())
def test_an_alarm_asks_for_a_metric_by_dimensions_that_aws_counts_it_by(tier: str, name: str) -> None:
    for metric in metrics_of(alarms(tier)[name]):
        given = {each["Name"] for each in metric.get("Dimensions", [])}
        assert given in _DIMENSIONS[metric["Namespace"]], metric


@pytest.mark.parametrize(("tier", "name"), each())
def test_an_alarm_looks_no_further_back_than_cloudwatch_lets_it(tier: str, name: str) -> None:
    """A day for periods below an hour, seven for others (API reference, PutMetricAlarm)."""
    alarm = alarms(tier)[name]
    periods = [each["MetricStat"]["Period"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
    period = max(periods or [alarm["Period"]])
    assert period * alarm["EvaluationPeriods"] <= (7 if period >= 3600 else 1) * 86400


def test_the_group_counts_what_its_alarms_and_graphs_go_by() -> None:
    template = synthesize(tier="asg")
    group = the_only(template, "AWS::AutoScaling::AutoScalingGroup")["Properties"]
    (collected,) = group["MetricsCollection"]
    body = flat(the_only(template, "AWS::CloudWatch::Dashboard")["Properties"]["DashboardBody"])
    wanted = set(re.findall(r'"AWS/AutoScaling","(\w+)"', body))
    wanted |= {m["MetricName"] for a in alarms().values() for m in metrics_of(a) if m["Namespace"] == "AWS/AutoScaling"}
    assert wanted <= set(collected["Metrics"])
    assert {"GroupInServiceInstances", "GroupMinSize"} <= wanted
    assert collected["Granularity"] == "1Minute"
    names = {
        d["Value"]
        for a in alarms().values()
        for m in metrics_of(a)
        for d in m.get("Dimensions", [])
        if d["Name"] == "AutoScalingGroupName"
    }
    assert names == {group["AutoScalingGroupName"]}


@pytest.mark.parametrize(
    ("tier", "serving"), [("asg", "Machines against the schedule"), ("eks", "Pods against the schedule, and nodes")]
)
def test_the_dashboard_shows_every_alarm_and_each_figure_by_dimensions_that_aws_counts_it_by(
    tier: str, serving: str
) -> None:
    template = synthesize(tier=tier)
    body = _body(template)
    (states,) = (w for w in body["widgets"] if w["type"] == "alarm")
    assert sorted(states["properties"]["alarms"]) == sorted(
        f"${{{id}.Arn}}" for id in resources(template, "AWS::CloudWatch::Alarm")
    )
    shown = [m for w in body["widgets"] for m in w["properties"].get("metrics", []) if isinstance(m[0], str)]
    assert len(shown) > 25
    for metric in shown:
        words = [each for each in metric if isinstance(each, str)]
        assert set(words[2::2]) in _DIMENSIONS[words[0]], metric
    assert {"Requests a minute", serving, "Fines a minute", "Database: connections"} <= {
        w["properties"]["title"] for w in body["widgets"]
    }


def test_a_rotation_is_overdue_some_days_after_its_setting() -> None:
    template = synthesize(tier="asg", rotation_days=7)
    (alarm,) = (
        r["Properties"] for id, r in resources(template, "AWS::CloudWatch::Alarm").items() if "RotationOverdue" in id
    )
    assert alarm["Threshold"] == 10 * 86400


def test_an_alarm_on_what_ends_asks_the_tiers_own_certificate() -> None:
    given = "arn:aws:acm:us-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef"
    for settings, wanted in (({}, "${NameCertificate"), ({"certificate_arn": given}, given)):
        found = resources(synthesize(tier="asg", **settings), "AWS::CloudWatch::Alarm")
        (alarm,) = (r["Properties"] for id, r in found.items() if id.startswith("AlarmsCertificate"))
        (dimension,) = alarm["Dimensions"]
        assert flat(dimension["Value"]).startswith(wanted)


def _body(template: Template) -> dict[str, Any]:
    """The dashboard's body; references in it are written as flat() writes them, functions of them by a word."""
    joined = the_only(template, "AWS::CloudWatch::Dashboard")["Properties"]["DashboardBody"]["Fn::Join"][1]
    parts = [
        flat(each) if isinstance(each, str) or {"Ref", "Fn::GetAtt"} & set(each) else "computed" for each in joined
    ]
    body: dict[str, Any] = json.loads("".join(parts))
    return body
