"""Asks a real policy evaluator, in a Node process that lives as long as its parent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from rehearsal.cloud.permissions.asking import Check, Decision, Document, Policy

_SCRIPT = Path(__file__).resolve().with_name("evaluator.mjs")
_LINE_LIMIT = 16 * 2**20
_PATIENCE = 20.0
UNJUDGED = "because the evaluator cannot judge it"  # a refusal that says nothing of the policies


class EvaluatorError(RuntimeError):
    """The evaluator cannot be started, has died, or cannot be trusted."""


class Judge(Protocol):
    """Decides one check."""

    async def decide(
        self,
        check: Check,
        *,
        identity_policies: Sequence[Policy] = (),
        boundary: Policy | None = None,
        trust: Document | None = None,
        resource_policies: Sequence[Document] = (),
        principal_arn: str | None,
        account: str,
    ) -> Decision: ...


class Evaluator:
    """The evaluator's process. `await start()` first; questions may be asked by many tasks at once."""

    def __init__(self, *, node: str | Path) -> None:
        self._node = str(node)
        self._process: asyncio.subprocess.Process | None = None
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._number = 0
        self._reader: asyncio.Task[None] | None = None
        self._complaints: asyncio.Task[None] | None = None
        self._last_words = ""

    async def start(self) -> None:
        """Starts the process and has it prove that it can say no; raises EvaluatorError otherwise."""
        if not (_SCRIPT.parent / "node_modules" / "@cloud-copilot" / "iam-simulate" / "package.json").is_file():
            raise EvaluatorError(f"the policy evaluator is not installed: run npm ci --prefix {_SCRIPT.parent}")
        try:
            self._process = await asyncio.create_subprocess_exec(
                await _program(self._node),
                str(_SCRIPT),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=_LINE_LIMIT,
            )
        except OSError as fault:
            raise EvaluatorError(f"Node does not start ({self._node}): {fault}") from fault
        self._reader = asyncio.create_task(self._read())
        self._complaints = asyncio.create_task(self._listen())
        await self_test(self)

    async def stop(self) -> None:
        """Ends the process; it also ends by itself when its standard input does."""
        if (process := self._process) is None:
            return
        self._process = None
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()
        tasks = [task for task in (self._reader, self._complaints) if task is not None]
        _, late = await asyncio.wait(tasks, timeout=2)  # they end with the process's output
        for task in late:
            task.cancel()

    async def __aenter__(self) -> Evaluator:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def decide(
        self,
        check: Check,
        *,
        identity_policies: Sequence[Policy] = (),
        boundary: Policy | None = None,
        trust: Document | None = None,
        resource_policies: Sequence[Document] = (),
        principal_arn: str | None,
        account: str,
    ) -> Decision:
        """Whether a principal may do what a check says.

        `principal_arn` None is an anonymous caller; `account` is the one that owns the resource. With `trust`, both the
        identity's policies and the trust policy must allow.
        """
        answer = await self._ask(
            {
                "question": {
                    "principal": principal_arn,
                    "action": check.action,
                    "resource": check.resource,
                    "account": account,
                    "context": {
                        key: value if isinstance(value, str) else list(value) for key, value in check.context.items()
                    },
                },
                "identity": [{"name": policy.name, "policy": policy.document} for policy in identity_policies],
                "boundaries": [{"name": boundary.name, "policy": boundary.document}] if boundary else [],
                "resourcePolicy": _merged([trust] if trust is not None else resource_policies),
            }
        )
        return _decision(answer, check.action, trusting=trust is not None)

    async def _ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        process = self._process
        if process is None or process.stdin is None or process.returncode is not None:
            state = "is not running" if process is None else f"died with status {process.returncode}"
            raise EvaluatorError(f"the policy evaluator {state}{self._last_words and ': ' + self._last_words}")
        self._number += 1
        number = self._number
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            process.stdin.write(json.dumps({**question, "number": number}).encode() + b"\n")
            await process.stdin.drain()
            return await asyncio.wait_for(future, _PATIENCE)
        except TimeoutError as fault:
            raise EvaluatorError(f"the policy evaluator did not answer within {_PATIENCE:.0f} s") from fault
        except (BrokenPipeError, ConnectionResetError) as fault:
            await asyncio.sleep(0.1)  # what it said before it died is still on its way
            raise EvaluatorError(f"the policy evaluator died: {self._last_words or fault}") from fault
        finally:
            self._waiting.pop(number, None)

    async def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        while line := await self._process.stdout.readline():
            answer = json.loads(line)
            future = self._waiting.get(answer["number"])
            if future is not None and not future.done():
                future.set_result(answer)
        await asyncio.sleep(0.1)
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(
                    EvaluatorError(f"the policy evaluator died: {self._last_words or 'without a word'}")
                )

    async def _listen(self) -> None:
        assert self._process is not None and self._process.stderr is not None
        while line := await self._process.stderr.readline():
            self._last_words = (self._last_words + line.decode("utf-8", "replace"))[-2000:]


