"""Officers' bearer tokens: issued once, kept as a hash."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from infracciones.models import Oficial, Token


def issue(oficial: Oficial) -> str:
    """A new token of the officer; this is the only time that it can be seen."""
    token = secrets.token_urlsafe(32)
    Token.objects.create(
        oficial=oficial, resumen=digest(token), vence=timezone.now() + timedelta(days=settings.TOKEN_DAYS)
    )
    return token


def revoke(oficial: Oficial) -> int:
    """Revokes all of the officer's tokens that still work; returns how many."""
    return Token.objects.filter(oficial=oficial, revocado=None, vence__gt=timezone.now()).update(
        revocado=timezone.now()
    )


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def bearer(header: str) -> str | None:
    """The token of an Authorization header, or None where it has none."""
    scheme, _, token = header.partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and token else None
