"""Somebody is told when an alarm goes off."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.stub import Stubber

from operate.account import Account
from operate.finding import Finding, State
from operate.stack import Deployed
from tests.operate.world import World, one, subject_of

PRODUCTION = ["stage=production", "domain=multas.gob.ar", "machine_image=ami-0123456789abcdef0"]
EMAIL = "operator@multas.gob.ar"
TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"


def test_nobody_is_a_warning_and_in_production_stops() -> None:
    assert one("alarm e-mail", subject_of([])).state is State.WARNING
    found = one("alarm e-mail", subject_of(PRODUCTION))
    assert found.state is State.STOPS and found.do.endswith("-c alarm_email=operator@example.org")


def test_an_address_is_good_before_the_first_deployment(world: World) -> None:
    assert one("alarm e-mail", subject_of([*PRODUCTION, f"alarm_email={EMAIL}"])).state is State.OK


def test_an_address_that_the_stack_does_not_know_yet_is_asked(world: World) -> None:
    world.deploy({"Topic": {"Type": "AWS::SNS::Topic"}}, outputs={"AlarmTopic": _topic(world)})
    assert "will be asked" in one("alarm e-mail", subject_of([f"alarm_email={EMAIL}"])).seen


def test_an_address_that_confirmed_is_told_and_one_that_did_not_is_warned_of() -> None:
    confirmed = subscribed(f"{TOPIC}:0f8fad5b-d9cb-469f-a165-70867728950e")
    assert confirmed.state is State.OK and confirmed.seen == f"{EMAIL} is told"
    pending = subscribed("PendingConfirmation")
    assert pending.state is State.WARNING and "has not confirmed" in pending.seen


def subscribed(arn: str) -> Finding:
    """What is found of a subscription; the local AWS confirms each at once."""
    client: Any = boto3.client("sns", region_name="us-east-1", aws_access_key_id="stub", aws_secret_access_key="stub")
    subscription = {"SubscriptionArn": arn, "Endpoint": EMAIL, "Protocol": "email", "TopicArn": TOPIC}
    with Stubber(client) as stubber:
        stubber.add_response("list_subscriptions_by_topic", {"Subscriptions": [subscription]}, {"TopicArn": TOPIC})
        subject = subject_of([f"alarm_email={EMAIL}"], account=Account("us-east-1", clients={"sns": client}))
        subject._found.append(Deployed("fines-dev-single", "CREATE_COMPLETE", outputs={"AlarmTopic": TOPIC}))
        return one("alarm e-mail", subject)


def _topic(world: World) -> str:
    return str(world("sns").create_topic(Name="alarms")["TopicArn"])
