"""Another tier beside the one that is rehearsed, in the same account, with the paths of a move open on both sides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from rehearsal import principals
from rehearsal.cdk import MACHINE_IMAGE, template_of
from rehearsal.checks import Make, Subject
from rehearsal.checks.variant import synth
from rehearsal.places import BUILD

_SHARED = ("domain", "cpu", "hosted_zone_name", "hosted_zone_id")


def paths(subject: Subject, kind: str = "single") -> dict[str, object]:
    """The setting that opens them to a tier of that kind."""
    return {"moves_between": f"{kind},{subject.tier.run.tier}"}


def _stack(kind: str) -> str:
    return f"fines-dev-{kind}"


def _own(subject: Subject, kind: str) -> dict[str, object]:
    """The settings of a neighbour that are its alone. It has the same name, of which it has no share in the hosted zone yet.

    Tier single's own server tells the record that proves the name to ACM.
    """
    common: dict[str, object] = {"tier": kind, "machine_image": MACHINE_IMAGE, "dns_weight": 0}
    if kind == "single":
        record = proof(subject, ask_for_certificate(subject))
        line = f"{record['Name']} 300 IN CNAME {record['Value']}"
        own = {"acme_directory": subject.tier.acme_directory, "shares_name": True, "extra_records": json.dumps([line])}
        return common | own
    return common | {"max_machines": 2} | principals.settings()


def ask_for_certificate(subject: Subject) -> str:
    """Asks ACM for a certificate of the domain, as an operator does who gives it by certificate_arn; returns its ARN."""
    asked = subject.tier.client("acm").request_certificate(DomainName=subject.domain, ValidationMethod="DNS")
    return str(asked["CertificateArn"])


def proof(subject: Subject, certificate: str) -> dict[str, str]:
    """The record by which ACM sees whose the domain is: the same for each certificate of it."""
    told = subject.tier.client("acm").describe_certificate(CertificateArn=certificate)["Certificate"]
    record: dict[str, str] = told["DomainValidationOptions"][0]["ResourceRecord"]
    return record


def neighbour(subject: Subject, kind: str = "single", *, opened: bool = True) -> Subject:
    """The deployed neighbour, deployed now if it is not there yet; the subject's own side of the paths is opened, too."""
    assembly = subject.made(_MAKES[kind])
    if opened and subject.stories.get(open_paths) != kind:
        open_paths(subject, kind)
    template: dict[str, Any] = template_of(assembly, _stack(kind))
    settings: dict[str, object] = {"tier": kind, **paths(subject, kind)}
    return Subject(subject.tier, _stack(kind), assembly, template, subject.domain, settings, project=subject.project)


def deployed(subject: Subject) -> Path:
    """Tier single's assembly, once it is deployed. The subject's own stack is not touched: another check may be at it."""
    return _deployed(subject, "single")


def deployed_asg(subject: Subject) -> Path:
    """Tier asg's, likewise."""
    return _deployed(subject, "asg")


_MAKES: dict[str, Make] = {"single": deployed, "asg": deployed_asg}


def _deployed(subject: Subject, kind: str) -> Path:
    name = f"neighbour-{kind}"
    if is_there(subject, kind):
        return BUILD / "synth" / f"{subject.tier.run.tier}-{name}"
    shared = {key: subject.context[key] for key in _SHARED}
    assembly = synth(subject, shared | _own(subject, kind) | paths(subject, kind), name)
    subject.tier.cdk.deploy(assembly, lambda _: None, log=f"deploy-{name}")
    if kind == "single":
        subject.tier.delegate(subject.domain, subject.tier.outputs(_stack(kind))["PublicAddress"])
    return assembly


def open_paths(subject: Subject, kind: str = "single") -> None:
    """Deploys the subject with the paths to a tier of that kind open on its side, and to no other."""
    opened = synth(subject, {**subject.context, **paths(subject, kind)}, "open")
    subject.tier.cdk.deploy(opened, lambda _: None, log="deploy-open")
    subject.stories[open_paths] = kind


def close_paths(subject: Subject) -> None:
    """Deploys the subject as it was before."""
    subject.tier.cdk.deploy(subject.assembly, lambda _: None, log="deploy-closed")
    subject.stories.pop(open_paths, None)


def is_there(subject: Subject, kind: str = "single") -> bool:
    try:
        (found,) = subject.tier.client("cloudformation").describe_stacks(StackName=_stack(kind))["Stacks"]
    except ClientError:
        return False
    return str(found["StackStatus"]).endswith(("CREATE_COMPLETE", "UPDATE_COMPLETE"))
