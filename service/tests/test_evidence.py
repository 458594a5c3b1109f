"""The photo of a fine: kept once, without its metadata, and seen by its officer alone."""

import io
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from infracciones import tokens
from infracciones.models import Evidencia, Infraccion, Oficial
from PIL import Image
from testing import bucket
from testing.pictures import ORIENTATION, SECRET, picture

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with bucket.served(tmp_path_factory.mktemp("bucket")) as found:
        yield found


@pytest.fixture
def media(endpoint: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The bucket, as boto3 sees it; the service is set to it."""
    for name, value in bucket.KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
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
def post(client: Any, officer: Any, fine: Any, media: Any) -> Callable[..., Any]:
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


def kept(media: Any) -> list[bytes]:
    return [each.get()["Body"].read() for each in media.objects.all()]


@pytest.mark.parametrize(("kind", "type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_a_photo_is_kept_without_its_metadata_and_seen_by_a_link(post, client, officer, fine, media, kind, type):
    answer = post(picture(kind))
    assert answer.status_code == 201, answer.content
    assert answer.headers["Location"] == f"/infracciones/{fine.pk}/evidencia"
    [content] = kept(media)
    assert SECRET.encode() not in content
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size) == (kind, (64, 48))
        assert not image.getexif()
        assert not {"xmp", "icc_profile", "comment", "Comment"} & image.info.keys()
    found = client.get(answer.headers["Location"], headers={"Authorization": f"Bearer {officer.token}"})
    assert found.status_code == 200
    assert "X-Amz-Expires=300" in found.json()["url"]
    assert found.json()["vence"].endswith("-03:00")
    seen = httpx.get(found.json()["url"])
    assert (seen.status_code, seen.headers["Content-Type"], seen.content) == (200, type, content)


def test_a_jpeg_keeps_every_pixel_and_its_orientation(post, media):
    sent = picture("JPEG", (400, 300), orientation=6, quality=82, subsampling="4:2:0")
    assert post(sent).status_code == 201
    [content] = kept(media)
    with Image.open(io.BytesIO(sent)) as before, Image.open(io.BytesIO(content)) as after:
        assert dict(after.getexif()) == {ORIENTATION: 6}
        assert after.quantization == before.quantization
        pairs = zip(before.tobytes(), after.tobytes(), strict=True)
        assert max(abs(a - b) for a, b in pairs) <= 2


def test_without_credentials_a_link_is_503_and_the_office_is_told(
    client, officer, fine, media, monkeypatch, tmp_path, django_user_model, plain_static_files
):
    Evidencia.objects.create(infraccion=fine, archivo="x.jpg", tipo="image/jpeg", bytes=1, resumen=b"x" * 32)
    for name in bucket.KEYS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    answer = client.get(f"/infracciones/{fine.pk}/evidencia", headers={"Authorization": f"Bearer {officer.token}"})
    assert answer.status_code == 503, answer.content
    assert answer.json()["mensaje"] and answer.headers["Retry-After"]
    client.force_login(django_user_model.objects.create_superuser("jefa"))
    page = client.get(f"/admin/infracciones/infraccion/{fine.pk}/change/")
    assert page.status_code == 200
    assert "Hay una foto; por ahora no se puede mostrar." in page.content.decode()


def test_what_follows_the_picture_is_not_kept(post, media):
    assert post(picture("JPEG") + b"PK\x03\x04 " + SECRET.encode()).status_code == 201
    assert SECRET.encode() not in kept(media)[0]


def test_the_uuid_of_the_device_names_the_fine_as_well(post, fine):
    assert post(picture("JPEG"), name=fine.dispositivo_id).status_code == 201
    for spelling in ("{}", "urn:uuid:{}"):
        assert post(picture("JPEG"), name=spelling.format(fine.dispositivo_id).upper()).status_code == 409


def test_a_second_photo_is_refused_and_the_first_stays(post, media):
    assert post(picture("PNG")).status_code == 201
    [before] = kept(media)
    answer = post(picture("JPEG"))
    assert answer.status_code == 409
    assert answer.json()["mensaje"]
    assert kept(media) == [before]


def test_another_officer_neither_sees_nor_makes_evidence(post, client, fine, media):
    other = tokens.issue(Oficial.objects.create(numero="A-0043", nombre="Otra"))
    for name in (fine.pk, fine.dispositivo_id, 10**30, 0, "x", "²", "../../etc", uuid.uuid4()):
        stranger = post(picture("JPEG"), name=name, token=other)
        assert stranger.status_code == 404
        assert (
            client.get(f"/infracciones/{name}/evidencia", headers={"Authorization": f"Bearer {other}"}).status_code
            == 404
        )
    assert kept(media) == []
    assert post(picture("JPEG"), token="nobody").status_code == 401
    assert client.get(f"/infracciones/{fine.pk}/evidencia").status_code == 401


def test_a_fine_without_a_photo_has_none_to_show(client, officer, fine):
    answer = client.get(f"/infracciones/{fine.pk}/evidencia", headers={"Authorization": f"Bearer {officer.token}"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a" + b"\0" * 100,
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\xff\xd8\xff\xe0 not really",
        b"%PDF-1.7",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 64,
        b"RIFF\x10\0\0\0WEBPVP8 ",
    ],
)
def test_what_is_no_photo_is_refused_whatever_it_is_called(post, media, content):
    answer = post(content)
    assert answer.status_code in {415, 422}
    assert answer.json()["mensaje"]
    assert kept(media) == []
    assert not Evidencia.objects.exists()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_half_a_photo_is_refused(post, kind):
    content = picture(kind, (640, 480))
    assert post(content[: len(content) * 2 // 3]).status_code == 415


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animation_is_no_photo(post, kind):
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, kind, save_all=True, append_images=frames[1:])
    assert post(out.getvalue()).status_code == 415


def test_a_picture_that_unpacks_to_very_much_is_refused_before_it_is_unpacked(post, monkeypatch):
    out = io.BytesIO()
    Image.new("1", (16_000, 16_000)).save(out, "PNG")
    assert len(out.getvalue()) < 100_000
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("it was unpacked"))
    assert post(out.getvalue()).status_code == 413


def test_more_than_ten_mebibytes_are_refused(post, client, officer, fine):
    assert post(picture("JPEG") + b"\0" * 10 * 2**20).status_code == 413
    headers = {"Authorization": f"Bearer {officer.token}", "Content-Length": str(2**30)}
    form = "multipart/form-data; boundary=x"
    answer = client.post(
        f"/infracciones/{fine.pk}/evidencia", b"--x", content_type=form, headers=headers, CONTENT_LENGTH=2**30
    )
    assert answer.status_code == 413


def test_a_field_of_text_beside_the_photo_is_too_large_as_well(client, officer, fine, media):
    form = {"nota": "x" * 3_000_000, "foto": SimpleUploadedFile("foto.jpg", picture("JPEG"), "image/jpeg")}
    headers = {"Authorization": f"Bearer {officer.token}"}
    answer = client.post(f"/infracciones/{fine.pk}/evidencia", form, headers=headers)
    assert (answer.status_code, kept(media)) == (413, [])


@pytest.mark.parametrize(
    "file", ["../../../etc/passwd.jpg", "C:\\fakepath\\foto.jpg", "a\0b.jpg", "x" * 5000 + ".jpg", "ñandú/../.jpg"]
)
def test_the_name_of_the_file_names_nothing(post, media, file):
    assert post(picture("JPEG"), file=file).status_code == 201
    [found] = media.objects.all()
    folder, year, month, name = found.key.split("/")
    assert folder == "evidencia"
    assert len(year) == 4 and len(month) == 2
    assert uuid.UUID(name.removesuffix(".jpg"))


def test_a_form_that_is_none_or_lacks_the_photo_is_refused(client, officer, fine, post):
    address, headers = f"/infracciones/{fine.pk}/evidencia", {"Authorization": f"Bearer {officer.token}"}
    assert client.post(address, b"x", content_type="image/jpeg", headers=headers).status_code == 415
    assert client.post(address, b"x", content_type="multipart/form-data", headers=headers).status_code == 400
    assert post(picture("JPEG"), field="otra").status_code == 422
    assert client.put(address, headers=headers).status_code == 405


def test_a_bucket_that_refuses_leaves_no_record(post, media, settings, monkeypatch):
    monkeypatch.setitem(settings.STORAGES["default"]["OPTIONS"], "bucket_name", "no-such-bucket-anywhere")
    settings.STORAGES = dict(settings.STORAGES)  # what was made of the old settings is forgotten
    answer = post(picture("JPEG"))
    assert answer.status_code == 503
    assert not Evidencia.objects.exists()


def test_a_report_tells_which_fines_have_a_photo(post, client):
    def told() -> list[bool]:
        return [
            each["evidencia"]
            for each in client.get("/generar_informe?correo=jose.pena@ejemplo.com").json()["infracciones"]
        ]

    assert told() == [False]
    post(picture("JPEG"))
    assert told() == [True]


def test_a_photo_goes_with_its_fine(post, fine, media, django_capture_on_commit_callbacks):
    post(picture("JPEG"))
    assert len(kept(media)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        fine.delete()
    assert kept(media) == []


@pytest.mark.django_db(transaction=True)
def test_of_two_photos_that_arrive_together_one_is_kept(client, officer, fine, media):
    answers, together = [], threading.Barrier(2)

    def send() -> None:
        together.wait()
        upload = {"foto": SimpleUploadedFile("a.jpg", picture("JPEG"), "image/jpeg")}
        headers = {"Authorization": f"Bearer {officer.token}"}
        answers.append(
            client.__class__().post(f"/infracciones/{fine.pk}/evidencia", upload, headers=headers).status_code
        )
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, 409]
    assert len(kept(media)) == 1


def test_a_process_that_meets_no_photo_does_not_load_the_library_for_aws(tmp_path: Path):
    program = "import django, sys; django.setup(); import fines.urls; print('botocore' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
