"""Runs the real CDK CLI against the local AWS."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal.machines.family import family
from rehearsal.machines.traces import Traces
from rehearsal.places import BUILD, PROJECT, Run, cache
from rehearsal.screen import Say

ACCOUNT = "000000000000"
MACHINE_IMAGE = "ami-0deb1a00000000013"  # Debian's, which here is a root file system of this system's own


class CdkError(RuntimeError):
    """The CLI ended with an error; the message has its own words and where the rest is."""


@dataclass(frozen=True)
class Cdk:
    """The CLI with the account, region and endpoint of a run."""

    run: Run
    endpoint: str
    region: str
    docker: str = "rehearsal.images"  # the module that answers what the CLI asks of Docker
    builder: str = ""  # the program that builds images for an ordinary user
    besides: Mapping[str, str] = field(default_factory=dict)  # of the environment, in the place of the run's own

    @property
    def environment(self) -> dict[str, str]:
        home = self.run.home / "operator"
        home.mkdir(exist_ok=True)
        docker = home / "docker"
        _program(docker, f'#!/bin/sh\nPYTHONPATH="{PROJECT}" exec "{sys.executable}" -m {self.docker} "$@"\n')
        tools = f"{PROJECT / 'node_modules/.bin'}:{Path(sys.executable).parent}"
        if cli := shutil.which("aws"):
            # By a word of the command line: version 1 sends what is RDS's in us-east-1 elsewhere, and 2 heeds the variable since 2.13.
            ours = home / "bin/aws"
            ours.parent.mkdir(exist_ok=True)
            _program(ours, f'#!/bin/sh\nexec {shlex.quote(cli)} --endpoint-url "$AWS_ENDPOINT_URL" "$@"\n')
            tools = f"{ours.parent}:{tools}"
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "CDK_"))}
        return kept | {
            "HOME": str(home),  # the CLI caches the account of a key there
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"),
            # jsii looks for it below HOME otherwise, and unpacks the construct library anew
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(cache() / "jsii"),
            "PATH": f"{tools}:{os.environ['PATH']}",
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "rehearsal",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "CDK_DOCKER": str(docker),
            "REHEARSAL_REGISTRY": self.endpoint.removeprefix("http://"),
            "REHEARSAL_BUILDER": self.builder,
            "REHEARSAL_HOME": str(self.run.home),
            "REHEARSAL_USER_HOME": str(Path.home()),
            "NODE_NO_WARNINGS": "1",
            "NO_COLOR": "1",
            **self.besides,
        }

    def bootstrap(self, say: Say) -> None:
        """Makes the bootstrap stack, as everybody does once per account and region."""
        # outside the project, since the CLI would run the app
        self._call("bootstrap", say, "bootstrap", f"aws://{ACCOUNT}/{self.region}", within=self.run.home / "operator")

    def synth(
        self, context: Mapping[str, object], say: Say, *, name: str | None = None, project: Path = PROJECT
    ) -> Path:
        """Synthesizes the app of a project folder with the context; returns the assembly's folder.

        Raises:
            CdkError: with the settings' own messages.
        """
        assembly = BUILD / "synth" / (name or str(context["tier"]))
        settings = [word for key, value in context.items() for word in ("-c", f"{key}={value}")]
        log = f"synth-{name}" if name else "synth"  # some are made beside others
        self._call(log, say, "synth", "--quiet", "--output", str(assembly), *settings, within=project)
        return assembly

    def deploy(self, assembly: Path, say: Say, *, log: str = "deploy") -> None:
        """Deploys an assembly; returns when CloudFormation says it is complete.

        Raises:
            CdkError: with CloudFormation's reason.
        """
        self._call(
            log,
            say,
            "deploy",
            "--all",
            "--app",
            str(assembly),
            "--require-approval",
            "never",
            "--progress",
            "events",
            "--method",
            "change-set",
        )

    def publish(self, assembly: Path, say: Say) -> None:
        """Builds and sends what an assembly takes along, so that its deployment finds it there."""
        words = ("--all", "--app", str(assembly), "--unstable=publish-assets")
        self._call(f"publish-{assembly.name}", say, "publish-assets", *words)

    def deploy_zone(self, name: str, say: Say) -> None:
        """Makes a hosted zone as one does who has none."""
        words = ("--app", f"{sys.executable} zone.py", "-c", f"hosted_zone_name={name}", "--require-approval", "never")
        self._call("deploy-zone", say, "deploy", *words)

    def destroy(self, assembly: Path, say: Say) -> None:
        self._call("destroy", say, "destroy", "--all", "--app", str(assembly), "--force")

    def _call(self, log: str, say: Say, *words: str, within: Path = PROJECT) -> None:
        file = self.run.logs / f"{log}.log"
        with (
            file.open("w") as out,
            family(
                ["cdk", *words],
                traces=Traces(self.run.traces),
                cwd=within,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            assert process.stdout is not None
            for line in process.stdout:
                out.write(line)
                out.flush()
                if shown := _event(line):
                    say(shown)
            status = process.wait()
        if status:
            raise CdkError(
                f"cdk {words[0]} ended with {status} (build/rehearsal/{self.run.name}-logs/{file.name} has all it said):\n{reasons(file.read_text())}"
            )


def _program(file: Path, text: str) -> None:
    """Puts a program in its place, whole: while it is open for writing nobody can run it, and another check may be about to."""
    if file.exists() and file.read_text() == text:
        return
    with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False) as new:
        new.write(text)
    Path(new.name).chmod(0o755)
    Path(new.name).replace(file)


def _event(line: str) -> str:
    """What a line of the CLI's output says in short, or nothing."""
    if found := re.search(
        r"\|\s*(CREATE|UPDATE|DELETE|ROLLBACK)_(\w+)\s*\|\s*(AWS::\S+|Custom::\S+)\s*\|\s*(\S+)", line
    ):
        return f"{found[1].lower()} {found[2].lower().replace('_', ' ')}: {found[4]}"
    if found := re.match(r"(STEP \d+/\d+|#\d+ \[.*?\]|.*: (?:start|success): .*)", line.strip()):
        return found[1][:90]
    return ""


_TELLING = r"❌|[Ee]rror|ERROR|refused|tier=|reason|is no setting|^\w+='"
_WENT = r"\|\s*\w+_(COMPLETE|IN_PROGRESS)\s*\|"  # a resource may well be named after errors


def reasons(output: str) -> str:
    """The lines of the CLI's output that say why it failed; its last lines where none does."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    failed = [
        line for line in lines if "_FAILED" in line or (re.search(_WENT, line) is None and re.search(_TELLING, line))
    ]
    return "\n".join((failed or lines)[-12:])


def template_of(assembly: Path, stack: str) -> dict[str, object]:
    """The synthesized template of a stack."""
    template: dict[str, object] = json.loads((assembly / f"{stack}.template.json").read_text())
    return template
