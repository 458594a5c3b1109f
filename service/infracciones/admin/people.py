"""Persons and their vehicles, and officers with their tokens."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from infracciones.admin.dates import short
from infracciones.admin.deletion import GuardedDeletion
from infracciones.admin.export import CsvExport
from infracciones.admin.initial import CheckedInitial
from infracciones.admin.saving import GuardedSaving
from infracciones.models import Infraccion, Oficial, Persona, Token, Vehiculo
from infracciones.reports import page

_NEWEST = 20  # fines beside a person
_NAMED = 20  # vehicles beside a person; a firm has hundreds, and a form for all of them would be too large to be sent


@admin.register(Persona)
class PersonaAdmin(GuardedSaving, GuardedDeletion, CsvExport):
    list_display = ("nombre", "correo")
    search_fields = ("nombre", "correo", "vehiculos__placa_patente")
    readonly_fields = ("their_vehicles", "their_fines")
    fields = ("nombre", "correo", "their_vehicles", "their_fines")
    csv_columns = ((_("name"), lambda person: person.nombre), (_("e-mail address"), lambda person: person.correo))

    def get_fields(self, request: HttpRequest, obj: Persona | None = None) -> list[str]:
        """Without what stands beside a person and may not be looked at in its own list."""
        beside = {"their_vehicles": Vehiculo, "their_fines": Infraccion}
        hidden = {
            name for name, of in beside.items() if not self.admin_site.get_model_admin(of).has_view_permission(request)
        }
        return [name for name in self.fields if name not in hidden]

    @admin.display(description=_("vehicles"))
    def their_vehicles(self, person: Persona) -> SafeString | str:
        """The person's first vehicles, and links to all of them and to the form of a new one."""
        if not person.pk:
            return "-"
        rows = format_html_join(
            "",
            '<li><a href="{}">{}</a> {} {}</li>',
            (
                (
                    reverse("admin:infracciones_vehiculo_change", args=[vehicle.pk]),
                    vehicle.placa_patente,
                    vehicle.marca,
                    vehicle.color,
                )
                for vehicle in person.vehiculos.all()[:_NAMED]
            ),
        )
        return format_html(
            '<ul>{}</ul><a href="{}?persona__id__exact={}">{}</a> · <a href="{}?persona={}">{}</a>',
            rows,
            reverse("admin:infracciones_vehiculo_changelist"),
            person.pk,
            _("In their list"),
            reverse("admin:infracciones_vehiculo_add"),
            person.pk,
            _("Add a vehicle"),
        )

    @admin.display(description=_("fines"))
    def their_fines(self, person: Persona) -> SafeString | str:
        """The newest fines of the person's vehicles, and a link to all of them."""
        newest, more = page(person.pk, limit=_NEWEST) if person.pk else ([], None)
        if not newest:
            return "-"
        address = reverse("admin:infracciones_infraccion_changelist")
        rows = format_html_join(
            "",
            '<li><a href="{}">{}</a> {} {}</li>',
            (
                (
                    reverse("admin:infracciones_infraccion_change", args=[fine.id]),
                    short(fine.moment),
                    fine.plate,
                    Truncator(fine.comment).chars(80),
                )
                for fine in newest
            ),
        )
        everything = format_html(
            '<a href="{}?vehiculo__persona__id__exact={}">{}</a>',
            address,
            person.pk,
            _("All of them") if more else _("In their list"),
        )
        return format_html("<ul>{}</ul>{}", rows, everything)


@admin.register(Vehiculo)
class VehiculoAdmin(CheckedInitial, GuardedSaving, GuardedDeletion, CsvExport):
    list_display = ("placa_patente", "marca", "color", "persona")
    list_select_related = ("persona",)
    # No filter by make or color: each that somebody ever wrote would be a line of it. The search finds them.
    search_fields = ("placa_patente", "marca", "color", "persona__nombre", "persona__correo")
    autocomplete_fields = ("persona",)
    csv_columns = (
        (_("plate"), lambda vehicle: vehicle.placa_patente),
        (_("make"), lambda vehicle: vehicle.marca),
        (_("color"), lambda vehicle: vehicle.color),
        (_("person"), lambda vehicle: vehicle.persona.nombre),
        (_("e-mail address"), lambda vehicle: vehicle.persona.correo),
    )


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
class OficialAdmin(GuardedSaving, GuardedDeletion, CsvExport):
    list_display = ("numero", "nombre", "their_fines", "new_token")
    search_fields = ("numero", "nombre")
    inlines = (TokenInline,)
    csv_columns = ((_("unique number"), lambda officer: officer.numero), (_("name"), lambda officer: officer.nombre))

    @admin.display(description=_("fines"))
    def their_fines(self, officer: Oficial) -> SafeString:
        """A link to the fines that this officer loaded."""
        address = f"{reverse('admin:infracciones_infraccion_changelist')}?oficial__id__exact={officer.pk}"
        return format_html('<a href="{}">{}</a>', address, _("Their fines"))

    @admin.display(description=_("token"))
    def new_token(self, officer: Oficial) -> SafeString:
        """A link to the page that issues a token to this officer."""
        address = f"{reverse('admin:infracciones_token_add')}?oficial={officer.pk}"
        return format_html('<a href="{}">{}</a>', address, _("Issue a token"))
