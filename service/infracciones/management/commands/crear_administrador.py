"""Makes an administrator or gives one a new password, read from standard input: it is on no command line."""

import sys

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Crea un administrador o le cambia la contraseña, leída de la entrada estándar."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("usuario")

    def handle(self, *, usuario: str, **options: object) -> None:
        password = sys.stdin.readline().strip()
        if len(password) < 12:
            raise CommandError("La contraseña debe tener al menos 12 caracteres.")
        user, _ = get_user_model().objects.get_or_create(
            username=usuario, defaults={"is_staff": True, "is_superuser": True}
        )
        user.is_staff = user.is_superuser = user.is_active = True
        user.set_password(password)
        user.save()
