"""Variants of the project for checks: a copy of what the CDK app is made of, changed as a developer would change it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from rehearsal.checks import Subject
from rehearsal.places import PROJECT

_PARTS = ("app.py", "cdk.json", "stacks", "service")


def variant(subject: Subject, name: str, change: Callable[[Path], None] | None = None, **settings: object) -> Path:
    """The assembly of a changed copy of the project, synthesized with changed settings."""
    copy = subject.tier.run.home / "variants" / name
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    for part in _PARTS:
        source = PROJECT / part
        if source.is_dir():
            shutil.copytree(source, copy / part, ignore=shutil.ignore_patterns("__pycache__", "tests"))
        else:
            shutil.copy(source, copy / part)
    if change is not None:
        change(copy)
    context: Mapping[str, object] = {**subject.context, **settings}
    return subject.tier.cdk.synth(context, lambda _: None, name=f"{subject.tier.run.tier}-{name}", project=copy)


def deploy(subject: Subject, assembly: Path, *, log: str) -> None:
    """Deploys an assembly to the subject's stack.

    Raises:
        CdkError: with CloudFormation's reason.
    """
    subject.tier.cdk.deploy(assembly, lambda _: None, log=log)


def edit(file: Path, old: str, new: str) -> None:
    """Replaces a text that stands in the file exactly once."""
    text = file.read_text()
    if text.count(old) != 1:
        raise ValueError(f"{old!r} stands {text.count(old)} times in {file.name}: the check must be brought up to date")
    file.write_text(text.replace(old, new))
