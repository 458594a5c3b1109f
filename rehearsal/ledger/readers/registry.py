"""The table of readers, by CloudFormation type, and what passes between them and the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

Properties = dict[str, Any]


class Absent(LookupError):
    """The service does not know the resource; the message says what was asked."""


class _Unreadable:
    def __repr__(self) -> str:
        return "unreadable"


# A value that no API of AWS gives back. None instead means: the service answers, and the value is not set.
UNREADABLE = _Unreadable()


@dataclass(frozen=True)
class Found:
    """A resource as its service gives it: properties in the template's shape and names, attributes for Fn::GetAtt."""

    properties: Properties
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """The resource to read.

    `wanted` are the template's resolved properties. A reader may find the resource by them, since some resources (a
    route, a policy inside a role) have no id of their own; what it returns comes from the service.
    """

    type: str
    logical_id: str
    physical_id: str
    wanted: Properties
    beside: Callable[[str, str], list[Any]] = lambda type, key: []  # a property of the template's resources of a type


class Cloud:
    """The services' clients, as the operator has them, made once each."""

    def __init__(self, *, session: boto3.Session, endpoint: str, stack: str) -> None:
        self._session, self.endpoint, self.stack = session, endpoint, stack
        self._clients: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        if service not in self._clients:
            # A bucket's name is no host name at a local endpoint.
            config = Config(retries={"max_attempts": 2}, s3={"addressing_style": "path"})
            self._clients[service] = self._session.client(service, endpoint_url=self.endpoint, config=config)
        return self._clients[service]

    def pages(self, service: str, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
        """The items of all pages of a listing."""
        for page in self(service).get_paginator(operation).paginate(**arguments):
            yield from page.get(key, [])

    @cached_property
    def zones(self) -> list[str]:
        """The availability zones of the session's region, in order."""
        return sorted(zone["ZoneName"] for zone in self("ec2").describe_availability_zones()["AvailabilityZones"])


Reader = Callable[[Cloud, Asked], Found]
READERS: dict[str, Reader] = {}


def reads(type: str) -> Callable[[Reader], Reader]:
    """Registers the reader of a CloudFormation type."""

    def register(reader: Reader) -> Reader:
        READERS[type] = reader
        return reader

    return register


def reader_of(type: str) -> Reader | None:
    """The reader of a type; custom resources (`Custom::…`) share one."""
    if type.startswith("Custom::"):
        type = "AWS::CloudFormation::CustomResource"
    return READERS.get(type)


def only(items: list[Any], what: str) -> Any:
    """The one item of an answer.

    Raises:
        Absent: there is none, or more than one.
    """
    if len(items) != 1:
        raise Absent(f"{what}: {len(items)} found")
    return items[0]


def picked(record: Mapping[str, Any], *names: str) -> Properties:
    """The values of names that the API and CloudFormation share; None where the service has none."""
    return {name: record.get(name) for name in names}
