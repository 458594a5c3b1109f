"""Synthesizes the app as the CLI would, without it: cdk.json's context is loaded here, since nobody else does."""

from __future__ import annotations

import copy
import functools
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from app import build_app

PROJECT = Path(__file__).parent.parent.parent
TIERS = ("single", "asg", "eks")
ON_MACHINES = ("single", "asg")  # of their own, that boot from this project's files
# What a tier asks for besides, for tests that say nothing of it.
_BEHIND_A_LOAD_BALANCER: dict[str, object] = {
    "hosted_zone_id": "Z0123456789ABCDEFGHIJ",
    "hosted_zone_name": "fines.example",
    "timezone": "America/Argentina/Buenos_Aires",
    "peaks": "08:00-09:00=6,13:00-14:00=6,20:00-21:00=6",
}
_ASKED_FOR: dict[str, dict[str, object]] = {
    "asg": _BEHIND_A_LOAD_BALANCER,
    "eks": _BEHIND_A_LOAD_BALANCER | {"admin_role": "arn:aws:iam::111122223333:role/administrators"},
}
MANIFEST = "Custom::AWSCDK-EKS-KubernetesResource"
Template = dict[str, Any]
Resource = dict[str, Any]
Change = Callable[[cdk.Stack], None]


def context(**settings: object) -> dict[str, Any]:
    """cdk.json's context with a name for the service, and settings over it."""
    given: dict[str, Any] = json.loads((PROJECT / "cdk.json").read_text())["context"]
    return (
        given
        | {"domain": "fines.example"}
        | _ASKED_FOR.get(str(settings.get("tier", given.get("tier"))), {})
        | settings
    )


def assemble(folder: Path, change: Change | None = None, **settings: object) -> Template:
    """Synthesizes the app into a folder, after a change of its stack if one is asked for; returns the template."""
    app = build_app(context(**settings), outdir=str(folder))
    if change:
        change(stack_of(app))
    app.synth()
    return template_in(folder)


def stack_of(app: cdk.App) -> cdk.Stack:
    """The app's only stack."""
    (stack,) = (child for child in app.node.children if isinstance(child, cdk.Stack))
    return stack


def template_in(assembly: Path) -> Template:
    """The template of the assembly's only stack."""
    (file,) = assembly.glob("*.template.json")
    template: Template = json.loads(file.read_text())
    return template


def synthesize(**settings: object) -> Template:
    """The template for the settings; the caller may change it."""
    return copy.deepcopy(_synthesized(json.dumps(settings, sort_keys=True)))


@functools.cache
def _synthesized(settings: str) -> Template:
    with tempfile.TemporaryDirectory(prefix="fines-synth-") as folder:
        return assemble(Path(folder), **json.loads(settings))


def resources(template: Template, kind: str) -> dict[str, Resource]:
    """The resources of a type, by logical id; at least one, since an empty loop would pass every test."""
    found = {id: r for id, r in template["Resources"].items() if r["Type"] == kind}
    assert found, f"the template has no {kind}: this test speaks about nothing"
    return found


def the_only(template: Template, kind: str) -> Resource:
    """The single resource of a type."""
    (found,) = resources(template, kind).values()
    return found


def flat(value: Any) -> str:
    """A value of a template as text: references are written ${LogicalId} or ${LogicalId.Attribute}."""
    if not isinstance(value, dict):
        return str(value)
    ((kind, of),) = value.items()
    match kind:
        case "Ref":
            return f"${{{of}}}"
        case "Fn::GetAtt":
            return f"${{{'.'.join(of)}}}"
        case "Fn::Join":
            return str(of[0]).join(flat(part) for part in of[1])
        case "Fn::Base64":
            return flat(of)
        case "Fn::Sub":
            return str(of)
    return json.dumps(value, sort_keys=True)
