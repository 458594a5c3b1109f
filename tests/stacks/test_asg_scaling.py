"""Scheduled actions move the minimum alone, policies follow requests and processors, and an alarm takes a release back."""

from __future__ import annotations

from typing import Any

from tests.stacks.synthesis import Template, flat, resources, synthesize, the_only


def actions(template: Template) -> list[dict[str, Any]]:
    return [each["Properties"] for each in resources(template, "AWS::AutoScaling::ScheduledAction").values()]


def tracking(template: Template) -> dict[str, dict[str, Any]]:
    found = {}
    for policy in resources(template, "AWS::AutoScaling::ScalingPolicy").values():
        configuration = policy["Properties"]["TargetTrackingConfiguration"]
        found[configuration["PredefinedMetricSpecification"]["PredefinedMetricType"]] = configuration
    return found


def test_each_action_sets_a_minimum_by_the_clocks_of_the_time_zone_and_nothing_else() -> None:
    found = actions(synthesize(tier="asg", timezone="Europe/Madrid", peaks="08:00-09:00=6,23:00-00:30=4"))
    assert {(each["Recurrence"], each["MinSize"]) for each in found} == {
        ("50 7 * * *", 6),
        ("0 9 * * *", 2),
        ("50 22 * * *", 4),
        ("30 0 * * *", 2),
    }
    for each in found:
        assert set(each) == {"AutoScalingGroupName", "MinSize", "Recurrence", "TimeZone"}
        assert each["TimeZone"] == "Europe/Madrid"


def test_no_two_actions_have_one_time() -> None:
    found = actions(synthesize(tier="asg", peaks="08:00-09:00=6,09:00-10:00=4,10:00-11:00=6"))
    assert len({each["Recurrence"] for each in found}) == len(found)


def test_without_peaks_there_is_no_action_and_both_policies_stay() -> None:
    template = synthesize(tier="asg", peaks="")
    types = [each["Type"] for each in template["Resources"].values()]
    assert "AWS::AutoScaling::ScheduledAction" not in types
    assert set(tracking(template)) == {"ALBRequestCountPerTarget", "ASGAverageCPUUtilization"}


def test_the_policies_aim_at_what_the_settings_say() -> None:
    found = tracking(synthesize(tier="asg", requests_per_machine=700, cpu_percent=40))
    assert found["ALBRequestCountPerTarget"]["TargetValue"] == 700
    assert found["ASGAverageCPUUtilization"]["TargetValue"] == 40


def test_requests_are_counted_by_target_group_once_a_listener_names_it() -> None:
    template = synthesize(tier="asg")
    (policy,) = (
        each
        for each in resources(template, "AWS::AutoScaling::ScalingPolicy").values()
        if "ALBRequestCountPerTarget" in str(each)
    )
    label = flat(tracking(template)["ALBRequestCountPerTarget"]["PredefinedMetricSpecification"]["ResourceLabel"])
    (balancer,) = resources(template, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    (targets,) = resources(template, "AWS::ElasticLoadBalancingV2::TargetGroup")
    assert label == f"${{{balancer}.LoadBalancerFullName}}/${{{targets}.TargetGroupFullName}}"
    https = [
        id
        for id, each in resources(template, "AWS::ElasticLoadBalancingV2::Listener").items()
        if each["Properties"]["Protocol"] == "HTTPS"
    ]
    assert policy["DependsOn"] == https


def test_machines_tell_their_figures_each_minute() -> None:
    data = the_only(synthesize(tier="asg"), "AWS::EC2::LaunchTemplate")["Properties"]["LaunchTemplateData"]
    assert data["Monitoring"] == {"Enabled": True}


def test_no_deployment_resets_the_size() -> None:
    group = the_only(synthesize(tier="asg"), "AWS::AutoScaling::AutoScalingGroup")
    assert "DesiredCapacity" not in group["Properties"]
    assert group["UpdatePolicy"]["AutoScalingScheduledAction"] == {"IgnoreUnmodifiedGroupSizeProperties": True}


def test_server_errors_of_one_minute_take_a_release_back_while_its_metrics_still_come() -> None:
    template = synthesize(tier="asg")
    policy = the_only(template, "AWS::AutoScaling::AutoScalingGroup")["UpdatePolicy"]
    preferences = policy["AutoScalingInstanceRefresh"]["Preferences"]
    (named,) = preferences["AlarmSpecification"]["Alarms"]
    alarm = resources(template, "AWS::CloudWatch::Alarm")[named["Ref"]]["Properties"]
    assert (alarm["MetricName"], alarm["Period"], alarm["EvaluationPeriods"]) == ("HTTPCode_Target_5XX_Count", 60, 1)
    assert preferences["BakeTime"] >= 2 * alarm["Period"]


def test_a_release_that_ends_an_outage_can_be_made_past_the_alarm() -> None:
    policy = the_only(synthesize(tier="asg", stop_on_alarm=False), "AWS::AutoScaling::AutoScalingGroup")["UpdatePolicy"]
    assert not {"AlarmSpecification", "BakeTime"} & set(policy["AutoScalingInstanceRefresh"]["Preferences"])
