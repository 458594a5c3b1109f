"""The admin, in the words of the office."""

from django.contrib import admin

from infracciones.models import Infraccion, Oficial, Persona, Token, Vehiculo

admin.site.site_header = admin.site.site_title = "Infracciones de tránsito"


@admin.register(Persona)
class PersonaAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("nombre", "correo")
    search_fields = ("nombre", "correo", "vehiculos__placa_patente")


@admin.register(Vehiculo)
class VehiculoAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("placa_patente", "marca", "color", "persona")
    list_select_related = ("persona",)
    list_filter = ("marca",)
    search_fields = ("placa_patente", "persona__nombre", "persona__correo")
    autocomplete_fields = ("persona",)


@admin.register(Oficial)
class OficialAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("numero", "nombre")
    search_fields = ("numero", "nombre")


@admin.register(Infraccion)
class InfraccionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("id", "vehiculo", "timestamp", "oficial", "comentarios")
    list_select_related = ("vehiculo", "oficial")
    list_filter = ("timestamp",)
    date_hierarchy = "timestamp"
    search_fields = (
        "vehiculo__placa_patente",
        "vehiculo__persona__nombre",
        "vehiculo__persona__correo",
        "oficial__numero",
    )
    autocomplete_fields = ("vehiculo", "oficial")


@admin.register(Token)
class TokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Tokens are made by `manage.py crear_token`, which shows them once; here they are seen and revoked."""

    list_display = ("oficial", "creado", "vence", "revocado")
    list_select_related = ("oficial",)
    search_fields = ("oficial__numero", "oficial__nombre")
    readonly_fields = ("oficial", "creado", "vence")

    def has_add_permission(self, request: object) -> bool:
        return False
