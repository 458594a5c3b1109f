"""Makes an administrator or gives one a new password, read from standard input: it is on no command line."""

import sys

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Makes an administrator, or changes the password of one; the password is read from standard input."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("usuario")

    def handle(self, *, usuario: str, **options: object) -> None:
        password = sys.stdin.readline().strip()
        if len(password) < 12:
            raise CommandError("The password must have at least 12 characters.")
        user, _ = get_user_model().objects.get_or_create(
            username=usuario, defaults={"is_staff": True, "is_superuser": True}
        )
        user.is_staff = user.is_superuser = user.is_active = True
        user.set_password(password)
        user.save()
