"""Around the office's pages: an address that somebody made up gets a page that says so."""

import logging
from collections.abc import Callable

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

PAGES = "/admin/"
log = logging.getLogger("fines.request")


class OfficeMiddleware:
    """Django's lists, forms and autocompletion look up what an address gives them, and fail on what no database keeps."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(PAGES) and "%00" in request.META.get("QUERY_STRING", ""):
            return _unreadable(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page for a value that was given and has no meaning; None where nothing was given, as then the fault is ours."""
        if not (request.path.startswith(PAGES) and isinstance(exception, (ValueError, OverflowError, DataError))):
            return None
        if not (request.META.get("QUERY_STRING") or ACTION_CHECKBOX_NAME in request.POST):
            return None
        log.warning("a value in an address of the office could not be used", exc_info=exception)
        return _unreadable(request)


def _unreadable(request: HttpRequest) -> HttpResponse:
    return render(request, "admin/unreadable.html", admin.site.each_context(request), status=400)
