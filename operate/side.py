"""One of the two tiers between which data moves: its stack, its buckets, and commands on one of its machines."""

from __future__ import annotations

import json
import shlex
import time
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from botocore.exceptions import ClientError

from operate import stack
from operate.account import Account
from operate.trouble import code_of
from stacks.settings import Settings

PROGRAM = "/opt/fines/host/bin/move"
CHANGES = ("ssm:SendCommand",)
_ENDED = ("Success", "Cancelled", "TimedOut", "Failed", "Cancelling")
_LONGEST = 48 * 3600  # seconds that a command may take: AWS-RunShellScript's own limit
_SEEN_SECONDS = 30  # within which Systems Manager knows of a command that it took
_PACES = (0.3, 0.3, 0.5, 0.5, 1.0)  # seconds between two looks, the last for ever


class MoveError(RuntimeError):
    """The move cannot begin, or cannot go on; the message says what to do."""


@dataclass(frozen=True)
class Side:
    """A deployed tier; what it holds is told and moved by its machines, with their own roles. `group` is where those are."""

    GROUP: ClassVar[str] = "GroupName"  # the output that names it

    tier: str
    name: str
    group: str
    media: str
    backups: str
    account: Account

    @classmethod
    def find(cls, account: Account, settings: Settings) -> Self:
        """The deployed tier of the settings.

        Raises:
            MoveError: there is none, or it is being changed.
        """
        name = settings.stack_name
        found = stack.find(account, name)
        if found is None or not found.serves:
            state = f"is {found.status}" if found else "is not there"
            raise MoveError(f"the stack {name} {state}: deploy it first, with moves_between, and then type this again")
        buckets = {}
        pages = account.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name)
        for resource in (each for page in pages for each in page["StackResourceSummaries"]):
            if resource["ResourceType"] == "AWS::S3::Bucket":
                buckets[resource["LogicalResourceId"]] = resource["PhysicalResourceId"]
        media, backups = (_only(name, buckets, kind) for kind in ("BucketsMedia", "BucketsBackups"))
        return cls(str(settings.tier), name, found.outputs[cls.GROUP], media, backups, account)

    def tell(self, verb: str, *words: str) -> dict[str, Any]:
        """What the program on a machine answers, as JSON."""
        told: dict[str, Any] = json.loads(self.run(verb, *words).splitlines()[-1])
        return told

    def run(self, verb: str, *words: str) -> str:
        """Has a machine in service run the program; returns what it said.

        Raises:
            MoveError: it failed, with its last words.
        """
        return self._on(self.machines()[0], verb, *words)

    def run_everywhere(self, verb: str) -> None:
        """Has each machine in service run the program, one after the other."""
        for machine in self.machines():
            self._on(machine, verb)

    def machines(self) -> list[str]:
        """The machines in service; at least one.

        Raises:
            MoveError: there is none.
        """
        groups = self.account.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[self.group])
        found = [
            str(instance["InstanceId"])
            for group in groups["AutoScalingGroups"]
            for instance in group["Instances"]
            if instance["LifecycleState"] == "InService"
        ]
        if not found:
            raise MoveError(f"{self.name} has no machine in service: look at its group {self.group}")
        return found

    def _on(self, machine: str, verb: str, *words: str) -> str:
        ssm = self.account.client("ssm")
        line = shlex.join([PROGRAM, verb, *words])
        sent = ssm.send_command(
            InstanceIds=[machine],
            DocumentName="AWS-RunShellScript",
            Comment=f"promote: {verb}",
            Parameters={"commands": [f"exec {line}"], "executionTimeout": [str(_LONGEST)]},
        )
        done = _await(ssm, str(sent["Command"]["CommandId"]), machine)
        if done["Status"] != "Success":
            said = [line for line in str(done.get("StandardErrorContent", "")).splitlines() if line.strip()][-3:]
            raise MoveError(
                f"{verb} on {machine} of {self.name} ended as {done['Status']}: {' / '.join(said) or 'it said nothing'}"
            )
        return str(done["StandardOutputContent"]) or "{}"


def _only(name: str, buckets: dict[str, str], kind: str) -> str:
    found = [bucket for id, bucket in buckets.items() if id.startswith(kind)]
    if len(found) != 1:
        raise MoveError(f"the stack {name} has {len(found)} buckets {kind}: it was deployed by another version of this")
    return found[0]


def _await(ssm: Any, command: str, machine: str) -> dict[str, Any]:
    """The end of a command on a machine."""
    began, paces = time.monotonic(), iter(_PACES)
    pace = _PACES[0]
    while True:
        pace = next(paces, pace)
        time.sleep(pace)
        try:
            told: dict[str, Any] = ssm.get_command_invocation(CommandId=command, InstanceId=machine)
        except ClientError as error:
            if code_of(error) != "InvocationDoesNotExist" or time.monotonic() - began > _SEEN_SECONDS:
                raise
            continue
        if told["Status"] in _ENDED:
            return told
