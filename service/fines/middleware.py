"""Around every request: its id, its line in the log, and JSON for whatever goes wrong."""

import logging
import re
import time
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from infracciones.views.answers import Refusal

from fines.logs import request_id

log = logging.getLogger("fines.request")
_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_QUIET = ("/healthz", "/readyz")


class RequestMiddleware:
    """Names the request as the proxy named it, answers refusals, and logs one line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        mark = request_id.set(given if _ID.fullmatch(given) else None)
        began = time.perf_counter()
        try:
            response = self.get_response(request)
            if not request.path.startswith(_QUIET) or response.status_code >= 400:
                fields = {
                    "method": request.method,
                    "path": request.path,
                    "status": response.status_code,
                    "ms": round((time.perf_counter() - began) * 1000, 1),
                }
                log.info("request", extra=fields)
            return response
        finally:
            request_id.reset(mark)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Refusal):
            return exception.answer()
        if isinstance(exception, (OperationalError, InterfaceError)):
            log.warning(
                "the database does not answer",
                extra={"error": str(exception).splitlines()[0] if str(exception) else ""},
            )
            return Refusal(
                503, "La base de datos no responde: repita en unos segundos.", headers={"Retry-After": "5"}
            ).answer()
        return None


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return Refusal(400, "La petición no se entiende.").answer()


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return Refusal(403, "No tiene permiso para eso.").answer()


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return Refusal(404, "No existe esa dirección.").answer()


def server_error(request: HttpRequest) -> HttpResponse:
    return Refusal(500, "Algo inesperado falló; ya quedó registrado.").answer()
