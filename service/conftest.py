"""Settings and database of the service's tests, set before Django reads its own."""

import json
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
import pytest

SERVICE = Path(__file__).resolve().parent
sys.path.insert(0, str(SERVICE))

from testing.postgres import SUPERUSER, Postgres  # noqa: E402

SERVER = Postgres()
SECRETS = SERVER.folder / "secrets"
SECRETS.mkdir()
(SECRETS / "secret_key").write_text(secrets.token_hex(32))
(SECRETS / "database_password").write_text(SERVER.password)
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "fines.settings",
    "SECRETS_DIR": str(SECRETS),
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "PUBLIC_URL": "https://testserver",
    "TIME_ZONE": "America/Argentina/Buenos_Aires",
    "DATABASE_HOST": str(SERVER.socket),
    "DATABASE_PORT": "5432",
    "DATABASE_NAME": "fines",
    "DATABASE_USER": SUPERUSER,
}
django.setup()


@pytest.fixture(scope="session")
def postgres() -> Postgres:
    """The tests' PostgreSQL server."""
    SERVER.create()
    return SERVER


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres: Postgres) -> None:
    """The server must run before Django makes its test database."""


def pytest_unconfigure() -> None:
    """Leave nothing behind, also where the tests were broken off."""
    SERVER.remove()


@pytest.fixture
def officer(db: None) -> Any:
    """An officer with a token, as `officer.token`."""
    from infracciones import tokens
    from infracciones.models import Oficial

    made = Oficial.objects.create(numero="A-0042", nombre="Inés Núñez")
    made.token = tokens.issue(made)
    return made


@pytest.fixture
def owner(db: None) -> Any:
    """A person with the vehicle AB123CD."""
    from infracciones.models import Persona, Vehiculo

    made = Persona.objects.create(nombre="José Peña", correo="Jose.Pena@Ejemplo.com")
    Vehiculo.objects.create(placa_patente="AB123CD", marca="Citroën", color="gris", persona=made)
    return made


@pytest.fixture
def load(client: Any, officer: Any, owner: Any) -> Callable[..., Any]:
    """Posts a fine of the officer; words replace fields (None leaves one out) or headers."""

    def post(*, body: object = None, key: str | None = None, token: str | None = None, **fields: object) -> Any:
        fine = {
            "placa_patente": "AB123CD",
            "timestamp": "2026-03-04T10:20:30-03:00",
            "comentarios": "Luz roja",
        } | fields
        headers = {"Authorization": f"Bearer {token or officer.token}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        content = body if body is not None else json.dumps({k: v for k, v in fine.items() if v is not None})
        return client.post("/cargar_infraccion", content, content_type="application/json", headers=headers)

    return post
