"""What an address fills a new form with: anybody may have written it."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.http import HttpRequest


class CheckedInitial(admin.ModelAdmin):  # type: ignore[type-arg]
    """Django looks up whatever an address gives for a reference, and fails on what is no number; here it is left out."""

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        given = super().get_changeform_initial_data(request)
        return {name: value for name, value in given.items() if not self._refers(name) or _is_key(value)}

    def _refers(self, name: str) -> bool:
        try:
            return self.model._meta.get_field(name).is_relation
        except FieldDoesNotExist:
            return False


def _is_key(value: object) -> bool:
    text = str(value)
    return text.isascii() and text.isdecimal() and len(text) < 19
