"""Whether anybody is told when something goes wrong."""

from __future__ import annotations

from collections.abc import Iterator

from operate.finding import Finding, ok, stops, warning
from operate.subject import Subject
from stacks.settings import Stage


def alarm_email(subject: Subject) -> Iterator[Finding]:
    email = subject.settings.alarm_email
    if not email:
        tell = stops if subject.settings.stage is Stage.PRODUCTION else warning
        yield tell(
            "alarm e-mail",
            "none is set: alarms are told to nobody",
            subject.cdk("deploy", alarm_email="operator@example.org"),
        )
        return
    deployed = subject.deployed()
    topic = deployed.outputs.get("AlarmTopic") if deployed else None
    if not topic:
        yield ok("alarm e-mail", f"{email}, once the link of the message that AWS sends is followed")
        return
    pages = subject.account.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    arns = [s["SubscriptionArn"] for page in pages for s in page["Subscriptions"] if s["Endpoint"] == email]
    if any(arn.startswith("arn:") for arn in arns):
        yield ok("alarm e-mail", f"{email} is told")
    elif arns:
        yield warning(
            "alarm e-mail",
            f"{email} has not confirmed yet",
            "follow the link of AWS's message (look among the spam too)",
        )
    else:
        yield ok("alarm e-mail", f"{email} will be asked by this deployment to confirm")
