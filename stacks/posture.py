"""The guard of the posture: cdk-nag's findings stop synth, unless accepted beside the resource they are about."""

from __future__ import annotations

import re

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct

_LEAST_WORDS = 8
_NO_REASON = re.compile(r"\b(TODO|FIXME|XXX)\b|false[ -]positive", re.IGNORECASE)


def watch(app: cdk.App) -> None:
    """Makes synth fail on a finding of the AwsSolutions pack that nobody accepted."""
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def accept(construct: IConstruct, *rules: str, because: str) -> None:
    """Accepts findings on one construct, with a reason that a reviewer can check.

    Raises:
        ValueError: the reason is no argument, or the acceptance is laid on a whole stack or app.
    """
    named = ", ".join(rules)
    if isinstance(construct, cdk.Stack | cdk.Stage):
        raise ValueError(f"accept {named} on the construct it is about, not on all of {construct.node.id or 'the app'}")
    if len(because.split()) < _LEAST_WORDS or _NO_REASON.search(because):
        raise ValueError(f"{because!r} is no reason: say in a sentence why {named} does no harm here")
    for rule in rules:
        cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=rule, reason=because))
