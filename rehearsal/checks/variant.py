"""Variants of the project for checks: a copy of what the CDK app is made of, changed as a developer would change it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from rehearsal.checks import Subject
from rehearsal.places import PROJECT

_PARTS = ("app.py", "cdk.json", "stacks", "service", "operate")
_MIGRATION = """
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("infracciones", "{before}")]
    operations = [migrations.RunSQL("{sql}", "")]
"""


def project(subject: Subject, name: str, change: Callable[[Path], None] | None = None) -> Path:
    """A changed copy of the project whose cdk.json has the deployment's settings, as an operator keeps them."""
    copy = subject.tier.run.home / "variants" / name
    if copy == subject.project:
        raise ValueError(f"the release that runs is of the copy {name}, which must stay")
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    for part in _PARTS:
        source = subject.project / part
        if source.is_dir():
            shutil.copytree(source, copy / part, ignore=shutil.ignore_patterns("__pycache__", "tests"))
        else:
            shutil.copy(source, copy / part)
    # of the project itself: a copy of a copy would keep a setting that was taken out since
    configuration = json.loads((PROJECT / "cdk.json").read_text())
    configuration["context"] |= subject.context
    configuration["requireApproval"] = "never"  # nobody is there to be asked
    (copy / "cdk.json").write_text(json.dumps(configuration))
    if change is not None:
        change(copy)
    return copy


def variant(subject: Subject, name: str, change: Callable[[Path], None] | None = None) -> Path:
    """The assembly of a changed copy of the project, with the deployment's settings."""
    return synth(subject, subject.context, name, of=project(subject, name, change))


def published(subject: Subject, name: str, change: Callable[[Path], None] | None = None) -> Path:
    """The same, with its image and its files sent ahead of its deployment."""
    return publish(subject, project(subject, name, change))


def publish(subject: Subject, copy: Path) -> Path:
    """The assembly of a copy, whose image and files are sent ahead of its deployment."""
    assembly = synth(subject, subject.context, copy.name, of=copy)
    subject.tier.cdk.publish(assembly, lambda _: None)
    return assembly


def synth(subject: Subject, settings: Mapping[str, object], name: str, *, of: Path | None = None) -> Path:
    """The assembly of a project with these settings; by default of the release that runs."""
    full = f"{subject.tier.run.tier}-{name}"
    return subject.tier.cdk.synth(settings, lambda _: None, name=full, project=of or subject.project)


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


def with_migration(copy: Path, name: str, sql: str) -> None:
    """Adds a migration of one statement to the service of a copy, after those that it has."""
    folder = copy / "service/infracciones/migrations"
    before = sorted(file.stem for file in folder.glob("[0-9]*.py"))[-1]
    (folder / f"{name}.py").write_text(_MIGRATION.format(before=before, sql=sql))


def without_readyz(copy: Path) -> None:
    """Makes the service of a copy one that never says that it is ready."""
    urls = copy / "service/fines/urls.py"
    urls.write_text(urls.read_text() + "\nurlpatterns = [p for p in urlpatterns if 'readyz' not in str(p.pattern)]\n")
