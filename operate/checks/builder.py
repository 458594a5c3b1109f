"""Whether this machine can build the service's image for the host's processor."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

from operate.finding import Finding, ok, stops, warning
from operate.subject import Subject
from stacks.settings import Cpu

_PATIENCE = 20  # seconds
_PLATFORM = {Cpu.ARM64: "linux/arm64", Cpu.X86_64: "linux/amd64"}
_ARCHITECTURES = {"aarch64": "linux/arm64", "arm64": "linux/arm64", "x86_64": "linux/amd64", "amd64": "linux/amd64"}


def builder(subject: Subject) -> Iterator[Finding]:
    program = os.environ.get("CDK_DOCKER") or "docker"
    if shutil.which(program) is None:
        yield stops(
            "builder",
            f"there is no {program} here, which builds the service's image",
            "install Docker, or podman and: export CDK_DOCKER=podman",
        )
        return
    status, said, complaint = _run(program, "info", "--format", "{{json .}}")
    facts = _facts(said)
    own = _ARCHITECTURES.get(str(facts.get("Architecture") or _host(facts).get("arch") or ""))
    if status or own is None:
        told = [line for line in (complaint or said).splitlines() if line.strip()][-1:] or ["it gives no reason"]
        yield stops(
            "builder", f"{program} is here and does not run: {told[0]}", f"start it, until this works: {program} info"
        )
        return
    cpu = subject.settings.cpu
    wanted = _PLATFORM[cpu]
    if own == wanted:
        yield ok("builder", f"{program} builds for {wanted}, its own processor")
    elif wanted in _emulated(program, facts):
        yield warning(
            "builder",
            f"{program} runs on {own} and emulates {wanted}: a build takes many times as long",
            f"be patient, or build on a machine of that processor, or {subject.cdk('deploy', cpu=_other(cpu))}",
        )
    else:
        yield stops(
            "builder",
            f"{program} runs on {own} and cannot run programs for {wanted}",
            f"install qemu-user-static and binfmt-support, build on a machine of that processor, or {subject.cdk('deploy', cpu=_other(cpu))}",
        )


def _emulated(program: str, facts: Mapping[str, Any]) -> set[str]:
    """The platforms whose programs the builder's machine can run, as podman, or Docker's buildx, or the kernel says."""
    if emulated := _host(facts).get("emulatedArchitectures"):
        return set(emulated)
    status, said, _ = _run(program, "buildx", "inspect")
    return set() if status else set(re.findall(r"linux/[a-z0-9]+", said))


def _run(*command: str) -> tuple[int, str, str]:
    """How a program ended, what it said, and what it complained of."""
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=_PATIENCE, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return 1, "", f"no answer within {_PATIENCE} s"
    except OSError as error:
        return 1, "", str(error)
    return done.returncode, done.stdout, done.stderr


def _facts(said: str) -> dict[str, Any]:
    try:
        read = json.loads(said)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _host(facts: Mapping[str, Any]) -> dict[str, Any]:
    host = facts.get("host")
    return host if isinstance(host, dict) else {}


def _other(cpu: Cpu) -> str:
    return str(Cpu.X86_64 if cpu is Cpu.ARM64 else Cpu.ARM64)
