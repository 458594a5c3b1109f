"""Whose credentials a container gets: never the host's, by the metadata service, and its own role's by the service's library."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import Any

from rehearsal.checks import CheckError, Subject
from rehearsal.machines.machine import Machine

Runner = Callable[[str, Sequence[str]], subprocess.CompletedProcess[str]]  # of a program, with its words

_ASK_METADATA = """
import sys, urllib.request
request = urllib.request.Request(
    "http://169.254.169.254/latest/api/token", method="PUT", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"}
)
try:
    print("TOKEN", urllib.request.urlopen(request, timeout=4).read()[:8])
except OSError as error:
    print("NOTHING", error)
"""

_REFUSED = ("AccessDenied", "UnauthorizedOperation", "Forbidden", "not authorized")
# Before it, `works` and `tries` are to be made: what a container does, and what it must not do.
_ASK = """
import json, sys
import boto3
from botocore.exceptions import ClientError
{calls}
identity = boto3.client("sts").get_caller_identity()["Arn"]
trouble, allowed, refused = "", [], []
try:
    works()
except ClientError as error:
    trouble = str(error)
for name, ask in tries.items():
    try:
        ask()
        allowed.append(name)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        (refused if code in ("AccessDenied", "AccessDeniedException", "403") else allowed).append(name)
print(json.dumps({{"identity": identity, "allowed": allowed, "refused": refused, "trouble": trouble}}))
"""


def no_token(host: Machine, port: str) -> str:
    """That a container gets no token of the metadata service, and its host does; returns what the container said.

    Raises:
        CheckError: it is otherwise.
    """
    said = host.run("podman", "exec", "-i", f"fines-web-{port}", "python3", "-", input=_ASK_METADATA, timeout=30).stdout
    from_host = host.run("python3", "-", input=_ASK_METADATA, timeout=30).stdout
    if not from_host.startswith("TOKEN"):
        raise CheckError(f"the host itself gets no token, so the container's failure proves nothing: {from_host}")
    if not said.startswith("NOTHING"):
        raise CheckError(f"a container got a token of the metadata service: {said}")
    return str(said.strip())


def in_container(host: Machine, port: str) -> Runner:
    """Runs Python in the container of a machine that listens on a port."""

    def run(program: str, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        entered = ("podman", "exec", "-i", f"fines-web-{port}", "python3", "-", *words)
        return host.run(*entered, input=program, timeout=90, check=False)

    return run


def own_role_alone(run: Runner, roles: Sequence[str], calls: str, *words: str) -> list[str]:
    """That a container has the credentials of its one role, which open what `calls` does and nothing that it tries.

    `run` is where; `calls` is Python that makes `works` and `tries`, given words as sys.argv[1:]; returns what was refused.

    Raises:
        CheckError: it is otherwise.
    """
    done = run(_ASK.format(calls=calls), words)
    if done.returncode:
        raise CheckError(f"a container cannot do its work: {done.stderr.strip()[-300:]}")
    told: dict[str, Any] = json.loads(done.stdout)
    own = [arn for arn in roles if arn.rpartition("/")[2] == told["identity"].split("/")[1]]
    if len(roles) != 1 or not own:
        raise CheckError(f"a container is {told['identity']}, its role is {list(roles)}")
    if told["trouble"] or told["allowed"]:
        raise CheckError(told["trouble"] or f"a container may {', '.join(told['allowed'])}")
    return list(told["refused"])


def refused_on(subject: Subject, host: Machine, tried: Sequence[str]) -> str:
    """That a machine's own credentials are refused each of the commands, which are provoked; returns how many.

    Raises:
        CheckError: one was let through, or failed otherwise.
    """
    began = time.time()
    passed = _not_refused_on(host, tried)
    subject.provoked.append((began, time.time()))
    if passed:
        raise CheckError(f"{len(passed)} of {len(tried)} were not refused: {passed[0]}")
    return f"{len(tried)} calls refused"


def _not_refused_on(host: Machine, tried: Sequence[str]) -> list[str]:
    """Those of the commands that were let through, or that failed otherwise, and what they said."""
    passed = []
    for command in tried:
        done = host.run("bash", "-c", f". /opt/fines/host/lib.sh; {command}", check=False)
        if done.returncode == 0 or not any(word in done.stderr for word in _REFUSED):
            passed.append(f"{command}: {(done.stdout + done.stderr)[-200:]}")
    return passed
