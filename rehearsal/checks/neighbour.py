"""Tier single beside the tier that is rehearsed, in the same account, with the paths of a move open on both sides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from rehearsal.cdk import MACHINE_IMAGE, template_of
from rehearsal.checks import Subject
from rehearsal.checks.variant import synth
from rehearsal.places import BUILD

NAME = "fines-dev-single"
_SHARED = ("domain", "cpu", "hosted_zone_name", "hosted_zone_id")


def paths(subject: Subject) -> dict[str, object]:
    """The setting that opens them."""
    return {"moves_between": f"single,{subject.tier.run.tier}"}


def context(subject: Subject) -> dict[str, object]:
    """The settings of tier single beside the subject.

    It has the same name, of which it has no share in the hosted zone yet, and its own server tells the record that proves
    the name to ACM.
    """
    shared = {key: subject.context[key] for key in _SHARED}
    own: dict[str, object] = {
        "tier": "single",
        "acme_directory": subject.tier.acme_directory,
        "machine_image": MACHINE_IMAGE,
    }
    record = proof(subject, ask_for_certificate(subject))
    line = f"{record['Name']} 300 IN CNAME {record['Value']}"
    return shared | own | paths(subject) | {"shares_name": True, "dns_weight": 0, "extra_records": json.dumps([line])}


def ask_for_certificate(subject: Subject) -> str:
    """Asks ACM for a certificate of the domain, as an operator does who gives it by certificate_arn; returns its ARN."""
    asked = subject.tier.client("acm").request_certificate(DomainName=subject.domain, ValidationMethod="DNS")
    return str(asked["CertificateArn"])


def proof(subject: Subject, certificate: str) -> dict[str, str]:
    """The record by which ACM sees whose the domain is: the same for each certificate of it."""
    told = subject.tier.client("acm").describe_certificate(CertificateArn=certificate)["Certificate"]
    record: dict[str, str] = told["DomainValidationOptions"][0]["ResourceRecord"]
    return record


def neighbour(subject: Subject, *, opened: bool = True) -> Subject:
    """The deployed neighbour, deployed now if it is not there yet; the subject's own side of the paths is opened, too."""
    assembly = subject.made(deployed)
    if opened and open_paths not in subject.stories:
        open_paths(subject)
    template: dict[str, Any] = template_of(assembly, NAME)
    settings: dict[str, object] = {"tier": "single", **paths(subject)}
    return Subject(subject.tier, NAME, assembly, template, subject.domain, settings, project=subject.project)


def deployed(subject: Subject) -> Path:
    """The neighbour's assembly, once it is deployed. The subject's own stack is not touched: another check may be at it."""
    assembly = BUILD / "synth" / f"{subject.tier.run.tier}-neighbour"
    if not is_there(subject):
        cdk = subject.tier.cdk
        synth(subject, context(subject), "neighbour")
        cdk.deploy(assembly, lambda _: None, log="deploy-neighbour")
        subject.tier.delegate(subject.domain, subject.tier.outputs(NAME)["PublicAddress"])
    return assembly


def open_paths(subject: Subject) -> None:
    """Deploys the subject with the paths open on its side."""
    opened = synth(subject, {**subject.context, **paths(subject)}, "open")
    subject.tier.cdk.deploy(opened, lambda _: None, log="deploy-open")
    subject.stories[open_paths] = None


def close_paths(subject: Subject) -> None:
    """Deploys the subject as it was before."""
    subject.tier.cdk.deploy(subject.assembly, lambda _: None, log="deploy-closed")
    subject.stories.pop(open_paths, None)


def is_there(subject: Subject) -> bool:
    try:
        (found,) = subject.tier.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"]
    except ClientError:
        return False
    return str(found["StackStatus"]).endswith(("CREATE_COMPLETE", "UPDATE_COMPLETE"))
