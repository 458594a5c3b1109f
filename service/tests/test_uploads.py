"""The offline upload: what a device wrote while it had no network."""

import gzip
import json
from typing import Any

import pytest
from django.utils import timezone
from infracciones import tokens
from infracciones.models import Carga, Infraccion, Oficial
from testing.uploads import NDJSON, counts, fine, ndjson

# What is staged goes when a transaction is committed: a test inside one would see the last upload's rows.
pytestmark = pytest.mark.django_db(transaction=True)


def test_each_row_is_taken_once_however_often_the_file_comes(upload: Any, officer: Any) -> None:
    content = ndjson(fine(comentarios=f"fila {n}") for n in range(5))
    assert counts(upload(content)) == (5, 5, 0, 0)
    assert counts(upload(content)) == (5, 0, 5, 0)
    assert counts(upload(content[: content.index(b"\n") + 1])) == (1, 0, 1, 0)
    assert Infraccion.objects.filter(oficial=officer).count() == 5


def test_each_row_is_kept_as_its_device_wrote_it(upload: Any, officer: Any) -> None:
    rows = [
        fine(timestamp="2026-03-04T10:20:30.125-03:00", comentarios="Luz roja"),
        fine(timestamp=1772630430.5, comentarios="Exceso de velocidad", placa_patente="ab 123-cd"),
    ]
    upload(ndjson(rows))
    kept = Infraccion.objects.order_by("timestamp").values_list(
        "dispositivo_id", "timestamp", "comentarios", "vehiculo__placa_patente", "oficial"
    )
    assert [(str(id), at.timestamp(), *rest) for id, at, *rest in kept] == [
        (rows[0]["id"], 1772630430.125, "Luz roja", "AB123CD", officer.pk),
        (rows[1]["id"], 1772630430.5, "Exceso de velocidad", "AB123CD", officer.pk),
    ]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("array", [False, True])
def test_both_formats_come_plain_or_packed(upload: Any, array: bool, packed: bool) -> None:
    rows = [fine(), fine()]
    content = json.dumps(rows).encode() if array else ndjson(rows)
    headers = {"Content-Encoding": "gzip"} if packed else {}
    answer = upload(
        gzip.compress(content) if packed else content, type="application/json" if array else NDJSON, **headers
    )
    assert counts(answer) == (2, 2, 0, 0)


def test_who_sent_which_file_is_recorded(upload: Any, officer: Any) -> None:
    import hashlib

    content = ndjson([fine(), fine(placa_patente="ZZ999ZZ")])
    upload(content)
    record = Carga.objects.get()
    assert abs((timezone.now() - record.recibida).total_seconds()) < 60
    assert (record.oficial, bytes(record.resumen), record.bytes) == (
        officer,
        hashlib.sha256(content).digest(),
        len(content),
    )
    assert (record.recibidas, record.nuevas, record.repetidas, record.rechazadas) == (2, 1, 0, 1)
    assert Infraccion.objects.get().carga == record


@pytest.mark.parametrize("content", [b"", b"\n \r\n\n", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("type", [NDJSON, "application/json"])
def test_an_empty_file_has_no_rows(upload: Any, content: bytes, type: str) -> None:
    assert counts(upload(content, type=type)) == (0, 0, 0, 0)


def test_lines_are_counted_with_blank_ones_and_line_ends_of_windows_do_not_matter(upload: Any) -> None:
    content = b"\xef\xbb\xbf" + ndjson([fine()]).replace(b"\n", b"\r\n") + b"\r\n\r\nno json\r\n" + ndjson([fine()])
    answer = upload(content)
    assert counts(answer) == (3, 2, 0, 1)
    assert answer.json()["detalle"][0]["linea"] == 4


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (b'{"id": 1', "no se puede leer"),
        (b"\xff\xfe", "no se puede leer"),
        (b'{"id": "x", "id": "y"}', "no se puede leer"),
        (b"[" * 60_000, "no se puede leer"),
        (b"[" * 100_000, "demasiado larga"),
        (b'"' + b"x" * 70_000 + b'"', "demasiado larga"),
        (b"17", "objeto JSON"),
        (ndjson([fine(id=None)]).strip(), "id: Escriba el UUID"),
        (ndjson([fine(placa_patente="NO-HAY")]).strip(), "placa"),
        (ndjson([fine(comentarios="a\0b")]).strip(), "comentarios"),
        (ndjson([fine(timestamp="9999-12-31T00:00:00Z")]).strip(), "futuro"),
        (ndjson([fine(placa_patente="X" * 10_000)]).strip(), "placa_patente"),
    ],
)
def test_a_row_that_is_no_fine_costs_itself_alone(upload: Any, row: bytes, said: str) -> None:
    answer = upload(ndjson([fine()]) + row + b"\n" + ndjson([fine()]))
    assert counts(answer) == (3, 2, 0, 1)
    [refused] = answer.json()["detalle"]
    assert (refused["linea"], refused["estado"]) == (2, "rechazada")
    assert said in refused["mensaje"]


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'[{"id": 1}',
        b"[1,]",
        b"[1 2]",
        b"[1] x",
        b"{}",
        b'["\xff"]',
        b'[{"a": 1, "a": 2}]',
        b"[" + b'{"a": "' + b"x" * 2_000_000,
    ],
)
def test_an_array_is_one_document(upload: Any, content: bytes) -> None:
    answer = upload(content, type="application/json")
    assert answer.status_code == 400
    assert answer.json()["mensaje"]
    assert not Infraccion.objects.exists()


