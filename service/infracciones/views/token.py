"""GET /token: whether a token works. An app asks it at login; NGINX asks it before it takes a file."""

from django.http import HttpRequest, HttpResponse

from infracciones.views.answers import answer
from infracciones.views.methods import methods
from infracciones.views.officers import officer


@methods("GET", "HEAD")
def token(request: HttpRequest) -> HttpResponse:
    """The number of the officer whose token it is."""
    _id, number = officer(request)
    return answer({"mensaje": "El token sirve.", "oficial": number})
