"""The service as it is deployed, on a database of its own, for the tests that ask it over HTTP."""

import pytest
from django.contrib.auth import get_user_model
from infracciones.models import Infraccion
from testing.postgres import Postgres
from testing.server import environment, manage

_PEOPLE = """
from infracciones.models import Persona, Vehiculo
p = Persona.objects.create(nombre="Ana", correo="ana@ejemplo.com")
Vehiculo.objects.create(placa_patente="AB123CD", marca="Fiat", color="rojo", persona=p)
"""


@pytest.fixture(scope="module")
def live_postgres():
    server = Postgres()
    server.create()
    yield server
    server.remove()


@pytest.fixture(scope="module")
def env(live_postgres, tmp_path_factory):
    secrets = tmp_path_factory.mktemp("secrets")
    (secrets / "secret_key").write_text("k" * 64)
    (secrets / "database_password").write_text(live_postgres.password)
    return environment(live_postgres, secrets)


@pytest.fixture(scope="module")
def token(env):
    """A migrated database with an officer, whose token this is, and a vehicle."""
    for words, text in (
        (("manage", "comprobar_migraciones"), None),
        (("migrate",), ""),
        (("manage", "comprobar_migraciones"), ""),
        (("manage", "crear_oficial", "0042", "Inés"), ""),
        (("manage", "shell", "--no-imports"), _PEOPLE),
    ):
        done = manage(env, *words, text=text or "")
        assert (done.returncode == 0) is (text is not None), done.stderr
    return manage(env, "manage", "crear_token", "0042").stdout.strip()


@pytest.fixture
def plain_static_files(settings):
    """Pages without collected files; that they are collected is a test of its own."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}


@pytest.fixture
def quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # nobody guesses at it here


@pytest.fixture
def chief():
    return get_user_model().objects.create_superuser("jefa", password="una-clave-larga")


@pytest.fixture
def admin(client, chief):
    client.force_login(chief)
    return client


@pytest.fixture
def fines(officer, owner):
    vehicle = owner.vehiculos.get()
    moments = ["2026-03-04T23:30:00-03:00", "2026-03-05T00:30:00-03:00", "2026-04-01T12:00:00-03:00"]
    return [
        Infraccion.objects.create(vehiculo=vehicle, oficial=officer, timestamp=moment, comentarios=f"n{number}")
        for number, moment in enumerate(moments)
    ]
