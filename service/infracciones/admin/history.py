"""Who changed what when, in one list; each object has its own history besides."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from infracciones.admin.paging import CappedList


@admin.register(LogEntry)
class HistoryAdmin(CappedList):
    """Nobody makes, changes or deletes an entry here."""

    list_display = ("action_time", "user", "content_type", "object_repr", "action_flag", "what")
    list_select_related = ("user", "content_type")
    list_filter = ("action_time", "action_flag", "content_type", ("user", admin.RelatedOnlyFieldListFilter))
    search_fields = ("object_repr", "change_message", "user__username")
    fields = ("action_time", "user", "content_type", "object_id", "object_repr", "action_flag", "what")
    readonly_fields = ("what",)

    @admin.display(description=_("change"))
    def what(self, entry: LogEntry) -> str:
        """The change in words."""
        return entry.get_change_message()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: LogEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: LogEntry | None = None) -> bool:
        return False
