"""Makes an administrator or gives one a new password, read from standard input: it is on no command line."""

import sys

from django.contrib.admin.models import ADDITION, CHANGE
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from infracciones.history import record


class Command(BaseCommand):
    help = "Makes an administrator, or changes the password of one; the password is read from standard input."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("usuario")

    def handle(self, *, usuario: str, **options: object) -> None:
        password = sys.stdin.readline().strip()
        if len(password) < 12:
            raise CommandError("The password must have at least 12 characters.")
        with transaction.atomic():
            user, made = get_user_model().objects.get_or_create(username=usuario)
            user.is_staff = user.is_superuser = user.is_active = True
            user.set_password(password)
            user.save()
            record(user, ADDITION if made else CHANGE)
