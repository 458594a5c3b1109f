"""The service as it is deployed, on a database of its own, for the tests that ask it over HTTP."""

import pytest
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
