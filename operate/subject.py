"""What the checks look at: the settings, the account they lead to, the name servers, and the stack that may be there."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from operate import stack
from operate.account import Account
from operate.resolver import Resolver
from operate.stack import Deployed
from stacks.settings import Settings


@dataclass
class Subject:
    """A deployment that somebody is about to make."""

    settings: Settings
    account: Account
    resolver: Resolver
    words: Sequence[str] = ()  # the settings as they were typed: KEY=VALUE
    _found: list[Deployed | None] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def region(self) -> str:
        return self.settings.region

    def deployed(self) -> Deployed | None:
        """The stack of that name; asked for once."""
        with self._lock:
            if not self._found:
                self._found.append(stack.find(self.account, self.settings.stack_name))
            return self._found[0]

    def cdk(self, verb: str, **changed: str) -> str:
        """The command to type, with the settings as they were given and those that change."""
        given = dict(word.split("=", 1) for word in self.words) | changed
        return " ".join(["cdk", verb, *(f"-c {shlex.quote(f'{key}={value}')}" for key, value in given.items())])

    def account_id(self) -> str:
        return str(self.account.client("sts").get_caller_identity()["Account"])
