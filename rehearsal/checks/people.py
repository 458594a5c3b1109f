"""Officers with tokens and owners with vehicles, made in the running tier by the operator's own commands; plain test data."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

import httpx

from rehearsal.checks import CheckError, Subject

_MAKE = """
import json, sys
from infracciones.models import Oficial, Persona, Vehiculo
from infracciones.tokens import issue
wanted = json.loads(sys.argv[1])
tokens = []
for number in wanted["officers"]:
    officer, _ = Oficial.objects.get_or_create(numero=number, defaults={"nombre": f"Oficial de prueba {number}"})
    tokens.append(issue(officer))
for mail, plate in wanted["vehicles"]:
    owner, _ = Persona.objects.get_or_create(correo=mail, defaults={"nombre": f"Persona de prueba {mail}"})
    Vehiculo.objects.get_or_create(placa_patente=plate, defaults={"marca": "Prueba", "color": "gris", "persona": owner})
print(json.dumps(tokens))
"""


@dataclass(frozen=True)
class People:
    """Test people of a tier; the n-th plate belongs to the n-th owner, the n-th token to the n-th officer."""

    address: str
    domain: str
    tokens: tuple[str, ...]
    owners: tuple[str, ...]
    plates: tuple[str, ...]

    @classmethod
    def make(cls, subject: Subject, *, officers: int, owners: int) -> People:
        """Makes what is not there yet, in a container of the host, as an operator would with manage.py."""
        import json

        numbers = [f"P{n:03d}" for n in range(officers + 1)]  # one more, who reads
        vehicles = [(f"persona{n}@prueba.example", f"PRU{n:03d}") for n in range(owners)]
        host = subject.host
        running = host.run("podman", "ps", "--format", "{{.Names}}", "--filter", "name=fines-web").stdout.split()
        if not running:
            raise CheckError("no container of the service runs on the host")
        program = _MAKE.replace(
            "json.loads(sys.argv[1])",
            f"json.loads({json.dumps(json.dumps({'officers': numbers, 'vehicles': vehicles}))})",
        )
        done = host.run(
            "podman",
            "exec",
            "-i",
            running[0],
            "/app/entrypoint",
            "manage",
            "shell",
            "--no-imports",
            input=program,
            check=False,
        )
        if done.returncode:
            raise CheckError(f"test people could not be made: {done.stderr[-600:]}")
        tokens = json.loads(done.stdout.splitlines()[-1])
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
            base_url=f"https://{self.domain}", transport=_Pinned(self.address, self.domain, verify), timeout=timeout
        )

    @property
    def reader(self) -> dict[str, str]:
        """The token of somebody who posts nothing, so that the limit on posting does not count against reading."""
        return self.bearer(-1)

    def bearer(self, officer: int) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[officer]}"}


class _Pinned(httpx.BaseTransport):
    """Connects to one address, whatever a URL's name; the name goes into SNI and the Host header."""

    def __init__(self, address: str, domain: str, verify: ssl.SSLContext | bool) -> None:
        self._address, self._domain = address, domain
        self._inner = httpx.HTTPTransport(verify=verify, limits=httpx.Limits(max_keepalive_connections=32))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["sni_hostname"] = self._domain
        request.url = request.url.copy_with(host=self._address)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()
