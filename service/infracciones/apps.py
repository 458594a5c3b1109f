"""The application's name in the admin."""

from django.apps import AppConfig


class InfraccionesConfig(AppConfig):
    name = "infracciones"
    verbose_name = "Infracciones de tránsito"
