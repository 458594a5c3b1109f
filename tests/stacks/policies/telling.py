"""What must be true of logs and alarms, and of who is told."""

from __future__ import annotations

from tests.stacks.policies.reading import refuses_plain
from tests.stacks.synthesis import Template, flat, resources


def topics_refuse_what_is_not_tls_and_let_alarms_publish(template: Template) -> list[str]:
    good = set()
    for policy in resources(template, "AWS::SNS::TopicPolicy").values():
        statements = policy["Properties"]["PolicyDocument"]["Statement"]
        lets = any(
            s["Effect"] == "Allow" and s["Principal"] == {"Service": "cloudwatch.amazonaws.com"} for s in statements
        )
        if lets and refuses_plain(statements):
            good |= {flat(topic) for topic in policy["Properties"]["Topics"]}
    return [id for id in resources(template, "AWS::SNS::Topic") if f"${{{id}}}" not in good]


def topics_hear_services_of_their_own_account_alone(template: Template) -> list[str]:
    """A service speaks for whoever asks it to: without a word of the account, for anybody's alarm or rule."""
    return [
        f"{id}: {statement['Principal']['Service']}"
        for id, policy in resources(template, "AWS::SNS::TopicPolicy").items()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
        and "Service" in statement.get("Principal", {})
        and "aws:SourceAccount" not in statement.get("Condition", {}).get("StringEquals", {})
    ]


def logs_end_some_day(template: Template) -> list[str]:
    groups = resources(template, "AWS::Logs::LogGroup").items()
    return [id for id, group in groups if not group["Properties"].get("RetentionInDays")]


def networks_log_their_flows(template: Template) -> list[str]:
    logged = {flat(log["Properties"]["ResourceId"]) for log in resources(template, "AWS::EC2::FlowLog").values()}
    return [id for id in resources(template, "AWS::EC2::VPC") if f"${{{id}}}" not in logged]


def alarms_tell_people_when_they_go_off_and_when_it_is_over(template: Template) -> list[str]:
    topics = {f"${{{id}}}" for id in resources(template, "AWS::SNS::Topic")}
    bad = []
    for id, alarm in resources(template, "AWS::CloudWatch::Alarm").items():
        told = [{flat(a) for a in alarm["Properties"].get(f"{when}Actions", [])} for when in ("Alarm", "OK")]
        if not all(actions & topics for actions in told):
            bad.append(id)
    return bad