def test_numbers_are_whole_wherever_a_piece_of_the_body_ends(upload: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for piece in (1, 2, 3, 7):
        monkeypatch.setattr("infracciones.uploads.bodies.PIECE", piece)
        rows = [fine(timestamp=1_772_630_430.25), fine(comentarios="ñandú 🚦"), 12345]
        content = json.dumps(rows, ensure_ascii=False).encode()
        others = b", 1.5, 1e3, -2.5E+10, 0, true, null, 7e-1]"
        assert counts(upload(content[:-1] + others, type="application/json")) == (10, 2, 0, 8)
        assert counts(upload(gzip.compress(ndjson(rows)), **{"Content-Encoding": "gzip"})) == (3, 0, 2, 1)


def test_the_same_id_with_another_content_is_refused_and_the_first_stands(upload: Any) -> None:
    first = fine()
    other = first | {"comentarios": "otra cosa", "id": first["id"].upper()}
    answer = upload(ndjson([first, other, first]))
    assert counts(answer) == (3, 1, 1, 1)
    assert "ya pertenece a otra" in answer.json()["detalle"][0]["mensaje"]
    assert counts(upload(ndjson([other]))) == (1, 0, 0, 1)
    assert Infraccion.objects.get().comentarios == "Luz roja"


def test_of_two_rows_with_one_id_the_first_that_can_be_taken_stands(upload: Any) -> None:
    wrong = fine(placa_patente="NOHAY")
    answer = upload(ndjson([wrong, wrong | {"placa_patente": "AB123CD"}]))
    assert counts(answer) == (2, 1, 0, 1)
    (refused,) = answer.json()["detalle"]
    assert refused["linea"] == 1
    assert "No hay un vehículo con esa placa" in refused["mensaje"]


@pytest.mark.parametrize("spelling", [str.upper, lambda id: id.replace("-", ""), lambda id: f"{{{id}}}"])
@pytest.mark.parametrize("wrong", [{"placa_patente": "NOHAY"}, {"timestamp": "ayer"}])
def test_a_device_finds_what_was_refused_by_the_id_that_it_wrote(upload: Any, spelling: Any, wrong: Any) -> None:
    row = fine(**wrong)
    row["id"] = spelling(row["id"])
    (refused,) = upload(ndjson([fine(), row])).json()["detalle"]
    assert (refused["linea"], refused["id"]) == (2, row["id"])


def test_an_id_is_the_same_in_each_of_its_spellings(upload: Any) -> None:
    plain = "12345678-1234-5678-1234-56781234567a"
    others = (plain.upper(), plain.replace("-", ""), f"{{{plain}}}", f"urn:uuid:{plain}", f"URN:UUID:{{{plain}}}")
    assert counts(upload(ndjson(fine(id=id) for id in (plain, *others)))) == (6, 1, 5, 0)


def test_another_officers_id_is_another_id(upload: Any) -> None:
    row = fine()
    other = tokens.issue(Oficial.objects.create(numero="A-0043", nombre="Otro"))
    assert counts(upload(ndjson([row]))) == (1, 1, 0, 0)
    assert counts(upload(ndjson([row]), token=other)) == (1, 1, 0, 0)


def test_a_cut_gzip_and_a_damaged_one_take_nothing(upload: Any) -> None:
    packed = gzip.compress(ndjson(fine() for _ in range(100)))
    for content in (packed[:-1], packed[:-6], packed[:50], packed[:-8] + bytes(8), b"no gzip"):
        assert upload(content, **{"Content-Encoding": "gzip"}).status_code == 400
    assert not Infraccion.objects.exists()
    assert not Carga.objects.exists()


def test_more_rows_and_more_bytes_than_allowed_take_nothing(upload: Any, settings: Any) -> None:
    settings.UPLOAD_ROWS = 3
    assert upload(ndjson(fine() for _ in range(4))).status_code == 413
    settings.UPLOAD_ROWS, settings.UPLOAD_BYTES = 50_000, 2**20
    assert upload(gzip.compress(b" " * 2**26), **{"Content-Encoding": "gzip"}).status_code == 413
    assert not Infraccion.objects.exists()


@pytest.mark.parametrize(
    ("type", "packing"), [("text/csv", "gzip"), (NDJSON, "br"), (f"{NDJSON}; charset=latin-1", "identity")]
)
def test_another_type_or_coding_is_refused(upload: Any, type: str, packing: str) -> None:
    assert upload(b"", type=type, **{"Content-Encoding": packing}).status_code == 415


def test_no_token_no_upload(client: Any, upload: Any) -> None:
    assert client.post("/cargar_infracciones", b"", content_type=NDJSON).status_code == 401
    assert upload(b"", token="unknown").status_code == 401
