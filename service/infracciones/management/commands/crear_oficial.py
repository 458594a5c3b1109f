"""Makes an officer, or changes the name of one."""

from django.contrib.admin.models import ADDITION, CHANGE
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from infracciones.history import record
from infracciones.models import Oficial


class Command(BaseCommand):
    help = "Makes an officer with a unique number, or changes the name of one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("numero")
        parser.add_argument("nombre")

    def handle(self, *, numero: str, nombre: str, **options: object) -> None:
        with transaction.atomic():
            oficial, made = Oficial.objects.update_or_create(numero=numero, defaults={"nombre": nombre})
            record(oficial, ADDITION if made else CHANGE)
        self.stderr.write(f"{'Made' if made else 'Renamed'}: {oficial}")
