"""Who the service is to its database: a user with a password in a file, or what a secret of Secrets Manager says."""

import contextlib
import threading
import time
from pathlib import Path
from typing import Protocol

PAUSE_SECONDS = 1.0  # between two questions after the same secret: a database that refuses everybody costs one each


class LoginError(RuntimeError):
    """Who the service is cannot be found out now; the message says why, and never what."""


class Login(Protocol):
    """A user of the database and its password, which may be another one tomorrow."""

    def current(self) -> dict[str, str]:
        """`user` and `password`; LoginError where they cannot be had."""

    def renew(self, refused: str) -> bool:
        """Asks again, after the database refused a password; whether there is another one now."""


class FileLogin:
    """A user whose password lies in a file, which is read anew for each connection."""

    def __init__(self, user: str, file: Path) -> None:
        self._user, self._file = user, file

    def current(self) -> dict[str, str]:
        return {"user": self._user, "password": self._file.read_text().strip()}

    def renew(self, refused: str) -> bool:
        return self.current()["password"] != refused


class SecretLogin:
    """The user and the password that a secret names, asked for once and then again when the database refuses them."""

    def __init__(self, arn: str) -> None:
        self._arn = arn
        self._lock = threading.Lock()
        self._known: dict[str, str] = {}
        self._asked = 0.0

    def current(self) -> dict[str, str]:
        with self._lock:
            if not self._known:
                self._known = self._ask()
            return dict(self._known)

    def renew(self, refused: str) -> bool:
        with self._lock:
            # Another thread may have asked while this one was being refused.
            if self._known.get("password") == refused and time.monotonic() - self._asked > PAUSE_SECONDS:
                with contextlib.suppress(LoginError):  # what is known stays: the database may take it again
                    self._known = self._ask()
            return self._known.get("password") != refused

    def _ask(self) -> dict[str, str]:
        # Here and not above, for its memory: a process whose password is a file does without.
        from botocore.exceptions import BotoCoreError, ClientError

        from fines.database.credentials import credentials

        self._asked = time.monotonic()
        try:
            found = credentials(self._arn)
            return {"user": found["username"], "password": found["password"]}
        except (BotoCoreError, ClientError, ValueError) as error:
            raise LoginError(f"the secret {self._arn} cannot be read: {type(error).__name__}") from error
