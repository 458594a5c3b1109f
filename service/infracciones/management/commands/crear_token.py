"""Issues a token; it is shown once, on standard output and alone there."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from infracciones import tokens
from infracciones.models import Oficial


class Command(BaseCommand):
    help = "Crea un token para un oficial y lo muestra una sola vez."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("numero", help="el número único del oficial")

    def handle(self, *, numero: str, **options: object) -> None:
        oficial = Oficial.objects.filter(numero=numero).first()
        if oficial is None:
            raise CommandError(f"No hay un oficial con el número {numero}: créelo antes, con crear_oficial.")
        self.stdout.write(tokens.issue(oficial))
