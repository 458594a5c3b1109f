"""Revokes all tokens of an officer."""

from django.contrib.admin.models import CHANGE
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from infracciones import tokens
from infracciones.history import record
from infracciones.models import Oficial


class Command(BaseCommand):
    help = "Revokes all tokens of an officer."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("numero", help="the officer's unique number")

    def handle(self, *, numero: str, **options: object) -> None:
        oficial = Oficial.objects.filter(numero=numero).first()
        if oficial is None:
            raise CommandError(f"There is no officer {numero}.")
        with transaction.atomic():
            revoked = tokens.revoke(oficial)
            for token in revoked:
                record(token, CHANGE, str(_("Revoked")))
        self.stderr.write(f"Tokens revoked: {len(revoked)}")
