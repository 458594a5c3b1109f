"""Answers the CDK CLI's calls of Docker for an ordinary user: with a builder of theirs, or openly with none.

Where neither podman nor docker can build, no image is made. The registry then holds a manifest without contents that says
so, since the template's reference must lead to something.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from rehearsal.images import how_to_build
from rehearsal.places import PROJECT, is_ours, temporary
from rehearsal.prerequisites import PrerequisiteError
from rehearsal.screen import Say

BUILDERS = ("podman", "docker")
_DOCKERFILE = PROJECT / "service/Dockerfile"
# the digest of the empty configuration "{}" (OCI image specification, "Guidance for an empty descriptor")
_EMPTY = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
_PATIENCE = 300  # seconds for a pull of the base image


@dataclass(frozen=True)
class Builder:
    """A program that builds images, for the run whose files lie in `home`.

    Podman's storage is the rehearsal's own, beside the runs, and outlives them: the user's is not touched.
    """

    program: str
    home: Path

    @property
    def runtime(self) -> Path:
        """Podman's own folder of what runs: it takes no path of more than 50 characters, and remembers it."""
        return temporary() / "podman"

    def run(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"HOME": os.environ.get("REHEARSAL_USER_HOME") or str(Path.home())}
        own: list[str] = []
        if self.program == "podman":
            storage, runtime = self.home.parent / "images", self.runtime
            storage.mkdir(parents=True, exist_ok=True)
            if not is_ours(runtime.parent):
                raise PrerequisiteError(f"{runtime.parent} is in another user's hands: remove it, or set TMPDIR")
            runtime.mkdir(exist_ok=True)
            environment["XDG_RUNTIME_DIR"] = str(runtime)
            own = ["--root", str(storage), "--runroot", str(runtime / "run"), "--tmpdir", str(runtime / "tmp")]
            own += ["--cgroup-manager", "cgroupfs", "--events-backend", "none"]
        return subprocess.run([self.program, *own, *words], check=False, text=True, env=environment, **options)

    def end(self) -> None:
        """Ends the process by which a rootless podman holds its namespaces between two calls."""
        for file in self.runtime.glob("**/pause.pid"):
            pid = int(file.read_text())
            with contextlib.suppress(OSError):
                if b"podman" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)


def find(home: Path, say: Say) -> tuple[str, str]:
    """The program that can build the service's image here, and why none can where it is empty.

    It is tried on an image of one line on the service's own base: a build that fails after that is a fault of the image.
    """
    if platform.system() != "Linux":
        return "", f"builders on {platform.system()} run in a machine of their own, which does not reach the loopback"
    reasons = []
    for program in BUILDERS:
        if shutil.which(program) is None:
            reasons.append(f"there is no {program}")
            continue
        say(f"{program} build")
        if reason := _trial(Builder(program, home)):
            reasons.append(f"{program} cannot build: {reason}")
        else:
            return program, ""
    return "", "; ".join(reasons)


def _trial(builder: Builder) -> str:
    """Why a program cannot build an image of one line, or nothing."""
    context, name = builder.home / "trial", f"localhost/fines-trial:{os.getpid()}"
    context.mkdir(parents=True, exist_ok=True)
    (context / "Dockerfile").write_text(f"FROM {_base()}\nRUN true\n")
    options = how_to_build() if builder.program == "podman" else []
    try:
        done = builder.run(
            "build",
            *options,
            "--tag",
            name,
            str(context),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return f"it did not end within {_PATIENCE} s"
    if done.returncode:
        said = [line.strip() for line in done.stdout.splitlines() if line.strip()]
        return said[-1][:300] if said else f"it ended with {done.returncode}"
    builder.run("rmi", name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return ""


def _base() -> str:
    found = re.search(r"^ARG BASE=(\S+)$", _DOCKERFILE.read_text(), re.MULTILINE)
    if found is None:
        raise ValueError(f"{_DOCKERFILE} has no line ARG BASE=…, which names the base image")
    return found[1]


def main() -> int:
    """Answers the calls that the CLI makes: inspect, build, login, tag, push."""
    verb, *words = sys.argv[1:]
    program = os.environ["REHEARSAL_BUILDER"]
    builder = Builder(program, Path(os.environ["REHEARSAL_HOME"])) if program else None
    match verb:
        case "inspect":
            quiet = subprocess.DEVNULL
            return builder.run("image", "inspect", *words, stdout=quiet, stderr=quiet).returncode if builder else 1
        case "build":
            options = how_to_build() if program == "podman" else []
            return builder.run("build", *options, *words).returncode if builder else 0
        case "login":
            sys.stdin.read()
            return 0
        case "tag":
            return builder.run("tag", *words).returncode if builder else 0
        case "push" if builder:
            return _push(builder, words[-1], os.environ["REHEARSAL_REGISTRY"])
        case "push":
            return _put_manifest(words[-1])
    print(f"docker {verb}: the rehearsal answers inspect, build, login, tag and push alone", file=sys.stderr)
    return 2


def _push(builder: Builder, reference: str, registry: str) -> int:
    here = f"{registry}/{reference.partition('/')[2]}"
    if builder.program == "podman":
        return builder.run("push", "--tls-verify=false", reference, f"docker://{here}").returncode
    # Docker takes registries of the loopback without TLS, under their own name alone
    status = builder.run("tag", reference, here).returncode or builder.run("push", here).returncode
    builder.run("rmi", here, stdout=subprocess.DEVNULL)
    return status


def _put_manifest(reference: str) -> int:
    """Puts a manifest without contents where the image would be."""
    repository, _, tag = reference.partition("/")[2].rpartition(":")
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": _EMPTY, "size": 2},
        "layers": [],
        "annotations": {"org.opencontainers.image.description": "not built: this rehearsal found no builder of images"},
    }
    boto3.client("ecr").put_image(repositoryName=repository, imageManifest=json.dumps(manifest), imageTag=tag)
    return 0


if __name__ == "__main__":
    sys.exit(main())
