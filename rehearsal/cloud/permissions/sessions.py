"""Sessions of roles: credentials are issued for a role, and every request they sign is traced back to it."""

from __future__ import annotations

import base64
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rehearsal.cloud.permissions import sigv4
from rehearsal.cloud.permissions.asking import Refusal, Request
from rehearsal.machines.metadata import Credentials

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_DAY = 86400.0
HOUR = 3600.0


@dataclass(frozen=True)
class Session:
    """A role taken by someone; `source` names the session: an instance's id, or what the caller chose."""

    role_arn: str
    source: str
    credentials: Credentials = field(repr=False)
    issued: float

    @property
    def access_key(self) -> str:
        return self.credentials.access_key

    @property
    def is_users(self) -> bool:
        """Whether it is no session, but a user's own key; its `role_arn` is then the user's."""
        return ":user/" in self.role_arn

    @property
    def principal_arn(self) -> str:
        """The ARN under which the session acts; a role's path is not part of it."""
        if self.is_users:
            return self.role_arn
        _, partition, _, _, account, resource = self.role_arn.split(":", 5)
        return f"arn:{partition}:sts::{account}:assumed-role/{resource.rpartition('/')[2]}/{self.source}"


class Sessions:
    """Issues sessions, and verifies what is signed with them. Used from threads and from the front's loop alike."""

    def __init__(self, *, announce: Callable[[Session], None] | None = None) -> None:
        """`announce` is told of each session as it is issued, so that the local AWS knows whose key it is."""
        self._announce = announce
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._tokens: dict[str, tuple[str, float]] = {}

    def issue(self, role_arn: str, *, source: str, seconds: float = HOUR) -> Credentials:
        """New credentials of a role, by default for an hour."""
        return self.open(role_arn, source=source, seconds=seconds).credentials

    def open(self, role_arn: str, *, source: str, seconds: float = HOUR) -> Session:
        """As `issue`, but returns the session."""
        now = time.time()
        key = "ASIA" + "".join(secrets.choice(_ALPHABET) for _ in range(16))
        token = base64.b64encode(secrets.token_bytes(180)).decode()
        session = Session(role_arn, source, Credentials(key, secrets.token_urlsafe(30), token, now + seconds), now)
        with self._lock:
            # Expired ones are remembered for a day: their use must be refused as expired, and not pass as unknown.
            for old in [k for k, s in self._sessions.items() if s.credentials.expires + _DAY < now]:
                del self._sessions[old]
            self._sessions[key] = session
        if self._announce is not None:
            self._announce(session)
        return session

    def session(self, access_key: str) -> Session | None:
        """The session of an access key, expired or not; None where it was not issued here."""
        return self._sessions.get(access_key)

    def role_of(self, access_key: str) -> str | None:
        """The ARN of the role whose key it is."""
        session = self._sessions.get(access_key)
        return session.role_arn if session else None

    def revoke(self, role_arn: str) -> None:
        """Ends all sessions of a role at once."""
        with self._lock:
            for key, session in list(self._sessions.items()):
                if session.role_arn == role_arn:
                    old = session.credentials
                    ended = Credentials(old.access_key, old.secret, old.token, time.time())
                    self._sessions[key] = Session(session.role_arn, session.source, ended, session.issued)

    def verify(self, request: Request, credential: sigv4.Credential) -> Session:
        """The living session that signed a request; raises Refusal for a forged, altered or expired one."""
        session = self._sessions.get(credential.access_key)
        if session is None:
            raise Refusal("InvalidClientTokenId", "The security token included in the request is invalid.")
        if not hmac.compare_digest(credential.token.encode(), session.credentials.token.encode()):
            raise Refusal("InvalidClientTokenId", "The security token included in the request is invalid.")
        if time.time() >= session.credentials.expires:
            raise Refusal("ExpiredToken", "The security token included in the request is expired")
        sigv4.verify(request, credential, secret=session.credentials.secret)
        return session

    # The registry's tokens: a client logs in with one as the user AWS.

    def registry_token(self, access_key: str, *, seconds: float = 12 * HOUR) -> tuple[str, float]:
        """A password for the image registry that acts as the key's principal, and when it expires."""
        # As on AWS, it outlives the session that asked for it; what it may do is judged at each use.
        password, expires = secrets.token_urlsafe(60), time.time() + seconds
        with self._lock:
            self._tokens = {token: known for token, known in self._tokens.items() if known[1] > time.time()}
            self._tokens[password] = (access_key, expires)
        return password, expires

    def registry_key(self, authorization: str) -> str | None:
        """The access key behind a Basic or Bearer authorization; None where it is unknown or over."""
        kind, _, value = authorization.partition(" ")
        password = value.strip()
        if kind.lower() == "basic":
            try:
                user, _, password = base64.b64decode(password, validate=True).decode().partition(":")
            except ValueError:
                return None
            if user != "AWS":
                return None
        known = self._tokens.get(password)
        return known[0] if known and known[1] > time.time() else None
