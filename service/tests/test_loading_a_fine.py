"""POST /cargar_infraccion, row by row of its contract."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from infracciones.models import Infraccion, Token

pytestmark = pytest.mark.django_db


def test_a_fine_is_stored_and_answered_with_its_five_fields(load, officer):
    answer = load(placa_patente="ab 123-cd", comentarios="Cruzó con luz roja, señalización óptima")
    fine = Infraccion.objects.get()
    assert answer.status_code == 200
    assert answer.json() == {
        "mensaje": "Infracción registrada.",
        "infraccion": {
            "id": fine.pk,
            "placa_patente": "AB123CD",
            "timestamp": "2026-03-04T10:20:30-03:00",
            "comentarios": "Cruzó con luz roja, señalización óptima",
            "oficial": "A-0042",
        },
    }
    assert fine.timestamp == datetime(2026, 3, 4, 13, 20, 30, tzinfo=UTC)
    assert fine.oficial == officer and fine.vehiculo.placa_patente == "AB123CD"
    assert "Idempotent-Replayed" not in answer.headers


def test_letters_with_accents_are_sent_as_they_are_and_not_escaped(load):
    assert "señal".encode() in load(comentarios="señal").content


def test_a_fine_takes_one_statement_of_sql(load, django_assert_num_queries, monkeypatch):
    from infracciones import registration

    statements = []
    row = registration._row
    monkeypatch.setattr(registration, "_row", lambda statement, values: statements.append(1) or row(statement, values))
    with django_assert_num_queries(0):  # none goes through the ORM
        assert load(key="k").status_code == 200
    assert len(statements) == 1


def test_a_slash_at_the_end_is_accepted(client, load, officer):
    answer = client.post(
        "/cargar_infraccion/",
        json.dumps({"placa_patente": "AB123CD", "timestamp": 1772630430, "comentarios": ""}),
        content_type="application/json",
        headers={"Authorization": f"bearer {officer.token}"},
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic QQ==", "Bearer nobody", "Bearer \xff\xfe", "Token x"]
)
def test_without_a_token_that_works_it_is_401_whatever_the_body_is(client, owner, header):
    headers = {} if header is None else {"Authorization": header}
    for body in ("{}", "not json"):
        answer = client.post("/cargar_infraccion", body, content_type="application/json", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.json()["mensaje"]
    assert not Infraccion.objects.exists()


@pytest.mark.parametrize(
    "change", [{"revocado": datetime(2026, 1, 1, tzinfo=UTC)}, {"vence": datetime(2026, 1, 1, tzinfo=UTC)}]
)
def test_a_revoked_and_an_expired_token_are_401(load, change):
    Token.objects.update(**change)
    assert load().status_code == 401
    assert not Infraccion.objects.exists()


@pytest.mark.parametrize(
    "change", [{"revocado": datetime(2026, 1, 1, tzinfo=UTC)}, {"vence": datetime(2026, 1, 1, tzinfo=UTC)}]
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/token"),
        ("post", "/cargar_infracciones"),
        ("post", "/infracciones/1/evidencia"),
        ("get", "/infracciones/1/evidencia"),
        ("get", "/generar_informe?correo=jose.pena@ejemplo.com"),
    ],
)
def test_a_token_that_works_no_more_works_nowhere(client, officer, owner, change, method, path):
    headers = {"Authorization": f"Bearer {officer.token}"}
    more = {"data": b"", "content_type": "application/x-ndjson"} if method == "post" else {}
    assert getattr(client, method)(path, headers=headers, **more).status_code != 401
    Token.objects.update(**change)
    assert getattr(client, method)(path, headers=headers, **more).status_code == 401


@pytest.mark.parametrize(
    "written", ["A" + "\u0345" * 9000, "AB123CD" + " " * 10_000, "AB123CD" + "-" * 94, "A" * 10_000]
)
def test_a_plate_written_at_length_is_refused_before_its_letters_are_compared(load, monkeypatch, written):
    compared = []
    monkeypatch.setattr("infracciones.plates.unicodedata.normalize", lambda form, text: compared.append(text) or text)
    answer = load(placa_patente=written)
    assert answer.status_code == 422 and "placa_patente" in answer.json()["errores"]
    assert not compared and not Infraccion.objects.exists()


@pytest.mark.parametrize(("key", "seen", "status"), [("a,b", "a, b", 400), ("a,b", "a,b", 200), ("a, b", "a, b", 200)])
def test_two_keys_are_seen_by_what_nginx_and_the_server_put_between_them(client, officer, owner, key, seen, status):
    shown = {"Authorization": f"Bearer {officer.token}", "Idempotency-Key": key, "X-Idempotency-Seen": seen}
    fine = {"placa_patente": "AB123CD", "timestamp": 1772630430, "comentarios": "x"}
    answer = client.post("/cargar_infraccion", fine, content_type="application/json", headers=shown)
    assert answer.status_code == status
    assert Infraccion.objects.count() == (status == 200)


def test_an_unknown_plate_is_404_and_names_it(load):
    answer = load(placa_patente="zz 999 zz")
    assert answer.status_code == 404
    assert "ZZ999ZZ" in answer.json()["mensaje"]


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options", "head"])
def test_another_method_is_405_and_says_which_is_allowed(client, method):
    answer = getattr(client, method)("/cargar_infraccion")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    assert method == "head" or answer.json()["mensaje"]


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"{",
        b"[1,",
        b"not json",
        b"\xff\xfe",
        '{"placa_patente": "AB123CD"}'.encode("utf-16"),
        b'{"comentarios": NaN}',
        b'{"comentarios": "a", "comentarios": "a"}',
        b'{"x": {"y": 1, "y": 1}}',
        b'{"comentarios": "a\nb"}',
        b"[" * 60_000,
    ],
)
def test_a_body_that_cannot_be_read_is_400(load, body):
    answer = load(body=body)
    assert answer.status_code == 400
    assert answer.json()["mensaje"]


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"1", b"null", b"true"])
def test_a_json_value_that_is_no_object_is_422(load, body):
    answer = load(body=body)
    assert answer.status_code == 422
    assert answer.json()["errores"]


def test_all_fields_that_are_wrong_are_named_at_once(load):
    answer = load(body=b"{}")
    assert answer.status_code == 422
    assert answer.json()["errores"].keys() == {"placa_patente", "timestamp", "comentarios"}
    assert all(answer.json()["errores"].values())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("placa_patente", 123),
        ("placa_patente", ""),
        ("placa_patente", " - – "),
        ("placa_patente", "A" * 21),
        ("placa_patente", "AB\x00123CD"),
        ("placa_patente", "AB\ud800123CD"),
        ("comentarios", 5),
        ("comentarios", ["a"]),
        ("comentarios", "x" * 2001),
        ("comentarios", "a\x00b"),
        ("comentarios", "half a pair: \ud83d"),
        ("timestamp", None),
        ("timestamp", True),
        ("timestamp", "2026-03-04"),
        ("timestamp", "mañana"),
    ],
)
def test_a_field_that_is_wrong_is_422_with_why(load, field, value):
    answer = load(**{field: value})
    assert answer.status_code == 422
    assert list(answer.json()["errores"]) == [field]
    assert not Infraccion.objects.exists()


@pytest.mark.parametrize(
    "number", [b"1e999999999", b"1e99999999999999999999999", b"-1e-99999999999999999999", b"9" * 60_000]
)
def test_a_number_that_only_json_can_write_is_422(load, number):
    answer = load(body=b'{"placa_patente": "AB123CD", "comentarios": "", "timestamp": ' + number + b"}")
    assert answer.status_code == 422
    assert list(answer.json()["errores"]) == ["timestamp"]


def test_comments_may_be_empty_and_two_thousand_characters_long(load):
    assert load(comentarios="").status_code == 200
    assert load(comentarios="ñ" * 2000).status_code == 200
    assert load(comentarios="😀" * 2000).status_code == 200


def test_a_time_five_minutes_ahead_is_taken_and_six_are_refused(load):
    now = timezone.now()
    assert load(timestamp=(now + timedelta(minutes=4, seconds=50)).isoformat()).status_code == 200
    assert load(timestamp=(now + timedelta(minutes=6)).isoformat()).status_code == 422


def test_a_body_of_64_kib_is_read_and_a_larger_one_is_413(load):
    padding = " " * (64 * 1024)
    body = '{"placa_patente": "AB123CD", "timestamp": 1772630430, "comentarios": ""}'
    assert load(body=(body + padding)[: 64 * 1024]).status_code == 200
    answer = load(body=(body + padding)[: 64 * 1024 + 1])
    assert answer.status_code == 413
    assert "64 KiB" in answer.json()["mensaje"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", ""]
)
def test_another_content_type_is_415(client, officer, kind):
    headers = {"Authorization": f"Bearer {officer.token}"}
    answer = client.post("/cargar_infraccion", "{}", content_type=kind, headers=headers)
    assert answer.status_code == 415
    assert answer.json()["mensaje"]


def test_a_compressed_body_is_415(client, officer):
    headers = {"Authorization": f"Bearer {officer.token}", "Content-Encoding": "gzip"}
    answer = client.post("/cargar_infraccion", gzip.compress(b"{}"), content_type="application/json", headers=headers)
    assert answer.status_code == 415
    assert answer.headers["Accept-Encoding"] == "identity"


def test_a_byte_order_mark_and_unknown_fields_do_no_harm(load):
    body = {"placa_patente": "AB123CD", "timestamp": 1772630430, "comentarios": "", "version": 3}
    assert load(body=b"\xef\xbb\xbf" + json.dumps(body).encode()).status_code == 200


@pytest.mark.parametrize(
    "spelling", ["ab-123-cd", "AB‑123‑CD", "ab—123—cd", "a b\u00a0123\u2009cd", "ＡＢ１２３ＣＤ", "AB\u00ad123CD"]
)
def test_spaces_and_dashes_of_any_kind_do_not_count_in_a_plate(load, spelling):
    answer = load(placa_patente=spelling)
    assert answer.status_code == 200
    assert answer.json()["infraccion"]["placa_patente"] == "AB123CD"


def test_a_vehicle_that_vanishes_at_the_last_moment_is_an_unknown_plate(load, monkeypatch):
    from django.db import IntegrityError
    from infracciones import registration

    row = registration._row

    def vanishing(statement, values):
        if statement is registration._TAKE and not vanished:
            vanished.append(values)
            raise IntegrityError("the vehicle is no longer there")
        return row(statement, [*values[:1], "GONE", *values[2:]])

    vanished = []
    monkeypatch.setattr(registration, "_row", vanishing)
    assert load().status_code == 404
    assert vanished
