"""The photo of a fine: kept once, without its metadata, and seen by its officer alone."""

import io
import subprocess
import sys
import uuid
from pathlib import Path

import httpx
import pytest
from infracciones.models import Evidencia
from PIL import Image
from testing import bucket
from testing.bucket import kept
from testing.pictures import ORIENTATION, SECRET, picture

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("kind", "type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_a_photo_is_kept_without_its_metadata_and_seen_by_a_link(post_photo, client, officer, fine, media, kind, type):
    answer = post_photo(picture(kind))
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


def test_a_jpeg_keeps_every_pixel_and_its_orientation(post_photo, media):
    sent = picture("JPEG", (400, 300), orientation=6, quality=82, subsampling="4:2:0")
    assert post_photo(sent).status_code == 201
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


def test_what_follows_the_picture_is_not_kept(post_photo, media):
    assert post_photo(picture("JPEG") + b"PK\x03\x04 " + SECRET.encode()).status_code == 201
    assert SECRET.encode() not in kept(media)[0]


def test_the_uuid_of_the_device_names_the_fine_as_well(post_photo, fine):
    assert post_photo(picture("JPEG"), name=fine.dispositivo_id).status_code == 201
    for spelling in ("{}", "urn:uuid:{}"):
        assert post_photo(picture("JPEG"), name=spelling.format(fine.dispositivo_id).upper()).status_code == 409


def test_a_fine_without_a_photo_has_none_to_show(client, officer, fine):
    answer = client.get(f"/infracciones/{fine.pk}/evidencia", headers={"Authorization": f"Bearer {officer.token}"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "file", ["../../../etc/passwd.jpg", "C:\\fakepath\\foto.jpg", "a\0b.jpg", "x" * 5000 + ".jpg", "ñandú/../.jpg"]
)
def test_the_name_of_the_file_names_nothing(post_photo, media, file):
    assert post_photo(picture("JPEG"), file=file).status_code == 201
    [found] = media.objects.all()
    folder, year, month, name = found.key.split("/")
    assert folder == "evidencia"
    assert len(year) == 4 and len(month) == 2
    assert uuid.UUID(name.removesuffix(".jpg"))


def test_a_report_tells_which_fines_have_a_photo(post_photo, client):
    def told() -> list[bool]:
        return [
            each["evidencia"]
            for each in client.get("/generar_informe?correo=jose.pena@ejemplo.com").json()["infracciones"]
        ]

    assert told() == [False]
    post_photo(picture("JPEG"))
    assert told() == [True]


def test_a_photo_goes_with_its_fine(post_photo, fine, media, django_capture_on_commit_callbacks):
    post_photo(picture("JPEG"))
    assert len(kept(media)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        fine.delete()
    assert kept(media) == []


def test_a_process_that_meets_no_photo_does_not_load_the_library_for_aws(tmp_path: Path):
    program = "import django, sys; django.setup(); import fines.urls; print('botocore' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
