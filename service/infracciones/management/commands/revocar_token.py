"""Revokes all tokens of an officer."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from infracciones import tokens
from infracciones.models import Oficial


class Command(BaseCommand):
    help = "Revokes all tokens of an officer."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("numero", help="the officer's unique number")

    def handle(self, *, numero: str, **options: object) -> None:
        oficial = Oficial.objects.filter(numero=numero).first()
        if oficial is None:
            raise CommandError(f"There is no officer {numero}.")
        self.stderr.write(f"Tokens revoked: {tokens.revoke(oficial)}")
