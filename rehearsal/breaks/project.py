"""The project that the checks deploy variants of, changed as a developer would change it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest import mock

from rehearsal.breaks.texts import replaced
from rehearsal.checks import Subject, runbook, variant

_KEPT = """\
            ),
            removal_policy=cdk.RemovalPolicy.RETAIN,"""


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


def a_secret_goes(subject: Subject) -> None:
    """Deploys a project whose root secret ends with its stack."""
    tier = subject.tier.run.tier
    copy = variant.project(subject, "secret-goes")
    file = copy / "stacks/parts/storage.py"
    file.write_text(replaced(file.read_text(), {_KEPT: _KEPT.replace("RETAIN", "DESTROY")}, file.name))
    assembly = subject.tier.cdk.synth(subject.context, lambda _: None, name=f"{tier}-secret-goes", project=copy)
    variant.deploy(subject, assembly, log="deploy-secret-goes")
