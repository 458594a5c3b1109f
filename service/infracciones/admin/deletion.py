"""Deleting what is referred to is refused, with the reason, also when the reference came while the page was open."""

from contextlib import nullcontext
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import DELETION, LogEntry
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

_NAMED = 200  # objects that a page may name as what refers to something; Django loads each of them


class WholeActions(admin.ModelAdmin):  # type: ignore[type-arg]
    """What is done to the rows of a list is done whole, with its entries in the history, or not at all."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Django's list; it writes the history of a deletion before it deletes."""
        with transaction.atomic() if request.method == "POST" else nullcontext():
            return super().changelist_view(request, extra_context)


class GuardedDeletion(WholeActions):
    """Django shows what protects an object; the database has the last word, and this says it."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes along, and what forbids it: by how many, and not by name, where Django would load and name thousands."""
        for each in self.model._meta.related_objects:
            if each.on_delete is not models.PROTECT:
                continue
            referring = each.related_model._base_manager.filter(**{f"{each.field.name}__in": objs})
            if referring.values("pk")[_NAMED : _NAMED + 1].exists():
                things = each.related_model._meta.verbose_name_plural
                return [], {}, set(), [_("more than %(count)d %(things)s") % {"count": _NAMED, "things": things}]
        return super().get_deleted_objects(objs, request)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """What goes along has an entry of its own in the history."""
        for each in self.model._meta.related_objects:
            if each.on_delete is models.CASCADE:
                going = each.related_model._base_manager.filter(**{f"{each.field.name}__in": queryset})
                LogEntry.objects.log_actions(request.user.pk, list(going), DELETION)
        return super().log_deletions(request, queryset)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        """Django's page, or a message where the database refused."""
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
