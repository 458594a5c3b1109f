"""The project that the checks deploy variants of, changed as a developer would change it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest import mock

from rehearsal.breaks.texts import replaced
from rehearsal.checks import Subject, runbook, variant

_KEPT = """\
            ),
            removal_policy=cdk.RemovalPolicy.RETAIN,"""
_LOST = '"FlowLogGroup", retention=retention, removal_policy=cdk.RemovalPolicy.DESTROY'


@contextmanager
def changed(subject: Subject, file: str, changes: Mapping[str, str]) -> Iterator[None]:
    """What the checks deploy comes from a copy of the project in which texts of a file are replaced by others.

    Raises:
        BreakError: a text does not stand in the file exactly once.
    """
    copy = variant.project(subject, "broken")
    edited = copy / file
    edited.write_text(replaced(edited.read_text(), changes, file))
    with mock.patch.object(subject, "project", copy):
        yield


@contextmanager
def changed_runbook(subject: Subject, changes: Mapping[str, str]) -> Iterator[None]:
    """The checks read the runbook's commands from a copy in which texts are replaced by others."""
    copy = subject.tier.run.home / "runbook.md"
    copy.write_text(replaced(runbook.text(), changes, "the runbooks"))
    with mock.patch.object(runbook, "BOOKS", (copy,)):
        yield


def swap_what_is_retained(subject: Subject) -> None:
    """Deploys a project whose root secret ends with its stack, and whose flow log does not."""
    copy = variant.project(subject, "swapped")
    for name, was, now in (("storage", _KEPT, "DESTROY"), ("network", _LOST, "RETAIN")):
        file = copy / f"stacks/parts/{name}.py"
        policy = re.sub(r"RemovalPolicy\.\w+", f"RemovalPolicy.{now}", was)
        file.write_text(replaced(file.read_text(), {was: policy}, file.name))
    variant.deploy(subject, variant.synth(subject, subject.context, "swapped", of=copy), log="deploy-swapped")
