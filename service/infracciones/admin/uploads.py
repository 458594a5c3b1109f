"""Uploads, to look at: what an officer's device sent, and what became of it."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from infracciones.admin.paging import CappedList
from infracciones.models import Carga


@admin.register(Carga)
class CargaAdmin(CappedList):
    """Nobody makes, changes or deletes one here: it is a record of what happened."""

    list_display = ("recibida", "oficial", "recibidas", "nuevas", "repetidas", "rechazadas", "bytes", "its_fines")
    list_select_related = ("oficial",)
    list_filter = ("recibida",)
    search_fields = ("oficial__numero", "oficial__nombre")
    fields = ("oficial", "recibida", "formato", "bytes", "digest", "recibidas", "nuevas", "repetidas", "rechazadas")
    readonly_fields = ("digest",)

    @admin.display(description=_("SHA-256 of the file"))
    def digest(self, upload: Carga) -> str:
        """The digest of the file as it came, as sha256sum writes it."""
        return bytes(upload.resumen).hex()

    @admin.display(description=_("fines"))
    def its_fines(self, upload: Carga) -> SafeString:
        """A link to the fines that this upload made."""
        address = f"{reverse('admin:infracciones_infraccion_changelist')}?carga__id__exact={upload.pk}"
        return format_html('<a href="{}">{}</a>', address, _("Its fines"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Carga | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Carga | None = None) -> bool:
        return False
