"""Whose request it is: each call of an officer begins with this."""

from django.http import HttpRequest

from infracciones.registration import officer_of
from infracciones.tokens import bearer, digest
from infracciones.views.answers import Refusal


def officer(request: HttpRequest) -> tuple[int, str]:
    """The id and number of the officer whose token the request shows.

    Raises:
        Refusal: 401, it shows none, or none that works.
    """
    found = officer_of(token_of(request))
    if found is None:
        raise unauthorized()
    return found


def token_of(request: HttpRequest) -> bytes:
    """The digest of the token that the request shows; whether it works is not looked at.

    Raises:
        Refusal: 401, it shows none.
    """
    token = bearer(request.headers.get("Authorization", ""))
    if token is None:
        raise unauthorized()
    return digest(token)


def unauthorized() -> Refusal:
    """No token, or none that works."""
    return Refusal(
        401,
        "Falta un token válido: pida uno nuevo a la administración.",
        headers={"WWW-Authenticate": 'Bearer realm="infracciones"'},
    )
