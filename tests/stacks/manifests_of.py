"""The manifests of a synthesized template, as Kubernetes would be given them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.stacks.synthesis import MANIFEST, Template, flat, resources, synthesize

Manifest = dict[str, Any]


def manifests(template: Template | None = None, **settings: object) -> list[Manifest]:
    """All of them, in no order; references are written ${LogicalId.Attribute}."""
    template = template or synthesize(tier="eks", **settings)
    return [
        each
        for resource in resources(template, MANIFEST).values()
        for each in json.loads(flat(resource["Properties"]["Manifest"]))
    ]


def of_kind(kind: str, found: list[Manifest]) -> dict[str, Manifest]:
    """Those of a kind, by name; at least one."""
    named = {each["metadata"]["name"]: each for each in found if each["kind"] == kind}
    assert named, f"there is no {kind}: this test speaks about nothing"
    return named


def pods(found: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """The specification of the pods of each object that makes some, with its kind and name."""
    for each in found:
        spec = each.get("spec", {})
        if each["kind"] == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        if each["kind"] in ("CronJob", "Deployment", "Job"):
            yield f"{each['kind']} {each['metadata']['name']}", spec["template"]


def containers(pod: Manifest) -> list[Manifest]:
    spec = pod["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]
