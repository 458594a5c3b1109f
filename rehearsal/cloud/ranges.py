"""A subnet's range is its own: AWS refuses one that overlaps another subnet's of the same VPC, and MiniStack would take it."""

from __future__ import annotations

import ipaddress
from typing import Any

from ministack.services import ec2
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]


def refuse_overlaps() -> None:
    """Wraps CloudFormation's handler; to be called before MiniStack serves.

    CloudFormation makes the new subnet of a replacement before it deletes the old one, so a replacement that keeps its
    range is refused as well.
    """
    handlers = provisioners._RESOURCE_HANDLERS["AWS::EC2::Subnet"]
    plain_create, plain_update = handlers["create"], handlers["update"]

    def create(logical_id: str, properties: Properties, stack: str) -> Any:
        _must_be_free(properties, but="")
        return plain_create(logical_id, properties, stack)

    def update(physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None) -> Any:
        kept = ec2._subnets[physical_id]["AvailabilityZone"] == new.get("AvailabilityZone")
        _must_be_free(new, but=physical_id if kept else "")
        return plain_update(physical_id, old, new, stack, logical_id)

    handlers.update(create=create, update=update)


def _must_be_free(properties: Properties, *, but: str) -> None:
    wanted = ipaddress.ip_network(properties["CidrBlock"])
    others = [s for id, s in ec2._subnets.items() if s["VpcId"] == properties["VpcId"] and id != but]
    if any(wanted.overlaps(ipaddress.ip_network(other["CidrBlock"])) for other in others):
        raise ValueError(
            f"The CIDR '{wanted}' conflicts with another subnet (Service: Ec2, Status Code: 400) (InvalidSubnet.Conflict)"
        )
