"""Deleting what is referred to is refused, with the reason, also when the reference came while the page was open."""

from typing import Any

from django.contrib import admin, messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

_NAMED = 200  # objects that Django's page may name; it loads each of them


class GuardedDeletion(admin.ModelAdmin):  # type: ignore[type-arg]
    """Django shows what protects an object; the database has the last word, and this says it."""

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        """Django's page, or a message where the database refused, or where the page would name thousands."""
        found = self.get_object(request, object_id)
        fines = getattr(found, "infracciones", None)
        if fines is not None and fines.values("pk")[_NAMED : _NAMED + 1].exists():
            reason = _("It cannot be deleted: more than %(count)d fines refer to it.") % {"count": _NAMED}
            self.message_user(request, reason, messages.ERROR)
            return HttpResponseRedirect("../change/")
        try:
            return super().delete_view(request, object_id, extra_context)
        except IntegrityError:
            return self._refused(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Django's list, whose actions delete too."""
        try:
            return super().changelist_view(request, extra_context)
        except IntegrityError:
            return self._refused(request)

    def _refused(self, request: HttpRequest) -> HttpResponse:
        reason = _("Nothing was deleted: something refers to it since you opened the page. Look at it again.")
        self.message_user(request, reason, messages.ERROR)
        return HttpResponseRedirect(request.path)
