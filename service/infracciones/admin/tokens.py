"""Tokens: issued and shown once, listed without their secret, revoked."""

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from infracciones import tokens
from infracciones.admin.deletion import WholeActions
from infracciones.admin.initial import CheckedInitial
from infracciones.admin.saving import GuardedSaving
from infracciones.models import Token


class StateFilter(admin.SimpleListFilter):
    """Tokens that work, and those that no longer do."""

    title = _("state")
    parameter_name = "estado"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, object]]:
        return [("vigente", _("works")), ("vencido", _("expired")), ("revocado", _("revoked"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Token]) -> QuerySet[Token]:
        present = timezone.now()
        match self.value():
            case "vigente":
                return queryset.filter(revocado=None, vence__gt=present)
            case "vencido":
                return queryset.filter(revocado=None, vence__lte=present)
            case "revocado":
                return queryset.exclude(revocado=None)
        return queryset


@admin.register(Token)
class TokenAdmin(CheckedInitial, GuardedSaving, WholeActions):
    """Adding issues a token to an officer; nothing of one can be changed, only that it works."""

    list_display = ("oficial", "creado", "vence", "revocado")
    list_select_related = ("oficial",)
    list_filter = (StateFilter,)
    search_fields = ("oficial__numero", "oficial__nombre")
    autocomplete_fields = ("oficial",)
    actions = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: Token | None = None) -> tuple[str, ...]:
        return ("oficial",) if obj is None else ("oficial", "creado", "vence", "revocado")

    def has_change_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Token, form: forms.ModelForm, change: bool) -> None:  # type: ignore[type-arg]
        """Issues the token; the secret stays on the object for the one page that shows it."""
        obj.secret = tokens.fill(obj)  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: Token, post_url_continue: str | None = None) -> HttpResponse:
        """The page that shows the token, this once; no cookie or cache ever holds it."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("The token of officer %(number)s") % {"number": obj.oficial.numero},
            "secret": obj.secret,  # type: ignore[attr-defined]
            "token": obj,
            "days": settings.TOKEN_DAYS,
        }
        return TemplateResponse(
            request, "admin/infracciones/token/issued.html", context, headers={"Cache-Control": "no-store"}
        )

    @admin.action(description=_("Revoke the selected tokens"), permissions=["delete"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        """Ends the selected tokens from this moment."""
        with transaction.atomic():
            working = queryset.filter(Q(revocado=None)).select_for_update(of=("self",))
            for token in working:
                self.log_change(request, token, str(_("Revoked")))
            count = queryset.filter(pk__in=[token.pk for token in working]).update(revocado=timezone.now())
        said = ngettext("%(count)d token was revoked.", "%(count)d tokens were revoked.", count) % {"count": count}
        self.message_user(request, said, messages.SUCCESS)
