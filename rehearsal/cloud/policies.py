"""What a stack's template says of a resource's life: CreationPolicy and UpdatePolicy, and the durations in them."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

Properties = dict[str, Any]


def policies_of(stack: str, logical_id: str) -> Properties:
    """The resource as the living stack's template has it, its policies beside its properties."""
    resource: Properties = template_of(next(s for s in stacks_of(stack)))["Resources"][logical_id]
    return resource


def template_of(stack: Properties) -> Properties:
    """The template of a stack's record, in JSON or in YAML."""
    body = stack["_template_body"]
    found: Properties = json.loads(body) if body.lstrip().startswith("{") else yaml.load(body, Loader=_Loader)  # noqa: S506 - a safe loader
    return found


class _Loader(yaml.SafeLoader):
    """YAML as CloudFormation writes it: short forms of functions are not looked at here."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


def stacks_of(name: str) -> list[Properties]:
    """The living stacks of that name."""
    from ministack.services.cloudformation import _stacks

    return [s for s in _stacks.values() if s.get("StackName") == name and s.get("StackStatus") != "DELETE_COMPLETE"]


def seconds_of(duration: str) -> float:
    """The seconds of an ISO 8601 duration such as PT15M; ValueError where it is none."""
    found = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", duration)
    if not found:
        raise ValueError(f"{duration!r} is no ISO 8601 duration of hours, minutes and seconds")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds
