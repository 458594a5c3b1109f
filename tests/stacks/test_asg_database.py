"""Tier asg's database keeps its identity, tells nobody what was written, and its logs do not stay for ever."""

from __future__ import annotations

import pytest

from tests.stacks.synthesis import resources, synthesize, the_only


def test_it_has_a_standby_in_another_zone() -> None:
    assert the_only(synthesize(tier="asg"), "AWS::RDS::DBInstance")["Properties"]["MultiAZ"] is True


def test_no_statement_reaches_its_log_slow_or_failed() -> None:
    group = the_only(synthesize(tier="asg"), "AWS::RDS::DBParameterGroup")["Properties"]["Parameters"]
    wanted = {
        "log_statement": "none",
        "log_min_duration_statement": "-1",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }
    assert wanted.items() <= group.items()


@pytest.mark.parametrize(("days", "kept"), [(1, 1), (40, 60)])
def test_each_of_its_logs_has_a_group_that_is_there_first_and_keeps_it_for_as_long_as_others(
    days: int, kept: int
) -> None:
    template = synthesize(tier="asg", log_days=days)
    instance = the_only(template, "AWS::RDS::DBInstance")
    properties = instance["Properties"]
    name, exported = properties["DBInstanceIdentifier"], properties["EnableCloudwatchLogsExports"]
    groups = {
        group["Properties"].get("LogGroupName"): (id, group["Properties"]["RetentionInDays"])
        for id, group in resources(template, "AWS::Logs::LogGroup").items()
    }
    assert exported
    for log in exported:
        id, retention = groups[f"/aws/rds/instance/{name}/{log}"]
        assert id in instance["DependsOn"]
        assert retention == kept
