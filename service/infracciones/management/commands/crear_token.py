"""Issues a token; it is shown once, on standard output and alone there."""

from django.contrib.admin.models import ADDITION
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from infracciones import tokens
from infracciones.history import record
from infracciones.models import Oficial, Token


class Command(BaseCommand):
    help = "Issues a token to an officer and shows it, once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("numero", help="the officer's unique number")

    def handle(self, *, numero: str, **options: object) -> None:
        oficial = Oficial.objects.filter(numero=numero).first()
        if oficial is None:
            raise CommandError(f"There is no officer {numero}: make one first, with crear_oficial.")
        with transaction.atomic():
            token = Token(oficial=oficial)
            secret = tokens.fill(token)
            token.save()
            record(token, ADDITION)
        self.stdout.write(secret)
