"""What is no photo, or not this officer's, or comes twice: it is refused, and nothing of it is kept."""

import io
import threading
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from infracciones import tokens
from infracciones.models import Evidencia, Oficial
from PIL import Image
from testing.bucket import kept
from testing.pictures import picture

pytestmark = pytest.mark.django_db


def test_a_second_photo_is_refused_and_the_first_stays(post_photo, media):
    assert post_photo(picture("PNG")).status_code == 201
    [before] = kept(media)
    answer = post_photo(picture("JPEG"))
    assert answer.status_code == 409
    assert answer.json()["mensaje"]
    assert kept(media) == [before]


def test_another_officer_neither_sees_nor_makes_evidence(post_photo, client, fine, media):
    other = tokens.issue(Oficial.objects.create(numero="A-0043", nombre="Otra"))
    for name in (fine.pk, fine.dispositivo_id, 10**30, 0, "x", "²", "../../etc", uuid.uuid4()):
        stranger = post_photo(picture("JPEG"), name=name, token=other)
        assert stranger.status_code == 404
        assert (
            client.get(f"/infracciones/{name}/evidencia", headers={"Authorization": f"Bearer {other}"}).status_code
            == 404
        )
    assert kept(media) == []
    assert post_photo(picture("JPEG"), token="nobody").status_code == 401
    assert client.get(f"/infracciones/{fine.pk}/evidencia").status_code == 401


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
def test_what_is_no_photo_is_refused_whatever_it_is_called(post_photo, media, content):
    answer = post_photo(content)
    assert answer.status_code in {415, 422}
    assert answer.json()["mensaje"]
    assert kept(media) == []
    assert not Evidencia.objects.exists()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_half_a_photo_is_refused(post_photo, kind):
    content = picture(kind, (640, 480))
    assert post_photo(content[: len(content) * 2 // 3]).status_code == 415


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animation_is_no_photo(post_photo, kind):
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, kind, save_all=True, append_images=frames[1:])
    assert post_photo(out.getvalue()).status_code == 415


def test_a_picture_that_unpacks_to_very_much_is_refused_before_it_is_unpacked(post_photo, monkeypatch):
    out = io.BytesIO()
    Image.new("1", (16_000, 16_000)).save(out, "PNG")
    assert len(out.getvalue()) < 100_000
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("it was unpacked"))
    assert post_photo(out.getvalue()).status_code == 413


def test_more_than_ten_mebibytes_are_refused(post_photo, client, officer, fine):
    assert post_photo(picture("JPEG") + b"\0" * 10 * 2**20).status_code == 413
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


def test_a_form_that_is_none_or_lacks_the_photo_is_refused(client, officer, fine, post_photo):
    address, headers = f"/infracciones/{fine.pk}/evidencia", {"Authorization": f"Bearer {officer.token}"}
    assert client.post(address, b"x", content_type="image/jpeg", headers=headers).status_code == 415
    assert client.post(address, b"x", content_type="multipart/form-data", headers=headers).status_code == 400
    assert post_photo(picture("JPEG"), field="otra").status_code == 422
    assert client.put(address, headers=headers).status_code == 405


def test_a_bucket_that_refuses_leaves_no_record(post_photo, media, settings, monkeypatch):
    monkeypatch.setitem(settings.STORAGES["default"]["OPTIONS"], "bucket_name", "no-such-bucket-anywhere")
    settings.STORAGES = dict(settings.STORAGES)  # what was made of the old settings is forgotten
    answer = post_photo(picture("JPEG"))
    assert answer.status_code == 503
    assert not Evidencia.objects.exists()


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
