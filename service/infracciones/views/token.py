"""GET /token: whether a token works. An app asks it at login; NGINX asks it before it takes a file."""

from django.http import HttpRequest, HttpResponse

from infracciones.registration import officer_of
from infracciones.tokens import bearer, digest
from infracciones.views.answers import answer
from infracciones.views.fines import unauthorized
from infracciones.views.methods import methods


@methods("GET", "HEAD")
def token(request: HttpRequest) -> HttpResponse:
    """The number of the officer whose token it is."""
    given = bearer(request.headers.get("Authorization", ""))
    officer = officer_of(digest(given)) if given is not None else None
    if officer is None:
        raise unauthorized()
    return answer({"mensaje": "El token sirve.", "oficial": officer[1]})
