"""An account of the local AWS for each test, and the deployment that somebody is about to make in it."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.stub import Stubber

from operate.account import Account
from operate.context import read_settings
from operate.finding import Finding
from operate.preflight import CHECKS, run_check
from operate.resolver import Resolver
from operate.subject import Subject

_numbers = itertools.count(1)
# AWS's own figures of a new account: addresses, VPCs, gateways, vCPUs, TiB
QUOTAS = {"L-0263D0A3": 5.0, "L-F678F1CE": 5.0, "L-A4707A72": 5.0, "L-1216C47A": 5.0, "L-7A658B76": 50.0}
_BEHIND_A_BALANCER = {"L-53DA6B97": 50.0, "L-7B6409FD": 40.0}
_SERVICES = {
    "L-F678F1CE": "vpc",
    "L-A4707A72": "vpc",
    "L-7A658B76": "ebs",
    "L-53DA6B97": "elasticloadbalancing",
    "L-7B6409FD": "rds",
}


def service_quotas(
    *, unchanged: Sequence[str] = (), behind_a_balancer: bool = False, allowed: Mapping[str, float] | None = None
) -> Any:
    """A client of Service Quotas, of which the local AWS has nothing; each figure may be asked for once, in the tier's order.

    `allowed` changes figures (by their code, with _ for -); AWS has no figure of this account for those that are `unchanged`.
    """
    client = boto3.client(
        "service-quotas", region_name="us-east-1", aws_access_key_id="stub", aws_secret_access_key="stub"
    )
    stubber = Stubber(client)
    figures = QUOTAS | (_BEHIND_A_BALANCER if behind_a_balancer else {})
    figures |= {code.replace("_", "-"): value for code, value in (allowed or {}).items()}
    for code, value in figures.items():
        asked = {"ServiceCode": _SERVICES.get(code, "ec2"), "QuotaCode": code}
        if code in unchanged:
            stubber.add_client_error("get_service_quota", "NoSuchResourceException", expected_params=asked)
            stubber.add_response("get_aws_default_service_quota", {"Quota": {"Value": value}}, asked)
        else:
            stubber.add_response("get_service_quota", {"Quota": {"Value": value}}, asked)
    stubber.activate()
    return client


def waiting(seconds: int) -> dict[str, Any]:
    """Resources of a stack that waits for a signal."""
    properties = {"Handle": {"Ref": "Handle"}, "Timeout": str(seconds), "Count": 1}
    return {
        "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "Wait": {"Type": "AWS::CloudFormation::WaitCondition", "Properties": properties},
    }


NEVER_SIGNALLED = waiting(1)


NOBODY = Resolver(recursive=["127.0.0.1"], port=1, patience=0.3)


@dataclass
class World:
    """An account that no other test uses."""

    endpoint: str
    region: str
    number: str
    key: str
    secret: str

    def __call__(self, service: str) -> Any:
        """A client that may change the account: what the test does behind the checks' back."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.number,
            aws_secret_access_key="test",
        )

    def deploy(
        self, resources: dict[str, Any], *, name: str = "fines-dev-single", outputs: dict[str, str] | None = None
    ) -> str:
        """Makes a stack and returns the state it ended in."""
        template = {
            "Resources": resources,
            "Outputs": {key: {"Value": value} for key, value in (outputs or {}).items()},
        }
        formation = self("cloudformation")
        formation.create_stack(StackName=name, TemplateBody=json.dumps(template))
        formation.get_waiter("stack_exists").wait(StackName=name)
        while (status := self.status(name)) in ("CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"):
            time.sleep(0.05)
        return status

    def status(self, name: str) -> str:
        return str(self("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])


def next_number() -> str:
    return f"{990000000000 + next(_numbers)}"


def subject_of(words: Sequence[str], *, account: Account | None = None, resolver: Resolver | None = None) -> Subject:
    """What the command would look at for these settings."""
    given = ["tier=single", "domain=fines.example", *words]
    settings = read_settings(given)
    # by default nobody answers: a test that asks name servers says which
    return Subject(settings, account or Account(settings.region), resolver or NOBODY, given)


def look(name: str, subject: Subject) -> list[Finding]:
    """The findings of one check, as the command would have them."""
    return run_check(name, CHECKS[name], subject)


def one(name: str, subject: Subject) -> Finding:
    """The only finding of a check."""
    (finding,) = look(name, subject)
    return finding
