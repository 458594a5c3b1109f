"""Saving what meanwhile became impossible is refused with a sentence: the database has the last word."""

from typing import Any

from django.contrib import admin, messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.translation import gettext as _


class GuardedSaving(admin.ModelAdmin):  # type: ignore[type-arg]
    """Django checks a form before it saves; what comes in between, only the database sees."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Django's form, or a message where the database refused."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError:
            reason = _(
                "Nothing was saved: something that it refers to, or is like it, changed meanwhile. Look at it again."
            )
            self.message_user(request, reason, messages.ERROR)
            return HttpResponseRedirect(request.path)
