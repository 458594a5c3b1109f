"""Reads every resource of a deployed template back and says what is missing and what differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from rehearsal.ledger import readers
from rehearsal.ledger.compare import Line, compare
from rehearsal.ledger.readers.registry import Absent, Asked, Cloud, Found, Reader, reader_of
from rehearsal.ledger.resolve import Resolver, Stack, Unresolved

__all__ = ["Holding", "Ledger", "holdings", "read_back", "readers"]


@dataclass
class Ledger:
    """What was found: of resources how many and which not, of properties how many were given and compared.

    `differ` says for each property what the template and the service say; `unread` names those given that no API or no
    reader gives back.
    """

    resources: int = 0
    created: int = 0
    missing: list[str] = field(default_factory=list)
    given: int = 0
    compared: int = 0
    differ: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything is there and nothing that could be compared differs."""
        return self.resources > 0 and not self.missing and not self.differ

    def report(self, *, template: dict[str, Any], stand_ins: Mapping[str, str]) -> dict[str, Any]:
        """The part `template` of a rehearsal's report; of the stand-ins, those of the types that the template has."""
        types = {resource["Type"] for resource in template["Resources"].values()}
        return {
            "resources": self.resources,
            "created": self.created,
            "missing": list(self.missing),
            "stand_ins": {type: sentence for type, sentence in stand_ins.items() if type in types},
            "properties": {"given": self.given, "compared": self.compared, "differ": list(self.differ)},
            "unread": list(self.unread),
        }


def read_back(template: dict[str, Any], *, stack: str, session: boto3.Session, endpoint: str) -> Ledger:
    """Compares a stack's resources, as their services have them, with its template.

    Args:
        template: the synthesized template.
        stack: the deployed stack's name.
        session: an operator's session of the account and region.
        endpoint: the URL of the local AWS.

    Raises:
        botocore.exceptions.ClientError: there is no such stack.
    """
    return _Reading(template, Cloud(session=session, endpoint=endpoint, stack=stack)).ledger()


@dataclass(frozen=True)
class Holding:
    """A resource of a stack, which its service can be asked for also when the stack is gone."""

    logical_id: str
    type: str
    physical_id: str
    is_there: Callable[[], bool]


def holdings(template: dict[str, Any], *, stack: str, session: boto3.Session, endpoint: str) -> list[Holding]:
    """What a stack has now, of all that the template gives it.

    The arguments are those of `read_back`.

    Raises:
        botocore.exceptions.ClientError: there is no such stack.
        LookupError: a resource is not there, or no reader knows its type; the message says which.
    """
    return _Reading(template, Cloud(session=session, endpoint=endpoint, stack=stack)).holdings()


