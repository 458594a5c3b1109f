"""What the gate is asked and what it answers: a request as it arrived, the question it poses, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

Context = Mapping[str, str | Sequence[str]]
Document = Mapping[str, Any]  # a policy document


@dataclass(frozen=True)
class Request:
    """A request as it arrived: the path as spelt by the client, the query decoded, header names in lower case."""

    method: str
    scheme: str
    host: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes = b""
    source_ip: str = ""

    @classmethod
    def of(
        cls,
        *,
        method: str,
        host: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        scheme: str = "https",
        source_ip: str = "",
    ) -> Request:
        """Builds a request from the target of its request line, path and query together."""
        path, _, query = target.partition("?")
        return cls(
            method=method.upper(),
            scheme=scheme,
            host=host.partition(":")[0].lower(),
            path=path or "/",
            query=tuple(parse_qsl(query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in headers.items()},
            body=body,
            source_ip=source_ip,
        )

    def parameter(self, name: str) -> str | None:
        """The first value of a query parameter; its name is taken without regard to case, as S3 does."""
        return next((value for key, value in self.query if key.lower() == name.lower()), None)


@dataclass(frozen=True)
class Check:
    """One permission that a request needs: an action on one resource, with the keys that hold for that resource."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """All that a request needs; every check must pass. `protocol` says how its errors must be written.

    `parameters` are the call's own, as far as the protocol lets them be read.
    """

    service: str
    operation: str
    checks: tuple[Check, ...]
    protocol: str
    access_key: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    unsigned: bool = False  # AWS answers this operation without credentials

    @property
    def action(self) -> str:
        return self.checks[0].action if self.checks else ""

    @property
    def resource(self) -> str:
        return self.checks[0].resource if self.checks else "*"

    @property
    def resources(self) -> tuple[str, ...]:
        return tuple(check.resource for check in self.checks)

    @property
    def context(self) -> Context:
        return self.checks[0].context if self.checks else {}


@dataclass(frozen=True)
class Policy:
    """A policy under the name by which its statements are reported."""

    name: str
    document: Document


@dataclass(frozen=True)
class Role:
    """What is known of a role: its policies, who may take it, and its tags."""

    arn: str
    policies: tuple[Policy, ...]
    trust: Document
    boundary: Policy | None = None
    id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    longest_session: int = 3600

    @property
    def name(self) -> str:
        return self.arn.rpartition("/")[2]

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]


@dataclass(frozen=True)
class Decision:
    """The evaluator's answer to one check; `statements` are those that decided, as "policy/sid" or "policy/number"."""

    allowed: bool
    reason: str
    statements: tuple[str, ...] = ()
    near: tuple[str, ...] = ()  # statements that name the action, and why they did not match

    @property
    def matched_statement(self) -> str | None:
        return self.statements[0] if self.statements else None


@dataclass(frozen=True)
class Verdict:
    """What the front does: pass the request on (`status` is None) or answer with these."""

    allowed: bool
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    question: Question | None = None
    gated: bool = True


class Refusal(Exception):
    """A request that is not passed on; the code is AWS's, in the spelling of the query protocol."""

    def __init__(self, code: str, message: str, *, question: Question | None = None, protocol: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.question, self.protocol = code, message, question, protocol
