"""Clients that post or read as fast as they are answered (wrk), and what they saw."""

from __future__ import annotations

import json
import resource
import subprocess
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal.machines.machine import Machine

_TAIL = Path(__file__).with_name("clients.lua")


class ClientsError(RuntimeError):
    """The clients saw an error, or were not answered; the message says what."""


@dataclass(frozen=True)
class Request:
    """What is sent; `@N@` in a body becomes a text that no other request has. `keyed`: with an idempotency key of its own."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    keyed: bool = False

    def lua(self) -> str:
        headers = ", ".join(f"[{_quoted(name)}] = {_quoted(value)}" for name, value in self.headers.items())
        body = "" if self.body is None else f", body = {_quoted(self.body)}"
        keyed = ", keyed = true" if self.keyed else ""
        return f"{{method = {_quoted(self.method)}, path = {_quoted(self.path)}, headers = {{{headers}}}{body}{keyed}}}"


@dataclass(frozen=True)
class Seen:
    """What the clients saw: answers a second, latencies in milliseconds, and the CPU seconds that they took themselves."""

    rate: float
    median: float
    p99: float
    requests: int
    own_cpu: float


def clients(url: str, requests: Sequence[Request], *, count: int, seconds: int, host: Machine | None = None) -> Seen:
    """Sends the requests, one after the other and again, from so many connections for so many seconds.

    With a host the clients run inside its network, where its loopback is.

    Raises:
        ClientsError: an answer was no success, or none came.
    """
    listed = ",\n".join(request.lua() for request in requests)
    inside = [] if host is None else ["nsenter", "--target", str(host.leader), "--net", "--"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(f"requests = {{\n{listed}\n}}\nmark = {_quoted(uuid.uuid4().hex + '-')}\n{_TAIL.read_text()}")
        script.flush()
        words = ["wrk", "--threads", "1", "--connections", str(count), "--duration", f"{seconds}s", "--timeout", "20s"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [*inside, *words, "--script", script.name, url], check=False, capture_output=True, text=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise ClientsError(f"wrk ended with {done.returncode}: {(done.stdout + done.stderr)[-400:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    if wrong := {name: times for name, times in told["errors"].items() if times}:
        raise ClientsError(f"of {told['requests']} requests to {url} these went wrong: {wrong}")
    if not told["requests"]:
        raise ClientsError(f"{url} answered nothing in {seconds} s")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Seen(told["requests"] / told["seconds"], told["median"], told["p99"], told["requests"], cpu)


def _quoted(text: str) -> str:
    """A text as Lua writes it: its bytes by number, but for plain letters."""
    plain = (chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\{byte:03d}" for byte in text.encode())
    return f'"{"".join(plain)}"'
