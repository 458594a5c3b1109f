"""Fines."""

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from infracciones.admin.deletion import GuardedDeletion
from infracciones.models import Infraccion


@admin.register(Infraccion)
class InfraccionAdmin(GuardedDeletion):
    list_display = ("id", "vehiculo", "timestamp", "oficial", "comentarios")
    list_select_related = ("vehiculo", "oficial")
    list_filter = ("timestamp", ("oficial", admin.RelatedOnlyFieldListFilter))
    date_hierarchy = "timestamp"
    search_fields = (
        "vehiculo__placa_patente",
        "vehiculo__persona__nombre",
        "vehiculo__persona__correo",
        "oficial__numero",
        "oficial__nombre",
        "comentarios",
    )
    autocomplete_fields = ("vehiculo", "oficial")
    readonly_fields = ("registrada",)
    # Counting every fine there is, beside what a search found, would read the whole table.
    show_full_result_count = False

    def formfield_for_dbfield(
        self, db_field: models.Field, request: HttpRequest, **kwargs: object
    ) -> forms.Field | None:  # type: ignore[type-arg]
        """Comments are long: a text area."""
        if db_field.name == "comentarios":
            kwargs["widget"] = forms.Textarea({"rows": 4, "cols": 80})
        return super().formfield_for_dbfield(db_field, request, **kwargs)
