"""The WSGI application: what goes wrong before Django has a request is answered in JSON as well."""

import json
import logging
import os
from collections.abc import Callable, Iterable
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpResponse
from django.utils.http import parse_header_parameters

from fines.logs import request_id

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fines.settings")
django.setup(set_prefix=False)

from fines.middleware import name_of  # noqa: E402

log = logging.getLogger("fines.request")


class Request(WSGIRequest):
    """Django's request, which no Content-Type can break: addresses and forms are UTF-8, whatever codec one names."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        # Django would read the query by that codec, which may make no text, or be unknown and raise before any middleware.
        # The views that take a body look at the charset themselves.
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except ValueError:
            self.content_type, self.content_params = "", {}


class Application(WSGIHandler):
    """Django's handler; what it does not catch is logged, and answered with a number that leads to the log."""

    request_class = Request

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            response = super().__call__(environ, start_response)
            if not isinstance(response, HttpResponse):
                return response
            # What is there as a whole goes as a whole: from a list the server answers at once, piece by piece from anything else.
            whole = [response.content]
        except Exception:
            name = name_of(environ.get("HTTP_X_REQUEST_ID", ""))
            mark = request_id.set(name)
            try:
                log.exception("a request could not be read")
            finally:
                request_id.reset(mark)
            said = json.dumps({"mensaje": f"Algo inesperado falló; quedó registrado con el número {name}."})
            headers = [("Content-Type", "application/json"), ("X-Request-Id", name)]
            start_response("500 Internal Server Error", headers)
            return [said.encode()]
        # What is answered is answered, whatever goes wrong in the end.
        try:
            response.close()
        except Exception:
            log.exception("a request could not be ended")
        return whole


application = Application()