async def _program(node: str) -> str:
    """Node's own program: in a Python environment "node" is a script that starts it, and a kill ends only that."""
    process = await asyncio.create_subprocess_exec(
        node, "--print", "process.execPath", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    told, complaint = await process.communicate()
    path = told.decode().strip()
    if process.returncode != 0 or not Path(path).is_file():
        last = complaint.decode("utf-8", "replace").strip()
        raise EvaluatorError(f"{node} is no Node: it died with status {process.returncode}: {last}")
    return path


def _merged(policies: Sequence[Document]) -> dict[str, Any] | None:
    if not policies:
        return None
    statements: list[Any] = []
    for policy in policies:
        given = policy.get("Statement", [])
        statements += given if isinstance(given, list) else [given]
    return {"Version": policies[0].get("Version", "2012-10-17"), "Statement": statements}


def _decision(answer: Mapping[str, Any], action: str, *, trusting: bool) -> Decision:
    """Puts the evaluator's answer into words like AWS's own."""
    if error := answer.get("error"):
        details = json.dumps(answer["details"]) if "details" in answer else ""
        return Decision(False, f"{UNJUDGED}: {error} {details}".strip())
    allowed = tuple(each["id"] for each in answer["allowed"])
    near = tuple(answer["near"])
    if denied := answer["denied"]:
        kind = {
            "identity": "an identity-based policy",
            "resource": "a resource-based policy",
            "boundary": "a permissions boundary",
        }
        return Decision(
            False, f"with an explicit deny in {kind[denied[0]['kind']]}", tuple(each["id"] for each in denied), near
        )
    if answer["boundary"] == "ImplicitlyDenied":
        return Decision(False, f"because no permissions boundary allows the {action} action", (), near)
    if trusting and answer["identity"] == "Allowed" and answer["resource"] not in ("Allowed", "AllowedForAccount"):
        return Decision(False, f"because no trust policy allows the {action} action", (), near)
    if trusting and answer["identity"] != "Allowed":
        return Decision(False, f"because no identity-based policy allows the {action} action", (), near)
    if answer["result"] == "Allowed":
        return Decision(True, "allowed", allowed)
    return Decision(False, f"because no identity-based policy allows the {action} action", (), near)


async def self_test(judge: Judge) -> dict[str, bool]:
    """Has the evaluator judge cases whose answers are known; returns which were allowed, and raises EvaluatorError if one is wrong.

    An evaluator that always says yes (or always no) makes every other check of permissions worthless.
    """
    account, me = "111122223333", "arn:aws:sts::111122223333:assumed-role/Canary/i-0"
    read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::canary/seed/*"}
    tagged = {
        "Effect": "Allow",
        "Action": "ec2:AttachVolume",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/cage": "1"}},
    }
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:role/Canary"},
        "Action": "sts:AssumeRole",
    }
    take = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::111122223333:role/Cat"}
    seed, other = (
        Check("s3:GetObject", "arn:aws:s3:::canary/seed/1"),
        Check("s3:GetObject", "arn:aws:s3:::canary/egg/1"),
    )
    plain = Check("s3:GetObject", "arn:aws:s3:::canary/seed/1", {"aws:SecureTransport": "false"})
    volume = f"arn:aws:ec2:us-east-1:{account}:volume/vol-0"
    caged, free = (
        Check("ec2:AttachVolume", volume, {"aws:ResourceTag/cage": "1"}),
        Check("ec2:AttachVolume", volume, {"aws:ResourceTag/cage": "2"}),
    )
    role = Check("sts:AssumeRole", "arn:aws:iam::111122223333:role/Cat", {"sts:RoleSessionName": "x"})
    cases: list[tuple[str, bool, Check, list[dict[str, Any]], dict[str, Any]]] = [
        ("an allowed object", True, seed, [read], {}),
        ("another object", False, other, [read], {}),
        ("another action", False, Check("s3:DeleteObject", seed.resource), [read], {}),
        ("no policy", False, seed, [], {}),
        ("the right tag", True, caged, [tagged], {}),
        ("another tag", False, free, [tagged], {}),
        (
            "a bucket's deny",
            False,
            plain,
            [read],
            {"resource_policies": [{"Version": "2012-10-17", "Statement": [deny]}]},
        ),
        ("a trusted caller", True, role, [take], {"trust": {"Version": "2012-10-17", "Statement": [trust]}}),
        ("a role that trusts nobody", False, role, [take], {"trust": {"Version": "2012-10-17", "Statement": []}}),
        (
            "a boundary",
            False,
            seed,
            [read],
            {"boundary": Policy("boundary", {"Version": "2012-10-17", "Statement": [tagged]})},
        ),
    ]
    for name, expected, check, statements, more in cases:
        policies = [Policy("canary", {"Version": "2012-10-17", "Statement": statements})] if statements else []
        decision = await judge.decide(check, identity_policies=policies, principal_arn=me, account=account, **more)
        if decision.allowed is not expected:
            said = "allowed" if decision.allowed else f"refused ({decision.reason})"
            raise EvaluatorError(f"the policy evaluator cannot be trusted: {name} was {said}")
    return {name: expected for name, expected, *_ in cases}
