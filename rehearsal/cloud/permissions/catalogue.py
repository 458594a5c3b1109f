"""What AWS publishes about actions and resources (the evaluator's own data) and about services (botocore's models)."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import botocore
from botocore.loaders import Loader
from botocore.model import ServiceModel

FOLDER = Path(__file__).resolve().parent
_AUTHORIZATION = FOLDER / "node_modules" / "@cloud-copilot" / "iam-data" / "data"
_METADATA = re.compile(r'"metadata"\s*:\s*')

# Where the name that signs a request is not the name before the colon of an action.
_NAMESPACES = {
    "monitoring": "cloudwatch",
    "tagging": "tag",
    "email": "ses",
    "s3express": "s3",
    "s3-outposts": "s3-outposts",
}
# Where an operation is authorized under another name. Source: the Service Authorization Reference.
_ACTIONS = {
    ("lambda", "Invoke"): "InvokeFunction",
    ("lambda", "InvokeAsync"): "InvokeFunction",
    ("lambda", "InvokeWithResponseStream"): "InvokeFunction",
    ("sns", "PublishBatch"): "Publish",
    ("sqs", "SendMessageBatch"): "SendMessage",
    ("sqs", "DeleteMessageBatch"): "DeleteMessage",
    ("sqs", "ChangeMessageVisibilityBatch"): "ChangeMessageVisibility",
    ("events", "TestEventPattern"): "TestEventPattern",
}


@dataclass(frozen=True)
class Shelf:
    """One of botocore's service models, before it is read whole."""

    name: str
    signing: str
    target: str
    endpoint: str
    version: str


@cache
def _shelves() -> tuple[Shelf, ...]:
    # Only the head of each file is read: all models together are hundreds of megabytes.
    found = []
    root = Path(botocore.__file__).parent / "data"
    for folder in sorted(root.iterdir()):
        files = sorted(folder.glob("*/service-2.json*"))
        if not files:
            continue
        opener: Any = gzip.open if files[-1].suffix == ".gz" else open
        with opener(files[-1], "rb") as file:
            head = file.read(8192).decode("utf-8", "ignore")
        if (match := _METADATA.search(head)) is None:
            continue
        data, _ = json.JSONDecoder().raw_decode(head, match.end())
        endpoint = data["endpointPrefix"]
        found.append(
            Shelf(
                name=folder.name,
                signing=data.get("signingName", endpoint),
                target=data.get("targetPrefix", ""),
                endpoint=endpoint,
                version=data.get("apiVersion", ""),
            )
        )
    return tuple(found)


def services_signed_as(name: str) -> tuple[Shelf, ...]:
    """The service models whose requests are signed with a name; some share one, for example elasticloadbalancing."""
    found = tuple(shelf for shelf in _shelves() if shelf.signing == name)
    return found or tuple(shelf for shelf in _shelves() if shelf.endpoint == name)


@cache
def model(name: str) -> ServiceModel:
    """botocore's model of a service."""
    return ServiceModel(Loader().load_service_model(name, "service-2"), service_name=name)


def namespace(signing: str) -> str:
    """What stands before the colon of the actions of a service."""
    return _NAMESPACES.get(signing, signing)


def action_of(signing: str, operation: str) -> str:
    """The action that authorizes an operation; it need not exist."""
    space = namespace(signing)
    return f"{space}:{_ACTIONS.get((space, operation), operation)}"


@cache
def _file(kind: str, service: str) -> dict[str, Any]:
    path = _AUTHORIZATION / kind / f"{service.lower()}.json"
    if not _AUTHORIZATION.is_dir():
        raise FileNotFoundError(f"the policy evaluator is not installed: run npm ci --prefix {FOLDER}")
    if not path.is_file():
        return {}
    data: dict[str, Any] = json.loads(path.read_text())
    return data


def entry(action: str) -> dict[str, Any] | None:
    """The Service Authorization Reference's entry of an action, or None where there is no such action."""
    service, _, name = action.partition(":")
    found: dict[str, Any] | None = _file("actions", service).get(name.lower())
    return found


def actions_of(service: str) -> list[str]:
    """All actions of a service by their full names."""
    return [f"{service}:{found['name']}" for found in _file("actions", service).values()]


def resource_formats(action: str) -> dict[str, str]:
    """The ARN formats (`arn:${Partition}:…`) of the resource types an action can be limited to, by type."""
    service = action.partition(":")[0]
    types = _file("resourceTypes", service)
    by_key = {data["key"].lower(): data["arn"] for data in types.values()}
    found = entry(action)
    return {
        t["name"]: by_key[t["name"].lower()]
        for t in (found or {}).get("resourceTypes", [])
        if t["name"].lower() in by_key
    }


def required_types(action: str) -> list[str]:
    """The resource types that the action cannot do without."""
    return [kind["name"] for kind in (entry(action) or {}).get("resourceTypes", []) if kind.get("required")]
