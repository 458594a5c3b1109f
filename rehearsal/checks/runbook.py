"""The commands of the runbooks, read from their pages and run as an operator would."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from rehearsal.cdk import CdkError, reasons
from rehearsal.checks import CheckError, Subject
from rehearsal.machines.family import family
from rehearsal.machines.traces import Traces
from rehearsal.places import PROJECT

# no page of one has the title of another's
BOOKS = tuple(PROJECT / "docs" / name for name in ("runbook.md", "runbook-asg.md", "runbook-eks.md"))
_BLOCK = re.compile(r"^```sh (host|operator)\n(.*?)^```$", re.M | re.S)
_PLACEHOLDER = re.compile(r"(?<![\w$])([A-Z]{4,})(?![\w=])")  # what is set to a value is a variable


def no_cli() -> str:
    """What is missing for pages that an operator types with AWS's own CLI, if anything."""
    return "" if shutil.which("aws") else "AWS's command line interface, which is not here: install `aws`"


def text() -> str:
    """The pages of all books."""
    return "\n".join(book.read_text() for book in BOOKS)


def pages(text: str) -> dict[str, list[tuple[str, list[str]]]]:
    """The blocks of commands of each page, by its title: where they are typed (host or operator), and the lines."""
    found = {}
    for part in re.split(r"^## ", text, flags=re.M)[1:]:
        title, _, body = part.partition("\n")
        found[title] = [(where, lines.splitlines()) for where, lines in _BLOCK.findall(body)]
    return found


def commands(title: str, where: str, values: Mapping[str, str]) -> list[str]:
    """The lines of a page that are typed at a place, with what stands in capitals filled in.

    Raises:
        CheckError: there is no such page, it has no such lines, or a word in capitals has no value.
    """
    known = pages(text())
    if title not in known:
        raise CheckError(f"the runbook has no page {title!r}: its pages are {', '.join(known)}")
    lines = [line for place, block in known[title] if place == where for line in block]
    if not lines:
        raise CheckError(f"the runbook's page {title!r} has nothing to type for the {where}")

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise CheckError(f"the runbook's page {title!r} wants a value for {found[1]}")
        return values[found[1]]

    return [_PLACEHOLDER.sub(value, line) for line in lines]


def on_the_host(subject: Subject, title: str, *, typed: str = "", **values: str) -> str:
    """Types a page's commands on the host, and what they ask for; returns what they said."""
    script = "\n".join(["set -e", *commands(title, "host", values)])
    done = subject.host.run("bash", "-c", script, check=False, timeout=400, input=typed)
    if done.returncode:
        raise CheckError(f"the runbook's page {title!r} failed on the host: {(done.stdout + done.stderr)[-400:]}")
    return done.stdout


def in_a_role(subject: Subject, role: Mapping[str, str]) -> dict[str, str]:
    """The environment of who types commands in a role, which leads AWS's command line to the role's keys."""
    kept = {name: value for name, value in subject.tier.cdk.environment.items() if not name.startswith("AWS_")}
    return kept | dict(role)


def as_operator(
    subject: Subject,
    title: str,
    project: Path,
    *,
    log: str,
    role: Mapping[str, str] | None = None,
    around: Sequence[str] = (),
    **values: str,
) -> str:
    """Types a page's commands in a folder of the project; returns what they said.

    `role` is the environment that leads AWS's command line to the keys of a role; else they are the administrator's. `around`
    is the command that runs them somewhere else.

    Raises:
        CdkError: with CloudFormation's reason.
    """
    file = subject.tier.run.logs / f"{log}.log"
    script = "\n".join(["set -e", *commands(title, "operator", values)])
    with (
        file.open("w") as out,
        family(
            [*around, "bash", "-c", script],
            traces=Traces(subject.tier.run.traces),
            cwd=project,
            env=subject.tier.cdk.environment if role is None else in_a_role(subject, role),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        status = process.wait()
    if status:
        raise CdkError(f"the runbook's page {title!r} failed with {status}:\n{reasons(file.read_text())}")
    return file.read_text()
