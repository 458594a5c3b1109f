"""The admin, in the words of the office."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from infracciones.admin import fines, history, passwords, people, tokens, uploads
from infracciones.admin.login import LoginForm

__all__ = ["fines", "history", "passwords", "people", "tokens", "uploads"]

admin.site.site_header = admin.site.site_title = _("Traffic fines")
admin.site.site_url = None  # there is no other page to see
admin.site.index_title = _("Administration")
admin.site.login_form = LoginForm
