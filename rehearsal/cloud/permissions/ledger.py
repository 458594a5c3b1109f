"""The record of every decision: which statements were used, and which calls were refused."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rehearsal.cloud.permissions.asking import Policy


@dataclass(frozen=True)
class Entry:
    """One permission that was asked for; `statements` decided it. Ungated are keys that no session was issued for."""

    time: float
    principal: str
    role: str
    service: str
    operation: str
    action: str
    resource: str
    allowed: bool
    statements: tuple[str, ...]
    reason: str
    gated: bool = True


class Ledger:
    """Keeps the decisions, and appends each to a file (JSON lines) where one is given."""

    def __init__(self, file: Path | None = None) -> None:
        self._file, self._lock = file, threading.Lock()
        self._allowed: dict[tuple[str, str], set[str]] = defaultdict(set)  # role and statement to actions
        self._refused: list[Entry] = []

    def add(self, entry: Entry) -> None:
        """Records a decision."""
        with self._lock:
            self._count(entry)
            if self._file is not None:
                with self._file.open("a") as lines:
                    lines.write(json.dumps(asdict(entry)) + "\n")

    def _count(self, entry: Entry) -> None:
        if not entry.gated:
            return
        if entry.allowed:
            for statement in entry.statements:
                self._allowed[entry.role, statement].add(entry.action)
        else:
            self._refused.append(entry)

    def note(
        self,
        *,
        principal: str,
        role: str = "",
        service: str,
        operation: str,
        action: str,
        resource: str,
        allowed: bool,
        statements: Sequence[str] = (),
        reason: str = "",
        gated: bool = True,
    ) -> None:
        """Records a decision of now."""
        self.add(
            Entry(
                time.time(),
                principal,
                role,
                service,
                operation,
                action,
                resource,
                allowed,
                tuple(statements),
                reason,
                gated,
            )
        )

    def used(self, role: str) -> dict[str, set[str]]:
        """The statements of a role that allowed something, with the actions they allowed."""
        with self._lock:
            return {statement: set(actions) for (whose, statement), actions in self._allowed.items() if whose == role}

    def unused(self, role: str, policies: Sequence[Policy]) -> list[str]:
        """The Allow statements of a role that nothing needed yet."""
        used = self.used(role)
        return [
            name
            for name, statement in named_statements(policies)
            if statement.get("Effect") == "Allow" and name not in used
        ]

    def refused(self) -> list[Entry]:
        """All refusals of gated calls, in order."""
        with self._lock:
            return list(self._refused)

    @classmethod
    def read(cls, file: Path) -> Ledger:
        """The ledger of a file that another process wrote."""
        ledger = cls()
        for line in file.read_text().splitlines():
            data = json.loads(line)
            ledger._count(Entry(**{**data, "statements": tuple(data["statements"])}))
        return ledger


def named_statements(policies: Sequence[Policy]) -> Iterator[tuple[str, dict[str, object]]]:
    """Each statement with the name the evaluator gives it: the policy's, and its Sid or its number from 1."""
    for policy in policies:
        given = policy.document.get("Statement", [])
        for number, statement in enumerate(given if isinstance(given, list) else [given], 1):
            yield f"{policy.name}/{statement.get('Sid') or number}", statement
