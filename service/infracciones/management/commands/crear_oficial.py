"""Makes an officer, or changes the name of one."""

from django.core.management.base import BaseCommand, CommandParser

from infracciones.models import Oficial


class Command(BaseCommand):
    help = "Crea un oficial con su número único, o le cambia el nombre."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("numero")
        parser.add_argument("nombre")

    def handle(self, *, numero: str, nombre: str, **options: object) -> None:
        oficial, made = Oficial.objects.update_or_create(numero=numero, defaults={"nombre": nombre})
        self.stderr.write(f"{'Creado' if made else 'Actualizado'}: {oficial}")