class _Reading:
    def __init__(self, template: dict[str, Any], cloud: Cloud) -> None:
        self._template, self._cloud = template, cloud
        self._stack = _stack_of(cloud)
        self._resolver = Resolver(
            template,
            stack=self._stack,
            attribute=self._attribute,
            zones=lambda: cloud.zones,
            exports=lambda: {e["Name"]: e["Value"] for e in cloud.pages("cloudformation", "list_exports", "Exports")},
        )
        self._wanted: dict[str, dict[str, Any]] = {}
        self._found: dict[str, Found | Absent] = {}

    def ledger(self) -> Ledger:
        ledger = Ledger()
        for id, resource in self._template["Resources"].items():
            if "Condition" in resource and not self._resolver.condition(resource["Condition"]):
                continue
            ledger.resources += 1
            wanted, found = self._wanted_of(id), self._read(id)
            place = f"{id} ({resource['Type']})"
            if isinstance(found, Absent):
                ledger.missing.append(f"{place}: {found}")
                ledger.given += sum(len(list(compare(f"{place} {key}", v, v))) for key, v in wanted.items())
                continue
            ledger.created += 1
            for key, value in wanted.items():
                for line in self._lines(f"{place} {key}", key, value, found):
                    ledger.given += 1
                    ledger.compared += line.compared
                    if line.difference:
                        (ledger.differ if line.compared else ledger.unread).append(line.difference)
        return ledger

    def holdings(self) -> list[Holding]:
        found = []
        for id, resource in self._template["Resources"].items():
            if "Condition" in resource and not self._resolver.condition(resource["Condition"]):
                continue
            if isinstance(absent := self._read(id), Absent):
                raise LookupError(f"{id} ({resource['Type']}): {absent}")
            reader, asked = self._reader(id)
            is_there = partial(self._is_there, reader, asked)
            found.append(Holding(id, resource["Type"], asked.physical_id, is_there))
        return found

    def _is_there(self, reader: Reader, asked: Asked) -> bool:
        try:
            reader(self._cloud, asked)
        except (Absent, BotoCoreError, ClientError, LookupError, TypeError, ValueError):
            return False  # it was read before, so it can be
        return True

    def _lines(self, path: str, key: str, value: Any, found: Found) -> list[Line]:
        if key in found.properties:
            return list(compare(path, value, found.properties[key]))
        # A reader that does not have the property leaves it uncompared, and named.
        return [Line(line.path, line.path, compared=False) for line in compare(path, value, value)]

    def _wanted_of(self, id: str) -> dict[str, Any]:
        if id not in self._wanted:
            self._wanted[id] = self._resolver.value(self._template["Resources"][id].get("Properties", {}))
        return self._wanted[id]

    def _read(self, id: str) -> Found | Absent:
        if id not in self._found:
            try:
                self._found[id] = self._ask(id)
            except Absent as absent:
                self._found[id] = absent
            except ClientError as error:
                answer = error.response["Error"]
                self._found[id] = Absent(
                    f"{error.operation_name} answers {answer.get('Code')}: {answer.get('Message')}"
                )
            except (BotoCoreError, LookupError, TypeError, ValueError) as error:
                # An answer without what a reader needs is no evidence that the resource is there.
                self._found[id] = Absent(f"it could not be read back: {type(error).__name__}: {error}")
        return self._found[id]

    def _ask(self, id: str) -> Found:
        reader, asked = self._reader(id)
        return reader(self._cloud, asked)

    def _reader(self, id: str) -> tuple[Reader, Asked]:
        type = self._template["Resources"][id]["Type"]
        reader = reader_of(type)
        if reader is None:
            raise Absent("no reader")
        if id not in self._stack.physical_ids:
            raise Absent("CloudFormation has no physical id of it")
        return reader, Asked(type, id, self._stack.physical_ids[id], self._wanted_of(id), self._beside)

    def _beside(self, type: str, key: str) -> list[Any]:
        resources = self._template["Resources"].values()
        return [self._resolver.value(r.get("Properties", {}).get(key)) for r in resources if r["Type"] == type]

    def _attribute(self, id: str, name: str) -> Any:
        if id not in self._template["Resources"]:
            raise LookupError(f"Fn::GetAtt {id}.{name}: the template has no such resource")
        found = self._read(id)
        if isinstance(found, Absent):
            raise LookupError(f"Fn::GetAtt {id}.{name}: the resource is missing")
        value = found.attributes.get(name)
        if value is None or isinstance(value, Unresolved):
            raise LookupError(f"Fn::GetAtt {id}.{name}: no service gives it back")
        return value


def _stack_of(cloud: Cloud) -> Stack:
    record = cloud("cloudformation").describe_stacks(StackName=cloud.stack)["Stacks"][0]
    parameters: Mapping[str, str] = {
        each["ParameterKey"]: each.get("ResolvedValue", each.get("ParameterValue", ""))
        for each in record.get("Parameters", [])
    }
    summaries = cloud.pages(
        "cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=record["StackId"]
    )
    ids = {
        each["LogicalResourceId"]: each["PhysicalResourceId"] for each in summaries if each.get("PhysicalResourceId")
    }
    return Stack(record["StackId"], record["StackName"], parameters, ids)
