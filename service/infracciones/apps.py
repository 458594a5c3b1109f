"""The application's name in the admin."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InfraccionesConfig(AppConfig):
    name = "infracciones"
    verbose_name = _("Traffic fines")
