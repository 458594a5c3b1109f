"""The resources an EC2 call names: their kinds are read off their ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rehearsal.cloud.permissions import catalogue
from rehearsal.cloud.permissions.asking import Check
from rehearsal.cloud.permissions.place import Place
from rehearsal.cloud.permissions.wire import Call

_VARIABLE = re.compile(r"\$\{\w+\}")
_TYPES = {
    "i": "instance",
    "vol": "volume",
    "snap": "snapshot",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "sg": "security-group",
    "subnet": "subnet",
    "vpc": "vpc",
    "ami": "image",
    "lt": "launch-template",
    "rtb": "route-table",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "acl": "network-acl",
    "vpce": "vpc-endpoint",
    "fl": "vpc-flow-log",
    "key": "key-pair",
}
_ID = re.compile(r"^(?P<kind>[a-z]+)-[0-9a-z]+$")
_OWNED_BY_NOBODY = {"snapshot", "image"}  # their ARNs have no account


def checks(action: str, call: Call, place: Place) -> list[Check]:
    """The resources of an EC2 call: those its parameters name by id, and what it is still to make."""
    context: dict[str, str] = {"ec2:Region": place.region}
    formats = catalogue.resource_formats(action)
    found: dict[str, str] = {}  # ARN to id
    for id in _ids(call.parameters, place):
        match = _ID.match(id)
        kind = _TYPES.get(match["kind"]) if match else None
        if kind in formats:
            account = "" if kind in _OWNED_BY_NOBODY else None
            found[place.arn("ec2", f"{kind}/{id}", account=account)] = id
    kinds = {arn.split(":", 5)[5].partition("/")[0] for arn in found}
    for kind in catalogue.required_types(action):
        if kind in formats and kind not in kinds:  # what is still to be made has no id yet
            stem = _VARIABLE.sub("*", formats[kind].split(":", 5)[5])
            found[place.arn("ec2", stem, account="" if kind in _OWNED_BY_NOBODY else None)] = ""
    asked = [Check(action, arn, {**context, **(place.lookup.ec2_facts(id) if id else {})}) for arn, id in found.items()]
    return (asked or [Check(action, "*", context)]) + _tags_at_birth(action, call, place)


def _tags_at_birth(action: str, call: Call, place: Place) -> list[Check]:
    """Tags given while making something need ec2:CreateTags too."""
    kinds = [
        str(each.get("ResourceType")) for each in call.parameters.get("TagSpecifications") or [] if each.get("Tags")
    ]
    context = {"ec2:CreateAction": call.operation, "ec2:Region": place.region}
    return [
        Check(
            "ec2:CreateTags", place.arn("ec2", f"{kind}/*", account="" if kind in _OWNED_BY_NOBODY else None), context
        )
        for kind in kinds
    ]


def _ids(parameters: Mapping[str, Any], place: Place) -> list[str]:
    ids = []
    for name, value in parameters.items():
        if name in ("Filters", "DryRun", "ClientToken"):
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping):
                ids += _ids(item, place)
            elif isinstance(item, str):
                named = name in ("PublicIp", "AssociationId") and place.lookup.address_of(item)
                ids.append(named or item)
    return ids
