"""What tests of several files ask for: the service as it is deployed, its bucket, its people, and who sends it what."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from infracciones.models import Infraccion
from testing import bucket
from testing.postgres import Postgres
from testing.server import environment, manage
from testing.uploads import NDJSON

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


@pytest.fixture(scope="session")
def bucket_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with bucket.served(tmp_path_factory.mktemp("bucket")) as found:
        yield found


@pytest.fixture
def media(bucket_endpoint: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The bucket, as boto3 sees it; the service is set to it."""
    for name, value in bucket.KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket_endpoint)
    s3 = boto3.resource("s3", region_name="us-east-1")
    s3.create_bucket(Bucket=bucket.NAME)
    options = {"bucket_name": bucket.NAME, "region_name": "us-east-1", "default_acl": None, "querystring_expire": 300}
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "fines.storage.PrivateBucket",
            "OPTIONS": options | {"file_overwrite": True, "addressing_style": "path"},
        }
    }
    yield s3.Bucket(bucket.NAME)
    s3.Bucket(bucket.NAME).objects.all().delete()


@pytest.fixture
def fine(officer: Any, owner: Any) -> Any:
    return Infraccion.objects.create(
        vehiculo=owner.vehiculos.get(),
        oficial=officer,
        timestamp="2026-03-04T10:20:30-03:00",
        dispositivo_id=uuid.uuid4(),
    )


@pytest.fixture
def post_photo(client: Any, officer: Any, fine: Any, media: Any) -> Callable[..., Any]:
    """Posts a photo of the fine."""

    def send(
        content: bytes, *, name: object = None, token: str | None = None, file: str = "foto.jpg", field: str = "foto"
    ) -> Any:
        return client.post(
            f"/infracciones/{name or fine.pk}/evidencia",
            {field: SimpleUploadedFile(file, content, "image/jpeg")},
            headers={"Authorization": f"Bearer {token or officer.token}"},
        )

    return send


@pytest.fixture
def upload(client: Any, officer: Any, owner: Any) -> Callable[..., Any]:
    """Posts an upload of the officer."""

    def post(content: bytes, *, type: str = NDJSON, token: str | None = None, **headers: str) -> Any:
        given = {"Authorization": f"Bearer {token or officer.token}"} | headers
        # the test client names no type of an empty body by itself
        return client.post("/cargar_infracciones", content, content_type=type, headers=given, CONTENT_TYPE=type)

    return post
