"""GET /openapi.json and /docs: the contract, for programs and for people."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from infracciones.contract import document
from infracciones.views.answers import answer
from infracciones.views.methods import methods


@methods("GET", "HEAD")
def openapi(request: HttpRequest) -> HttpResponse:
    """The contract in OpenAPI 3.1."""
    return answer(document(settings.PUBLIC_URL), headers={"Access-Control-Allow-Origin": "*"})


@methods("GET", "HEAD")
def docs(request: HttpRequest) -> HttpResponse:
    """The interactive contract; its scripts and styles are static files of the service's own."""
    return render(request, "infracciones/docs.html")
