"""Around every request: its id, its line in the log, and JSON for whatever goes wrong."""

import logging
import re
import time
import uuid
from collections.abc import Callable

import psycopg
from django.conf import settings
from django.contrib import admin
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import defaults
from infracciones.counts import counts_of
from infracciones.views.answers import Refusal

from fines.logs import request_id
from fines.metrics import embedded

log = logging.getLogger("fines.request")
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_QUIET = ("/healthz", "/readyz")
_PAGES = "/admin/"  # what a person looks at in a browser stays a page, also when it is an error
_NO_DATABASE = "La base de datos no responde"
# Plain: the office's own pages ask the database who looks at them.
_AWAY = (
    f'<!doctype html><html lang="es"><meta charset="utf-8"><title>{_NO_DATABASE}</title>'
    f"<h1>{_NO_DATABASE}</h1><p>O lo pedido tarda demasiado: busque algo más preciso, o repita en unos segundos.</p></html>"
)
_PAUSED = "Por ahora se puede consultar, pero no registrar"
_PAUSED_PAGE = (
    f'<!doctype html><html lang="es"><meta charset="utf-8"><title>{_PAUSED}</title>'
    f"<h1>{_PAUSED}</h1><p>Nada de lo enviado quedó guardado: repita en unos minutos.</p></html>"
)


class RequestMiddleware:
    """Names the request as the proxy named it, answers refusals, and logs one line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._policy = policy(settings.STATIC_ORIGIN)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = name_of(request.META.get("HTTP_X_REQUEST_ID", ""))
        mark = request_id.set(name)
        began = time.perf_counter()
        try:
            if not request.path.startswith(_QUIET):
                # Load balancers ask for health by address; anybody else names a host that is ours, or gets 400.
                request.get_host()
            response = self.get_response(request)
            response.headers["X-Request-Id"] = name
            response.headers.setdefault("Content-Security-Policy", self._policy)
            if not request.path.startswith(_QUIET) or response.status_code >= 400:
                # The path alone: the query of a report holds a person's address.
                took = round((time.perf_counter() - began) * 1000, 1)
                fields = {
                    "method": request.method,
                    "path": request.path,
                    "status": response.status_code,
                    "ms": took,
                }
                if settings.METRIC_NAMESPACE:
                    fields |= embedded(
                        settings.METRIC_NAMESPACE,
                        call=_call(request),
                        status=response.status_code,
                        milliseconds=took,
                        # of what failed nobody knows yet: it comes again
                        counts=counts_of(request) if response.status_code < 500 else None,
                    )
                log.info("request", extra=fields)
            return response
        finally:
            request_id.reset(mark)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The answer to a refusal, and to a database that is away; None for what nobody foresaw."""
        if isinstance(exception, Refusal):
            return exception.answer()
        if isinstance(exception, (OperationalError, InterfaceError)):
            log.warning(
                "the database does not answer",
                extra={"error": str(exception).splitlines()[0] if str(exception) else ""},
            )
            if request.path.startswith(_PAGES):
                return HttpResponse(_AWAY, status=503, headers={"Retry-After": "5"})
            return Refusal(503, f"{_NO_DATABASE}: repita en unos segundos.", headers={"Retry-After": "5"}).answer()
        # What an operator paused may be read; so does a database that has just become a standby.
        if isinstance(exception, InternalError) and isinstance(
            exception.__cause__, psycopg.errors.ReadOnlySqlTransaction
        ):
            if request.path.startswith(_PAGES):
                return HttpResponse(_PAUSED_PAGE, status=503, headers={"Retry-After": "5"})
            return Refusal(503, f"{_PAUSED}: repita en unos segundos.", headers={"Retry-After": "5"}).answer()
        return None


def policy(files: str) -> str:
    """What pages may do: they take scripts, styles and pictures from here, and from the origin of their files if that is another.

    A photograph is looked at by a link that leaves the page.
    """
    here = f"'self' {files}".strip()
    return (
        f"default-src 'none'; script-src {here}; style-src {here} 'unsafe-inline'; img-src {here} data:; "
        f"font-src {here} data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def name_of(given: str) -> str:
    """The id that the proxy gave to a request, or a new one where that is none."""
    return given if _ID.fullmatch(given) else uuid.uuid4().hex


def _call(request: HttpRequest) -> str:
    """The name of the call, of which there are few: an address that somebody made up is no name."""
    match = request.resolver_match
    if match is None:
        return "unknown"
    return "admin" if "admin" in match.app_names else str(match.func.__name__)


def address_of(request: HttpRequest) -> str:
    """Whose request it is, as the proxy in front saw it: that one writes the last entry, whatever a client sent before."""
    return request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """What Django itself finds unreadable, such as a host name that is not ours."""
    return Refusal(400, "La petición no se entiende: revise la dirección y los encabezados.").answer()


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A page of the admin that this administrator may not see."""
    if request.path.startswith(_PAGES):
        return defaults.permission_denied(request, exception)
    return Refusal(403, "No tiene permiso para eso.").answer()


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was not filled in on a page of ours, or with cookies that are gone since."""
    if request.path.startswith(_PAGES):
        return render(request, "admin/forged.html", admin.site.each_context(request), status=403)
    return Refusal(403, "No tiene permiso para eso.").answer()


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """An address that does not exist."""
    if request.path.startswith(_PAGES):
        return defaults.page_not_found(request, exception)
    return Refusal(404, "No existe esa dirección: revísela.").answer()


def server_error(request: HttpRequest) -> HttpResponse:
    """What nobody foresaw; its id leads to the log."""
    return Refusal(500, f"Algo inesperado falló; quedó registrado con el número {request_id.get()}.").answer()
