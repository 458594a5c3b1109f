"""The local AWS refuses what AWS refuses: a subnet whose range another one of its VPC has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ministack.services import ec2
from ministack.services.cloudformation import provisioners

from rehearsal.cloud.ranges import refuse_overlaps

HERE = {"VpcId": "vpc-1", "CidrBlock": "10.20.0.0/24", "AvailabilityZone": "us-east-1a"}


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[..., Any]]:
    """CloudFormation's handlers of subnets, with one subnet there; they say what they were asked for."""
    plain = {"create": lambda *_: "made", "update": lambda *_: "updated"}
    monkeypatch.setitem(provisioners._RESOURCE_HANDLERS, "AWS::EC2::Subnet", plain)
    monkeypatch.setattr(ec2, "_subnets", {"subnet-1": dict(HERE)})
    refuse_overlaps()
    return plain


@pytest.mark.parametrize("range", ["10.20.0.0/24", "10.20.0.128/25", "10.20.0.0/16"])
def test_a_range_that_overlaps_is_refused(handlers: dict[str, Callable[..., Any]], range: str) -> None:
    with pytest.raises(ValueError, match=f"'{range}' conflicts with another subnet"):
        handlers["create"]("Subnet", HERE | {"CidrBlock": range}, "stack")


@pytest.mark.parametrize("other", [{"CidrBlock": "10.20.1.0/24"}, {"VpcId": "vpc-2"}])
def test_another_range_or_vpc_is_taken(handlers: dict[str, Callable[..., Any]], other: dict[str, str]) -> None:
    assert handlers["create"]("Subnet", HERE | other, "stack") == "made"


def test_another_zone_with_the_same_range_is_refused(handlers: dict[str, Callable[..., Any]]) -> None:
    with pytest.raises(ValueError, match="conflicts"):
        handlers["update"]("subnet-1", HERE, HERE | {"AvailabilityZone": "us-east-1b"}, "stack", "Subnet")


def test_a_subnet_does_not_conflict_with_itself(handlers: dict[str, Callable[..., Any]]) -> None:
    assert handlers["update"]("subnet-1", HERE, HERE | {"Tags": []}, "stack", "Subnet") == "updated"
