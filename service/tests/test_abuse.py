"""Files, words and names that cost little to send: they must cost little to read, and escape no rule."""

import base64
import gzip
import io
import re
import socket
import uuid
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from fines.storage import PrivateBucket
from infracciones.evidence.photos import TooManyPixels, without_metadata
from infracciones.models import Infraccion
from infracciones.tokens import bearer
from infracciones.uploads import bodies
from infracciones.uploads.bodies import PIECE, Body, BodyError, TooLarge, TooSlow
from infracciones.uploads.rows import MOST_BLANK, Unreadable, elements, lines
from infracciones.views import evidence, uploads
from PIL import Image
from testing.server import Server

FRONT = (Path(__file__).resolve().parents[2] / "stacks/host/nginx/fines.conf").read_text()
TOKEN = "A" * 43


def body(content: bytes, *, packed: bool = True) -> Body:
    return Body(io.BytesIO(content), announced=len(content), packed=packed, most=2**30)


def test_a_file_in_crumbs_is_not_read_crumb_by_crumb():
    """Of an element that comes in a thousand members its beginning would be read a thousand times."""
    text = b'["' + b"x" * 600_000 + b'"]'
    crumbs = b"".join(gzip.compress(text[at : at + 600]) for at in range(0, len(text), 600))
    pieces = list(body(crumbs).pieces())
    assert b"".join(pieces) == text
    assert all(len(piece) >= PIECE for piece in pieces[:-1])
    assert len(pieces) <= 3


def test_a_file_has_so_many_members_and_no_more():
    with pytest.raises(TooLarge):
        list(body(gzip.compress(b"") * (bodies.MOST_MEMBERS + 1)).pieces())


@pytest.mark.parametrize("zeros", [1, 512, PIECE, 2 * PIECE + 7])
def test_zeros_after_the_last_member_are_no_damage(zeros):
    packed = gzip.compress(b"{}\n") * 2 + bytes(zeros)
    assert b"".join(body(packed).pieces()) == b"{}\n" * 2
    with pytest.raises(BodyError):
        list(body(packed + b"x").pieces())


@pytest.mark.django_db
def test_a_file_takes_so_long_and_no_longer_and_is_not_called_too_large(monkeypatch, client, officer):
    monkeypatch.setattr(bodies, "SECONDS", -1.0)
    with pytest.raises(TooSlow):
        list(body(b"{}\n", packed=False).pieces())
    headers = {"Authorization": f"Bearer {officer.token}"}
    answer = client.post("/cargar_infracciones", b"{}\n", content_type="application/x-ndjson", headers=headers)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] and "otra vez" in answer.json()["mensaje"]


def test_a_file_has_so_many_blank_lines_and_no_more():
    assert list(lines([b"\n" * MOST_BLANK])) == []
    with pytest.raises(Unreadable):
        list(lines([b"\n" * (MOST_BLANK + 2)]))


def test_millions_of_spaces_are_passed_over():
    [row] = elements([b"[" + b" " * 5_000_000, b" " * 5_000_000 + b"1]"])
    assert row.value == 1


@pytest.mark.parametrize("header", [f"Bearer {TOKEN}", f"bearer  {TOKEN} ", f"BEARER {TOKEN}"])
def test_a_token_is_read_as_nginx_reads_it(header):
    assert bearer(header) == TOKEN


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[1:]}",
        f"Bearer\t{TOKEN}",
        f"Bearer {TOKEN}\t",
        f" Bearer {TOKEN}",
        f"Basic {TOKEN}",
    ],
)
def test_another_spelling_is_no_token(header):
    assert bearer(header) is None


def test_nginx_and_the_service_read_tokens_by_the_same_words():
    assert '"~*^bearer +([A-Za-z0-9_-]{43}) *$" $1;' in FRONT


