"""Makes persons, vehicles, officers and fines to look at, each marked as made up; or takes them away again."""

import random
from argparse import ArgumentParser
from datetime import timedelta

from django.contrib.admin.models import ADDITION, DELETION
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from infracciones.history import record
from infracciones.models import Infraccion, Oficial, Persona, Vehiculo

MARK = "(demo)"
DOMAIN = "demo.example"  # a name that nobody can have (RFC 2606)
_FIRST = [
    "Ana",
    "Bruno",
    "Carla",
    "Darío",
    "Elena",
    "Facundo",
    "Gabriela",
    "Hugo",
    "Inés",
    "Julián",
    "Karina",
    "Lautaro",
    "Malena",
    "Nicolás",
    "Olga",
    "Pablo",
]
_LAST = [
    "Acosta",
    "Benítez",
    "Castro",
    "Díaz",
    "Escobar",
    "Ferreyra",
    "Giménez",
    "Herrera",
    "Ibáñez",
    "Juárez",
    "Ledesma",
    "Molina",
    "Núñez",
    "Ojeda",
]
_MAKES = ("Fiat", "Ford", "Peugeot", "Renault", "Toyota", "Volkswagen", "Chevrolet", "Citroën")
_COLORS = ("blanco", "gris", "negro", "rojo", "azul", "verde")
_REASONS = (
    "Luz roja",
    "Exceso de velocidad: 78 km/h en zona de 60",
    "Estacionado en doble fila",
    "Sin cinturón de seguridad",
    "Uso del teléfono al conducir",
    "Estacionado sobre la senda peatonal",
    "Giro prohibido a la izquierda",
    "Sin luces bajas encendidas",
)
_NAMED = 5  # plates that a refusal names
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


class Command(BaseCommand):
    help = f"Makes demo data, plainly marked: names end in {MARK}, addresses in @{DOMAIN}, officers' numbers begin with DEMO."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--personas", type=int, default=40, help="how many persons (1 to 10000)")
        parser.add_argument("--infracciones", type=int, default=400, help="how many fines (0 to 200000)")
        parser.add_argument("--borrar", action="store_true", help="take all demo data away, and make none")

    def handle(self, *, personas: int, infracciones: int, borrar: bool, **options: object) -> None:
        if not (1 <= personas <= 10_000 and 0 <= infracciones <= 200_000):
            self.stderr.write("--personas takes 1 to 10000, --infracciones 0 to 200000")
            raise SystemExit(2)
        with transaction.atomic():
            gone = _forget()
            made = (0, 0, 0, 0) if borrar else _make(personas, infracciones)
        if any(gone):
            self.stderr.write("Taken away: {} persons, {} vehicles, {} officers, {} fines.".format(*gone))
        if not borrar:
            self.stderr.write("Made: {} persons, {} vehicles, {} officers, {} fines.".format(*made))


def _forget() -> tuple[int, int, int, int]:
    """Takes away what an earlier call made, and the demo officers' fines of it.

    Raises:
        CommandError: another officer has a fine of a demo vehicle, which is not this command's to take away.
    """
    fines = Infraccion.objects.filter(vehiculo__persona__correo__endswith=f"@{DOMAIN}")
    others = fines.exclude(oficial__numero__startswith="DEMO-")
    if plates := sorted(set(others.values_list("vehiculo__placa_patente", flat=True)))[:_NAMED]:
        raise CommandError(
            f"{others.count()} fines of demo vehicles ({', '.join(plates)}) are of officers who are no demo, and stay: give these "
            "vehicles another owner, or delete these fines in the office's pages, and type this again"
        )
    vehicles = Vehiculo.objects.filter(persona__correo__endswith=f"@{DOMAIN}")
    persons = Persona.objects.filter(correo__endswith=f"@{DOMAIN}")
    count = (persons.count(), vehicles.count(), 0, fines.count())
    what = f"datos de demostración: de todos, {count[1]} vehículos y {count[3]} infracciones"
    record(persons, DELETION, what)
    fines.delete()
    vehicles.delete()
    persons.delete()
    # An officer who has loaded fines of others, or files, stays.
    officers = Oficial.objects.filter(numero__startswith="DEMO-", infracciones=None, cargas=None)
    number = officers.count()
    record(officers, DELETION, "datos de demostración")
    officers.delete()
    return count[0], count[1], number, count[3]


def _make(persons: int, fines: int) -> tuple[int, int, int, int]:
    """The same persons and plates at each call; the fines are of the last sixty days."""
    chance = random.Random(20260304)  # noqa: S311  no secret
    owners = Persona.objects.bulk_create(
        Persona(nombre=f"{chance.choice(_FIRST)} {chance.choice(_LAST)} {MARK}", correo=f"persona{number:04d}@{DOMAIN}")
        for number in range(1, persons + 1)
    )
    plates: set[str] = set()
    while len(plates) < persons + persons // 3:
        letters = [chance.choice(_LETTERS) for _ in range(2)]
        plates.add(f"DE{chance.randrange(1000):03d}{''.join(letters)}")
    taken = set(Vehiculo.objects.filter(placa_patente__in=plates).values_list("placa_patente", flat=True))
    vehicles = Vehiculo.objects.bulk_create(
        Vehiculo(
            placa_patente=plate,
            marca=chance.choice(_MAKES),
            color=chance.choice(_COLORS),
            persona=owners[number % len(owners)],
        )
        for number, plate in enumerate(sorted(plates - taken))
    )
    officers = [
        Oficial.objects.get_or_create(
            numero=f"DEMO-{number:02d}", defaults={"nombre": f"{_FIRST[-number]} {_LAST[-number]} {MARK}"}
        )[0]
        for number in range(1, 7)
    ]
    now = timezone.now()
    Infraccion.objects.bulk_create(
        (
            Infraccion(
                vehiculo=chance.choice(vehicles),
                oficial=chance.choice(officers),
                timestamp=now - timedelta(seconds=chance.randrange(60 * 24 * 3600)),
                comentarios=f"{chance.choice(_REASONS)} {MARK}",
            )
            for _ in range(fines)
        ),
        batch_size=2000,
    )
    record(
        [*owners, *officers],
        ADDITION,
        f"datos de demostración: de todos, {len(vehicles)} vehículos y {fines} infracciones",
    )
    return len(owners), len(vehicles), len(officers), fines
