"""Officers with tokens and owners with vehicles, made in the running tier by the operator's own commands; plain test data."""

from __future__ import annotations

import json
import secrets
import ssl
from dataclasses import dataclass, field

import httpx

from rehearsal.checks import CheckError, Subject
from rehearsal.checks.kubectl import inside
from rehearsal.checks.pinned import Pinned

_NUMBER = "P{:03d}"  # of an officer
_AHEAD = 40  # tokens of each officer: more than a whole rehearsal asks for
_OFFICERS, _OWNERS = 10, 8  # to whom they are issued, and whose vehicles are known
_MAKE = """
import json, sys
from infracciones.models import Oficial, Persona, Vehiculo
from infracciones.tokens import issue
wanted = json.loads(sys.argv[1])
tokens = {}
for number in wanted["officers"]:
    officer, _ = Oficial.objects.get_or_create(numero=number, defaults={"nombre": f"Oficial de prueba {number}"})
    tokens[number] = [issue(officer) for _ in range(wanted["each"])]
for mail, plate in wanted["vehicles"]:
    owner, _ = Persona.objects.get_or_create(correo=mail, defaults={"nombre": f"Persona de prueba {mail}"})
    Vehiculo.objects.get_or_create(placa_patente=plate, defaults={"marca": "Prueba", "color": "gris", "persona": owner})
print(json.dumps(tokens))
"""


def administrator(subject: Subject) -> str:
    """Makes the administrator `admin`, as an operator does with manage.py; returns the password, which the secret has.

    Raises:
        CheckError: the command failed.
    """
    # pods have no password of an administrator: an operator chooses one
    password = secrets.token_urlsafe(18) if subject.in_pods else _secret(subject)
    manage(subject, "crear_administrador", "admin", text=password)
    return password


def _secret(subject: Subject) -> str:
    return subject.host.run("cat", "/run/fines/secrets/admin_password").stdout.strip()


def manage(subject: Subject, *words: str, text: str = "") -> str:
    """What manage.py says in a container of the host, or of a pod, given a text to read.

    Raises:
        CheckError: no container runs, or the command failed.
    """
    if subject.in_pods:
        done = inside(subject, "deploy/web", "/app/entrypoint", "manage", *words, input=text)
    else:
        done = subject.host.run("/opt/fines/host/bin/manage", *words, input=text, check=False)
    if done.returncode:
        raise CheckError(f"manage.py {' '.join(words)} failed: {done.stderr.strip()[-600:]}")
    return done.stdout


@dataclass(frozen=True)
class People:
    """Test people of a tier; the n-th plate belongs to the n-th owner, the n-th token to the n-th officer."""

    address: str
    domain: str
    tokens: tuple[str, ...]
    owners: tuple[str, ...]
    plates: tuple[str, ...]
    first: int = field(default=0, kw_only=True)  # of the officers, where these are not all of them

    @classmethod
    def make(cls, subject: Subject, *, officers: int, owners: int) -> People:
        """Makes what is not there yet, in a container of the host, as an operator would with manage.py.

        They are made once for many checks, since each such command takes a second, where nothing that was written is lost.
        """
        numbers, vehicles = _numbers(officers + 1), _vehicles(owners)  # one more, who reads
        if subject.keeps and len(numbers) <= _OFFICERS and owners <= _OWNERS:
            with subject.issuing:
                if not all(subject.tokens.get(number) for number in numbers):
                    subject.tokens = _made(subject, _numbers(_OFFICERS), _vehicles(_OWNERS), each=_AHEAD)
                tokens = [subject.tokens[number].pop() for number in numbers]
        else:
            made = _made(subject, numbers, vehicles, each=1)
            tokens = [made[number][0] for number in numbers]
        return cls(
            subject.address,
            subject.domain,
            tuple(tokens),
            tuple(mail for mail, _ in vehicles),
            tuple(plate for _, plate in vehicles),
        )

    def client(self, *, verify: ssl.SSLContext | bool = False, timeout: float = 30.0) -> httpx.Client:
        """A client that finds the domain at the host's address, as a resolver would tell it."""
        return httpx.Client(
            base_url=f"https://{self.domain}", transport=Pinned(self.address, self.domain, verify), timeout=timeout
        )

    def owner_of(self, plate: str) -> str:
        return self.owners[self.plates.index(plate)]

    def number_of(self, officer: int) -> str:
        """The number by which the service knows the n-th officer."""
        return _NUMBER.format(self.first + officer)

    @property
    def reader(self) -> dict[str, str]:
        """The token of somebody who posts nothing, so that the limit on posting does not count against reading."""
        return self.bearer(-1)

    def bearer(self, officer: int) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[officer]}"}


def _numbers(count: int) -> list[str]:
    return [_NUMBER.format(n) for n in range(count)]


def _vehicles(count: int) -> list[tuple[str, str]]:
    """The address of each owner, and the plate of the vehicle."""
    return [(f"persona{n}@prueba.example", f"PRU{n:03d}") for n in range(count)]


def _made(subject: Subject, numbers: list[str], vehicles: list[tuple[str, str]], *, each: int) -> dict[str, list[str]]:
    """New tokens by the officer's number, so many for each; officers, owners and vehicles are made if they are not there."""
    wanted = json.dumps({"officers": numbers, "vehicles": vehicles, "each": each})
    program = _MAKE.replace("json.loads(sys.argv[1])", f"json.loads({json.dumps(wanted)})")
    found: dict[str, list[str]] = json.loads(manage(subject, "shell", "--no-imports", text=program).splitlines()[-1])
    return found
