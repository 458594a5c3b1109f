"""What an address fills a new form with: anybody may have written it."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import FieldDoesNotExist
from django.http import HttpRequest


class CheckedInitial(admin.ModelAdmin):  # type: ignore[type-arg]
    """Django looks up whatever an address or a form gives for a reference, and fails on what is no number; here it is left out."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Django's field; a form that comes back with its errors shows what it can of the references."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = KeyedSelect(db_field, self.admin_site, using=kwargs.get("using"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        given = super().get_changeform_initial_data(request)
        return {name: value for name, value in given.items() if not self._refers(name) or _is_key(value)}

    def _refers(self, name: str) -> bool:
        try:
            return self.model._meta.get_field(name).is_relation
        except FieldDoesNotExist:
            return False


class KeyedSelect(AutocompleteSelect):
    """The choice of what is referred to, which looks up keys alone."""

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        """What is chosen, if it is there."""
        return super().optgroups(name, [each for each in value if _is_key(each)], attrs)


def _is_key(value: object) -> bool:
    text = str(value)
    return text.isascii() and text.isdecimal() and len(text) < 19
