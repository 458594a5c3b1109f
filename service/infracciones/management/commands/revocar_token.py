"""Revokes all tokens of an officer."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from infracciones import tokens
from infracciones.models import Oficial


class Command(BaseCommand):
    help = "Revoca todos los tokens de un oficial."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("numero", help="el número único del oficial")

    def handle(self, *, numero: str, **options: object) -> None:
        oficial = Oficial.objects.filter(numero=numero).first()
        if oficial is None:
            raise CommandError(f"No hay un oficial con el número {numero}.")
        self.stderr.write(f"Tokens revocados: {tokens.revoke(oficial)}")
