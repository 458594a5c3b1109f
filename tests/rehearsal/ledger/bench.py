"""A stack of its own for each test, and the calls that change it behind the template's back."""

from __future__ import annotations

import http.client
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import yaml

from rehearsal.ledger import Ledger, read_back

TEMPLATE = Path(__file__).with_name("template.yaml")
_numbers = itertools.count(1)
_PATIENCE = 20.0  # seconds
_HANDLE = "AWS::CloudFormation::WaitConditionHandle"


def _is_made(event: dict[str, Any]) -> bool:
    return bool(event["ResourceStatus"] == "CREATE_COMPLETE")


def small_template() -> dict[str, Any]:
    template: dict[str, Any] = yaml.safe_load(TEMPLATE.read_text())
    return template


@dataclass
class Deployed:
    """A deployed template."""

    cloud: Aws
    name: str
    template: dict[str, Any]

    def id(self, logical_id: str) -> str:
        """The physical id of a resource."""
        answer = self.cloud("cloudformation").describe_stack_resource(StackName=self.name, LogicalResourceId=logical_id)
        return str(answer["StackResourceDetail"]["PhysicalResourceId"])

    def update(self, template: dict[str, Any]) -> None:
        """Deploys another template over this one."""
        formation = self.cloud("cloudformation")
        formation.update_stack(
            StackName=self.name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        formation.get_waiter("stack_update_complete").wait(
            StackName=self.name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
        self.template = template

    def read(self) -> Ledger:
        return read_back(self.template, stack=self.name, session=self.cloud.session, endpoint=self.cloud.endpoint)


class Aws:
    """The local AWS of the tests."""

    def __init__(self, *, endpoint: str, region: str) -> None:
        self.endpoint = endpoint
        self.session = boto3.Session(aws_access_key_id="000000000000", aws_secret_access_key="test", region_name=region)

    def __call__(self, service: str) -> Any:
        return self.session.client(service, endpoint_url=self.endpoint)

    def deploy(self, template: dict[str, Any], *, early: bool = False) -> Deployed:
        """Creates a stack, and signals its wait conditions as a host would; early: before they begin to wait."""
        name = f"ledger-{next(_numbers)}"
        formation = self("cloudformation")
        formation.create_stack(StackName=name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"])
        signalled = False
        status = self._await(lambda: formation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
        while status() == "CREATE_IN_PROGRESS":
            events = formation.describe_stack_events(StackName=name)["StackEvents"]
            made = [e["PhysicalResourceId"] for e in events if e["ResourceType"] == _HANDLE and _is_made(e)]
            waiting = any(e["ResourceType"] == "AWS::CloudFormation::WaitCondition" for e in events)
            if made and not signalled and waiting != early:
                self.signal(made[0])
                signalled = True
            time.sleep(0.05)
        events = formation.describe_stack_events(StackName=name)["StackEvents"]
        failed = [
            f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason')}"
            for e in events
            if "FAILED" in e["ResourceStatus"]
        ]
        assert status() == "CREATE_COMPLETE", failed
        return Deployed(self, name, template)

    def signal(self, handle: str) -> None:
        """Sends a signal of success to a handle, as `curl` in the host's script does."""
        local = http.client.HTTPConnection(urlsplit(self.endpoint).netloc)
        body = json.dumps({"Status": "SUCCESS", "UniqueId": "release", "Data": "", "Reason": "it serves"})
        local.request("PUT", urlsplit(handle).path, body)
        assert local.getresponse().status == 200

    @staticmethod
    def _await(ask: Callable[[], str]) -> Callable[[], str]:
        deadline = time.monotonic() + _PATIENCE

        def status() -> str:
            assert time.monotonic() < deadline, "the stack did not end in time"
            return ask()

        return status
