"""The load balancer and its machines agree on who waits for whom, and nobody else starts a rotation."""

from __future__ import annotations

import re

from stacks.parts.machine import HOST_FILES
from tests.stacks.synthesis import Template, resources, synthesize, the_only

TARGETS = "AWS::ElasticLoadBalancingV2::TargetGroup"
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"


def attributes(template: Template, kind: str) -> dict[str, str]:
    properties = the_only(template, kind)["Properties"]
    given = properties.get("TargetGroupAttributes") or properties["LoadBalancerAttributes"]
    return {each["Key"]: str(each["Value"]) for each in given}


def test_the_load_balancer_closes_an_idle_connection_before_the_machine_does() -> None:
    idle = int(attributes(synthesize(tier="asg"), BALANCER)["idle_timeout.timeout_seconds"])
    kept = re.search(r"^keepalive_timeout (\d+)s;", (HOST_FILES / "nginx/behind-balancer.inc").read_text(), re.M)
    assert kept is not None
    assert int(kept[1]) > idle


def test_who_asks_is_told_by_the_load_balancer_and_by_nobody_else() -> None:
    rules = [
        line.split("#")[0].strip()
        for line in (HOST_FILES / "nginx/behind-balancer.inc").read_text().splitlines()
        if "real_ip" in line
    ]
    assert rules == [
        "set_real_ip_from @FINES_BALANCER_RANGE@;",
        "real_ip_header X-Forwarded-For;",
        "real_ip_recursive on;",
    ]


def test_a_machine_that_fails_fast_is_not_sent_more_than_its_share() -> None:
    given = attributes(synthesize(tier="asg"), TARGETS)
    assert given["load_balancing.algorithm.type"] == "weighted_random"
    assert given["load_balancing.algorithm.anomaly_mitigation"] == "on"


def test_a_rotation_is_started_for_secrets_of_this_account_alone() -> None:
    template = synthesize(tier="asg")
    asked = [
        each["Properties"]
        for each in resources(template, "AWS::Lambda::Permission").values()
        if each["Properties"]["Principal"] == "secretsmanager.amazonaws.com"
    ]
    assert [each.get("SourceAccount") for each in asked] == [{"Ref": "AWS::AccountId"}]
    for schedule in resources(template, "AWS::SecretsManager::RotationSchedule").values():
        assert schedule["Properties"]["RotateImmediatelyOnUpdate"] is False
        assert schedule["Properties"]["RotationRules"]["ScheduleExpression"] == "rate(30 days)"


def test_days_are_told_as_the_schedule_wants_them() -> None:
    schedules = resources(synthesize(tier="asg", rotation_days=1), "AWS::SecretsManager::RotationSchedule").values()
    assert {each["Properties"]["RotationRules"]["ScheduleExpression"] for each in schedules} == {"rate(1 day)"}


def test_the_machines_change_after_the_migration() -> None:
    template = synthesize(tier="asg")
    (migration,) = resources(template, "Custom::Migration")
    assert migration in the_only(template, "AWS::AutoScaling::AutoScalingGroup")["DependsOn"]
