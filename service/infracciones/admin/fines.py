"""Fines: found by plate, person, officer or date, looked at with their photo, and had as a file."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from infracciones.admin.dates import dates_in, short
from infracciones.admin.deletion import GuardedDeletion
from infracciones.admin.export import CsvExport
from infracciones.admin.initial import CheckedInitial
from infracciones.admin.paging import CappedList
from infracciones.admin.saving import GuardedSaving
from infracciones.admin.words import fines_with, words_in
from infracciones.evidence.keeping import StorageError, link
from infracciones.models import Evidencia, Infraccion

_WORDS = 60  # characters of the comments in a row of the list


_STAYS = _("It stays: the officer's device may send the fine again, and finds it under the officer's name.")


def _came_from_a_device(fine: Infraccion | None) -> bool:
    return fine is not None and (fine.clave is not None or fine.dispositivo_id is not None)


class Lines(forms.CharField):
    """A text of lines, which browsers send with two characters at the end of each."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return text.replace("\r\n", "\n") if isinstance(text, str) else text


class Moment(forms.SplitDateTimeField):
    """A date and a time of the city's clocks; of two that read alike it is the earlier one."""

    def compress(self, data_list: Any) -> Any:
        try:
            return super().compress(data_list)
        except forms.ValidationError:
            read = datetime.combine(*data_list)
            moment = timezone.make_aware(read).astimezone(UTC)
            if timezone.make_naive(moment) != read:  # clocks leave it out
                raise
            return moment


class PhotoFilter(admin.SimpleListFilter):
    """Fines with a photo, and those without."""

    title = _("evidence")
    parameter_name = "foto"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, object]]:
        return [("si", _("with a photo")), ("no", _("without a photo"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Infraccion]) -> QuerySet[Infraccion]:
        return queryset if self.value() is None else queryset.filter(evidencia__isnull=self.value() == "no")


@admin.register(Infraccion)
class InfraccionAdmin(CheckedInitial, CappedList, GuardedSaving, GuardedDeletion, CsvExport):
    list_display = ("id", "vehiculo", "moment", "oficial", "words")
    list_select_related = ("vehiculo", "oficial")
    # Not by officer: a city has hundreds, and each would be a line here. The search finds them.
    list_filter = ("timestamp", PhotoFilter)
    # No hierarchy of dates: to know which years there are, it would read all fines for each page.
    search_fields = ("comentarios",)  # and what else `fines_with` looks at
    search_help_text = _(
        "A plate, a person, an officer, or a date such as 2026-03-04 or 4/3/2026; "
        "a word of the comments is looked for on that date, or in the last 30 days"
    )
    autocomplete_fields = ("vehiculo", "oficial")
    readonly_fields = ("registrada", "carga", "photo")
    fields = ("vehiculo", "timestamp", "oficial", "comentarios", "photo", "registrada", "carga")
    csv_columns = (
        (_("id"), lambda fine: fine.pk),
        (_("plate"), lambda fine: fine.vehiculo.placa_patente),
        (_("date and time"), lambda fine: timezone.localtime(fine.timestamp).isoformat()),
        (_("person"), lambda fine: fine.vehiculo.persona.nombre),
        (_("e-mail address"), lambda fine: fine.vehiculo.persona.correo),
        (_("officer"), lambda fine: fine.oficial.numero),
        (_("comments"), lambda fine: fine.comentarios),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Infraccion], search_term: str
    ) -> tuple[QuerySet[Infraccion], bool]:
        """The fines that all the words are about; a date among them is the day of the fine."""
        days, rest = dates_in(search_term)
        for day in days:
            begin = timezone.make_aware(datetime.combine(day, time()))
            end = timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))
            queryset = queryset.filter(timestamp__gte=begin, timestamp__lt=end)
        for word in words_in(rest):
            queryset = queryset.filter(fines_with(word, on_a_day=bool(days)))
        return queryset, False

    def get_readonly_fields(self, request: HttpRequest, obj: Infraccion | None = None) -> tuple[str, ...]:
        """The officer of a fine that came from a device stays: what the device calls the fine is the officer's alone.

        With another officer the device's next attempt would make the fine again, and the other's own keys could be spent.
        """
        return (*self.readonly_fields, "oficial") if _came_from_a_device(obj) else self.readonly_fields

    def get_form(self, request: HttpRequest, obj: Infraccion | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Django's form, with why the officer cannot be changed where that is so."""
        if _came_from_a_device(obj):
            kwargs["help_texts"] = {"oficial": _STAYS}
        return super().get_form(request, obj, change, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Infraccion]:
        """With what a row of the file names."""
        return super().get_queryset(request).select_related("vehiculo__persona", "oficial")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """A person's page leads to the fines of all the person's vehicles."""
        return lookup == "vehiculo__persona__id__exact" or super().lookup_allowed(lookup, value, request)

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> forms.Field | None:  # type: ignore[type-arg]
        """Comments are long: a text area. The hour that a clock change makes twice is the earlier one, as devices write it."""
        if db_field.name == "comentarios":
            kwargs |= {"widget": forms.Textarea({"rows": 4, "cols": 80}), "form_class": Lines}
        elif db_field.name == "timestamp":
            kwargs["form_class"] = Moment
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_form(self, request: HttpRequest, form: forms.ModelForm, change: bool) -> Infraccion:  # type: ignore[type-arg]
        """A time that nobody changed stays as it is: the page shows whole seconds, and a device's clock has more."""
        fine: Infraccion = super().save_form(request, form, change)
        if change and "timestamp" not in form.changed_data:
            fine.timestamp = form.initial["timestamp"]
        return fine

    @admin.display(description=_("date and time"), ordering="timestamp")
    def moment(self, fine: Infraccion) -> str:
        """The fine's time, short enough for a column."""
        return short(fine.timestamp)

    @admin.display(description=_("comments"))
    def words(self, fine: Infraccion) -> str:
        """How the comments begin."""
        return Truncator(fine.comentarios).chars(_WORDS)

    @admin.display(description=_("photo"))
    def photo(self, fine: Infraccion) -> SafeString | str:
        """A link to the photo, for five minutes."""
        evidence = Evidencia.objects.filter(infraccion=fine.pk).first() if fine.pk else None
        if evidence is None:
            return "-"
        try:
            address, _until = link(evidence)
        except StorageError:
            return str(_("There is a photo; it cannot be shown at the moment."))
        return format_html('<a href="{}" target="_blank" rel="noreferrer">{}</a>', address, _("Look at the photo"))
