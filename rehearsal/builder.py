"""Answers the CDK CLI's calls of Docker for an ordinary user: with a builder of theirs, or openly with none.

Where neither podman nor docker can build, no image is made. The registry then holds a manifest without contents that says
so, since the template's reference must lead to something.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import boto3

from rehearsal.images import reaching_registries
from rehearsal.places import PROJECT
from rehearsal.screen import Say

BUILDERS = ("podman", "docker")
_DOCKERFILE = PROJECT / "service/Dockerfile"
# the digest of the empty configuration "{}" (OCI image specification, "Guidance for an empty descriptor")
_EMPTY = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
_PATIENCE = 300  # seconds for a pull of the base image


def find(say: Say) -> tuple[str, str]:
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
        if reason := _trial(program):
            reasons.append(f"{program} cannot build: {reason}")
        else:
            return program, ""
    return "", "; ".join(reasons)


def _trial(program: str) -> str:
    """Why a program cannot build an image of one line, or nothing."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Dockerfile").write_text(f"FROM {_base()}\nRUN true\n")
        name = f"localhost/fines-trial:{os.getpid()}"
        try:
            done = subprocess.run(
                [program, "build", "--tag", name, folder],
                check=False,
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=_PATIENCE,
            )
        except subprocess.TimeoutExpired:
            return f"it did not end within {_PATIENCE} s"
        if done.returncode:
            said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            return said[-1][:300] if said else f"it ended with {done.returncode}"
        subprocess.run([program, "rmi", name], check=False, capture_output=True)
    return ""


def _base() -> str:
    found = re.search(r"^ARG BASE=(\S+)$", _DOCKERFILE.read_text(), re.MULTILINE)
    if found is None:
        raise ValueError(f"{_DOCKERFILE} has no line ARG BASE=…, which names the base image")
    return found[1]


def main() -> int:
    """Answers the calls that the CLI makes: inspect, build, login, tag, push."""
    verb, *words = sys.argv[1:]
    program = os.environ.get("REHEARSAL_BUILDER", "")
    registry = os.environ["REHEARSAL_REGISTRY"]
    match verb:
        case "inspect":
            return _run(program, "image", "inspect", *words, quiet=True) if program else 1
        case "build":
            options = reaching_registries() if program == "podman" else []
            return _run(program, "build", *options, *words) if program else 0
        case "login":
            sys.stdin.read()
            return 0
        case "tag":
            return _run(program, "tag", *words) if program else 0
        case "push":
            return _push(program, words[-1], registry)
    print(f"docker {verb}: the rehearsal answers inspect, build, login, tag and push alone", file=sys.stderr)
    return 2


def _push(program: str, reference: str, registry: str) -> int:
    name = reference.partition("/")[2]
    match program:
        case "podman":
            return _run(program, "push", "--tls-verify=false", reference, f"docker://{registry}/{name}")
        case "docker":  # it takes registries of the loopback without TLS, under their own name alone
            status = _run(program, "tag", reference, f"{registry}/{name}") or _run(
                program, "push", f"{registry}/{name}"
            )
            _run(program, "rmi", f"{registry}/{name}", quiet=True)
            return status
    repository, _, tag = name.rpartition(":")
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": _EMPTY, "size": 2},
        "layers": [],
        "annotations": {"org.opencontainers.image.description": "not built: this rehearsal found no builder of images"},
    }
    boto3.client("ecr").put_image(repositoryName=repository, imageManifest=json.dumps(manifest), imageTag=tag)
    return 0


def _run(*command: str, quiet: bool = False) -> int:
    # the CLI's home is the run's own; the builder's storage is in the user's
    environment = os.environ | {"HOME": os.environ["REHEARSAL_USER_HOME"]}
    out = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, check=False, stdout=out, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
