"""The cluster of tier eks, asked by kubectl as somebody who may do everything."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Container
from typing import Any

from rehearsal.checks import CheckError, Subject
from rehearsal.kubernetes import programs

NAMESPACE = "fines"
SERVICE = "app=web"


def ran(subject: Subject, *words: str, input: str | None = None) -> subprocess.CompletedProcess[str]:
    """kubectl, from within the rehearsal's network."""
    tier = subject.tier
    admin = tier.run.home / "clusters" / subject.outputs["ClusterName"] / "control-plane/admin.json"
    program = programs.ensure(lambda _: None).path("kubectl")
    command = tier.network.inside(str(program), f"--kubeconfig={admin}", f"--namespace={NAMESPACE}", *words)
    return subprocess.run(command, check=False, capture_output=True, text=True, input=input)


def kubectl(subject: Subject, *words: str, input: str | None = None) -> str:
    """What kubectl answers, in the service's namespace unless the words name another.

    Raises:
        CheckError: it failed; with what it said.
    """
    done = ran(subject, *words, input=input)
    if done.returncode:
        raise CheckError(f"kubectl {' '.join(words)[:200]} failed: {done.stderr.strip()[-600:]}")
    return done.stdout


def objects(subject: Subject, kind: str, *words: str) -> list[dict[str, Any]]:
    """Objects of a kind, as the API has them."""
    found: list[dict[str, Any]] = json.loads(kubectl(subject, "get", kind, *words, "--output=json"))["items"]
    return found


def pods(subject: Subject, selector: str = SERVICE) -> list[dict[str, Any]]:
    """The pods of a selector that are to stay."""
    return [
        each
        for each in objects(subject, "pods", f"--selector={selector}")
        if not each["metadata"].get("deletionTimestamp")
    ]


def is_ready(pod: dict[str, Any]) -> bool:
    return any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", []))


def await_pods(
    subject: Subject, *, seconds: float, at_least: int = 0, at_most: int = 1000, without: Container[str] = ()
) -> None:
    """Waits until so many pods of the service are ready, and no more are there; those of the names in `without` are not counted."""
    deadline = time.monotonic() + seconds
    while True:
        there = [each for each in pods(subject) if each["metadata"]["name"] not in without]
        ready = sum(map(is_ready, there))
        if at_least <= ready and len(there) <= at_most:
            return
        if time.monotonic() > deadline:
            raise CheckError(
                f"{ready} of {len(there)} pods are ready after {seconds:.0f} s, "
                f"{f'{at_least} at least' if at_least else f'{at_most} at most'} were expected"
            )
        time.sleep(1)


def inside(
    subject: Subject, pod: str, *command: str, container: str = "web", input: str | None = None
) -> subprocess.CompletedProcess[str]:
    """A command in a container of a pod."""
    return ran(subject, "exec", "--stdin", pod, "--container", container, "--", *command, input=input)