@pytest.mark.parametrize(
    ("address", "legible"),
    [
        (b"/generar_informe?correo=%C3%B1%ff@x.y&a[]={}|^~'", True),
        ("/generar_informe?correo=ñ@x.y&b=中😀".encode(), True),
        (b"/token?" + "ñ".encode() * 3500, True),
        (b"/generar_informe?correo=\xf1@x.y", False),
        (b"/\xe0\x80\x80", False),
        (b"/\xed\xa0\x80", False),
        (b"/\xf4\x90\x80\x80", False),
        (b"/\xc3", False),
        (b"/token?<b>", False),
        (b'/token?a="b"', False),
    ],
)
def test_nginx_refuses_an_address_that_the_server_would_refuse_without_a_word(live, address, legible):
    """What is legible is no more, and no less, than what the server takes."""
    pattern = re.search(r'\$illegible \{.*?"~(.*?)" "";', FRONT, re.DOTALL)
    assert bool(re.fullmatch(pattern[1].encode(), address)) is legible
    with socket.create_connection(("127.0.0.1", live.port), timeout=10) as connection:
        connection.sendall(b"GET " + address + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert (b'"mensaje"' in answer) is legible, answer[:200]


def test_every_place_of_nginx_that_asks_the_service_looks_at_the_address_first():
    places = re.findall(r"\n  location (.*?) \{\n(.*?)\n  \}", FRONT.partition("listen 443")[2], re.DOTALL)
    asking = {name: text for name, text in places if ".inc" in text and "static" not in name and "internal" not in text}
    assert len(asking) == 8
    # Those with a name are come to from another alone.
    assert [name for name, text in asking.items() if "$unreadable" not in text] == ["@repeatable", "@upload", "@photo"]


def test_single_calls_of_an_address_are_counted_wherever_they_go():
    places = dict(re.findall(r"\n  location (.*?) \{\n(.*?)\n  \}", FRONT.partition("listen 443")[2], re.DOTALL))
    counted = {name for name, text in places.items() if "limit_conn address_all" in text}
    assert counted == {"/", "@repeatable", "/generar_informe"}


def test_photos_and_uploads_are_counted_by_themselves():
    zones = [zone for zone in re.findall(r"limit_conn (\w+) \d+;", FRONT) if zone != "address_all"]
    assert len(zones) == len(set(zones)) == 8, zones


def test_nginx_counts_a_file_once_it_knows_that_it_is_an_officers():
    places = dict(re.findall(r"\n  location (.*?) \{\n(.*?)\n  \}", FRONT.partition("listen 443")[2], re.DOTALL))
    counting = {name for name, text in places.items() if "limit_conn" in text.replace("limit_conn address_all", "")}
    assert counting == {"@upload", "@photo"}
    for name in counting:
        (door,) = [text for text in places.values() if f"try_files /_nowhere {name};" in text]
        assert "include /etc/nginx/fines/files.inc;" in door


@pytest.mark.parametrize(("length", "large"), [("0", False), ("9999999", False), ("10000000", True), ("", True)])
def test_a_day_of_one_device_is_a_small_file_and_one_of_unknown_size_is_not(length, large):
    pattern = re.search(r'map \$content_length \$large \{ default yes; "~(.*?)" "";', FRONT)
    assert re.search(pattern[1], length) is not large


@pytest.mark.parametrize(
    ("kind", "twice"),
    [
        ("application/json", False),
        ('multipart/form-data; boundary="a,b"', False),
        ("application/json, application/json", True),
        ('multipart/form-data; boundary="a,b", text/plain', True),
    ],
)
def test_two_kinds_of_content_are_seen_by_the_comma_between_them(kind, twice):
    pattern = re.search(r"\$http_content_type \$twice \{ default \"\"; '~(.*?)' yes;", FRONT)
    assert bool(re.search(pattern[1], kind)) is twice


@pytest.fixture(scope="module")
def live(env, token):
    with Server(env) as found:
        yield found


@pytest.mark.django_db
@pytest.mark.parametrize(
    "moment", ["2026-01-01T00:00:00+23:59", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
)
def test_a_cursor_that_somebody_made_up_is_422_or_a_page(client, owner, moment):
    cursor = base64.urlsafe_b64encode(f"{moment} 5".encode()).decode().rstrip("=")
    answer = client.get("/generar_informe", {"correo": owner.correo, "desde": cursor})
    assert answer.status_code in {200, 422}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("id", ["+2345678123456781234567812345678", "0x345678123456781234567812345678ab", "1" * 33])
def test_what_is_no_uuid_is_refused(client, officer, owner, id):
    row = f'{{"id": "{id}", "placa_patente": "AB123CD", "timestamp": 1772630430, "comentarios": ""}}'
    headers = {"Authorization": f"Bearer {officer.token}"}
    answer = client.post("/cargar_infracciones", row, content_type="application/x-ndjson", headers=headers)
    assert answer.json()["rechazadas"] == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("form", ["{}", "{{{}}}", "urn:uuid:{}"])
def test_a_uuid_is_taken_in_each_of_its_spellings(client, officer, owner, form):
    own = uuid.uuid4()
    for text in (str(own), own.hex.upper()):
        row = f'{{"id": "{form.format(text)}", "placa_patente": "AB123CD", "timestamp": 1772630430, "comentarios": ""}}'
        headers = {"Authorization": f"Bearer {officer.token}"}
        client.post("/cargar_infracciones", row, content_type="application/x-ndjson", headers=headers)
    assert Infraccion.objects.get().dispositivo_id == own


def test_a_webp_has_fewer_points_than_others_and_those_of_a_telephone():
    def webp(width, height):
        out = io.BytesIO()
        Image.new("RGB", (width, height)).save(out, "WEBP", quality=1, method=0)
        return io.BytesIO(out.getvalue())

    assert without_metadata(webp(4032, 3024)).type == "image/webp"
    with pytest.raises(TooManyPixels):
        without_metadata(webp(4000, 4000))


def test_a_link_names_the_bucket_in_its_own_region(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    address = PrivateBucket(bucket_name="photos", region_name="sa-east-1").url("evidencia/1.jpg")
    assert address.startswith("https://photos.s3.sa-east-1.amazonaws.com/evidencia/1.jpg?")


@pytest.mark.django_db
def test_a_third_photo_at_a_time_is_told_to_come_again(client, officer, owner):
    fine = Infraccion.objects.create(vehiculo=owner.vehiculos.get(), oficial=officer, timestamp="2026-03-04T10:20:30Z")
    headers = {"Authorization": f"Bearer {officer.token}"}
    with evidence._room.place(1), evidence._room.place(1):
        answer = client.post(f"/infracciones/{fine.pk}/evidencia", {}, headers=headers)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert client.post(f"/infracciones/{fine.pk}/evidencia", {}, headers=headers).status_code == 422


@pytest.mark.django_db
def test_files_of_both_kinds_together_leave_a_thread_free(client, officer, owner, monkeypatch):
    headers = {"Authorization": f"Bearer {officer.token}"}
    monkeypatch.setattr(uploads._room, "_wait", 0.2)
    with evidence._room.place(1), uploads._room.place(1), uploads._room.place(2):
        fine = client.post("/cargar_infraccion", "{}", content_type="application/json", headers=headers)
        file = client.post("/cargar_infracciones", b"x", content_type="application/x-ndjson", headers=headers)
    assert (fine.status_code, file.status_code) == (422, 503)
    assert file.json()["mensaje"] and file.headers["Retry-After"]


@pytest.mark.django_db
def test_a_delete_that_thousands_refuse_names_none_of_them(client, officer, owner, plain_static_files):
    vehicle = owner.vehiculos.get()
    Infraccion.objects.bulk_create(
        Infraccion(vehiculo=vehicle, oficial=officer, timestamp="2026-03-04T10:20:30Z") for _ in range(201)
    )
    client.force_login(get_user_model().objects.create_superuser("jefa"))
    answer = client.get(f"/admin/infracciones/oficial/{officer.pk}/delete/", follow=True)
    assert "No se puede eliminar" in answer.content.decode()
    assert officer.__class__.objects.filter(pk=officer.pk).exists()


def test_a_body_that_ends_early_is_told(monkeypatch):
    short = Body(io.BytesIO(b"{}"), announced=10, packed=False, most=100)
    with pytest.raises(BodyError):
        list(short.pieces())
