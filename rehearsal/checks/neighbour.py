"""Tier single beside the tier that is rehearsed, in the same account, with the paths of a move open on both sides."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from rehearsal.cdk import template_of
from rehearsal.checks import Subject
from rehearsal.places import BUILD

NAME = "fines-dev-single"
OPEN: dict[str, object] = {"moves_between": "single,asg"}
_SHARED = ("domain", "cpu", "machine_image", "hosted_zone_name", "hosted_zone_id")


def context(subject: Subject) -> dict[str, object]:
    """The settings of tier single beside the subject: the same name, of which it has no share yet."""
    shared = {key: subject.context[key] for key in _SHARED}
    own: dict[str, object] = {"tier": "single", "acme_directory": subject.tier.acme_directory}
    return shared | own | OPEN | {"shares_name": True, "dns_weight": 0}


def neighbour(subject: Subject) -> Subject:
    """The deployed neighbour; deployed now, and the paths opened, if it is not there yet."""
    words = context(subject)
    assembly = BUILD / "synth" / f"{subject.tier.run.tier}-neighbour"
    if not _is_there(subject):
        cdk = subject.tier.cdk
        opened = cdk.synth({**subject.context, **OPEN}, lambda _: None, name=f"{subject.tier.run.tier}-open")
        cdk.deploy(opened, lambda _: None, log="deploy-open")
        cdk.synth(words, lambda _: None, name=assembly.name)
        cdk.deploy(assembly, lambda _: None, log="deploy-neighbour")
    template: dict[str, Any] = template_of(assembly, NAME)
    return Subject(subject.tier, NAME, assembly, template, subject.domain, words)


def _is_there(subject: Subject) -> bool:
    try:
        (found,) = subject.tier.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"]
    except ClientError:
        return False
    return str(found["StackStatus"]).endswith(("CREATE_COMPLETE", "UPDATE_COMPLETE"))
