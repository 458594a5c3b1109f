"""Officers' bearer tokens: issued once, kept as a hash."""

import hashlib
import re
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from infracciones.models import Oficial, Token


def issue(oficial: Oficial) -> str:
    """A new token of the officer; this is the only time that it can be seen."""
    token = Token(oficial=oficial)
    secret = fill(token)
    token.save()
    return secret


def fill(token: Token) -> str:
    """Gives a new token its digest and its end; returns the secret, which is not kept."""
    secret = secrets.token_urlsafe(32)
    token.resumen = digest(secret)
    token.vence = timezone.now() + timedelta(days=settings.TOKEN_DAYS)
    return secret


@transaction.atomic
def revoke(oficial: Oficial) -> list[Token]:
    """Revokes all of the officer's tokens that still work; returns them."""
    now = timezone.now()
    working = list(Token.objects.select_for_update().filter(oficial=oficial, revocado=None, vence__gt=now))
    for token in working:
        token.revocado = now
    Token.objects.bulk_update(working, ["revocado"])
    return working


def digest(token: str) -> bytes:
    """What is kept of a token; 32 bytes."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


# NGINX counts calls by the token in the same words (stacks/host/nginx): another spelling must not be another caller.
_BEARER = re.compile(r"bearer +([A-Za-z0-9_-]{43}) *", re.IGNORECASE | re.ASCII)


def bearer(header: str) -> str | None:
    """The token of an Authorization header, or None where it has none that could be one of ours."""
    found = _BEARER.fullmatch(header)
    return found[1] if found else None
