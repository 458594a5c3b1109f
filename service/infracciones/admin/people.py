"""Persons and their vehicles, and officers with their tokens."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from infracciones.admin.deletion import GuardedDeletion
from infracciones.models import Oficial, Persona, Token, Vehiculo


class VehicleInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Vehiculo
    extra = 0
    show_change_link = True
    can_delete = False


@admin.register(Persona)
class PersonaAdmin(GuardedDeletion):
    list_display = ("nombre", "correo")
    search_fields = ("nombre", "correo", "vehiculos__placa_patente")
    inlines = (VehicleInline,)


@admin.register(Vehiculo)
class VehiculoAdmin(GuardedDeletion):
    list_display = ("placa_patente", "marca", "color", "persona")
    list_select_related = ("persona",)
    list_filter = ("marca", "color")
    search_fields = ("placa_patente", "persona__nombre", "persona__correo")
    autocomplete_fields = ("persona",)


class TokenInline(admin.TabularInline):  # type: ignore[type-arg]
    """An officer's tokens, to look at; they are issued and revoked on their own pages."""

    model = Token
    extra = 0
    fields = readonly_fields = ("creado", "vence", "revocado")
    show_change_link = True
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Oficial | None = None) -> bool:
        return False


@admin.register(Oficial)
class OficialAdmin(GuardedDeletion):
    list_display = ("numero", "nombre", "new_token")
    search_fields = ("numero", "nombre")
    inlines = (TokenInline,)

    @admin.display(description=_("token"))
    def new_token(self, officer: Oficial) -> SafeString:
        """A link to the page that issues a token to this officer."""
        address = f"{reverse('admin:infracciones_token_add')}?oficial={officer.pk}"
        return format_html('<a href="{}">{}</a>', address, _("Issue a token"))
