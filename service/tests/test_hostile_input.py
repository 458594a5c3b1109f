"""What somebody sends to do harm: a 4xx that says why, or a refused row; nothing half-written, and others are served meanwhile."""

import gzip
import io
import json
import socket
import uuid

import httpx
import pytest
from django.test import RequestFactory
from fines import wsgi
from infracciones.models import Carga, Infraccion
from infracciones.uploads.bodies import PIECE, Body, TooLarge

NDJSON, ARRAY = "application/x-ndjson", "application/json"
pytestmark = pytest.mark.django_db(transaction=True)
GOOD = {"placa_patente": "AB123CD", "timestamp": "2026-03-04T10:20:30-03:00", "comentarios": "Luz roja"}
NESTED = "[" * 100_000 + "]" * 100_000

# A field, and what is wrong with it; as JSON has it.
WRONG = {
    "a time of the year 10000": ("timestamp", '"10000-01-01T00:00:00Z"'),
    "a time in the future": ("timestamp", '"2100-01-01T00:00:00Z"'),
    "a negative time": ("timestamp", "-1"),
    "a time before all calendars": ("timestamp", "-99999999999"),
    "the same as text": ("timestamp", '"-62135596801"'),
    "a leap second at the end of all time": ("timestamp", '"9999-12-31T23:59:60Z"'),
    "a huge time": ("timestamp", "1e400"),
    "a time of a hundred thousand digits": ("timestamp", "9" * 60_000),
    "a plate of 10,000 characters": ("placa_patente", json.dumps("A" * 10_000)),
    "a plate that is a list": ("placa_patente", "[]"),
    "a NUL in the comment": ("comentarios", '"a\\u0000b"'),
    "half a pair of surrogates": ("comentarios", '"\\ud800"'),
    "a comment that is a number": ("comentarios", "7"),
}
# No JSON at all, or none that anybody should read.
UNREADABLE = {
    "NaN": '{"placa_patente": "AB123CD", "timestamp": NaN, "comentarios": ""}',
    "a key twice": '{"placa_patente": "AB123CD", "placa_patente": "X", "timestamp": 1772630430, "comentarios": ""}',
    "a hundred thousand nested arrays": '{"placa_patente": ' + NESTED[:60_000] + "}",
    "a thousand values within values": '{"placa_patente": ' + '{"":' * 1000 + "0" + "}" * 1001,
    "half a document": '{"placa_patente": "AB1',
    "words": "drop table infracciones",
}


def one(field: str, value: str) -> str:
    """A fine with a field written as given."""
    words = {name: json.dumps(text) for name, text in GOOD.items()} | {field: value}
    return "{" + ", ".join(f'"{name}": {text}' for name, text in words.items()) + "}"


def row(text: str) -> str:
    """The same with an id of a device's."""
    return '{"id": "' + str(uuid.uuid4()) + '", ' + text[1:]


@pytest.fixture
def upload(client, officer, owner):
    def post(content, *, type=NDJSON, **headers):
        given = {"Authorization": f"Bearer {officer.token}"} | headers
        return client.post("/cargar_infracciones", content, content_type=type, headers=given, CONTENT_TYPE=type)

    return post


def nothing_was_written():
    return not Infraccion.objects.exists() and not Carga.objects.exists()


@pytest.mark.parametrize("name", WRONG)
def test_a_fine_with_it_is_422_and_says_which_field(load, name):
    field, value = WRONG[name]
    answer = load(body=one(field, value))
    assert answer.status_code == 422, answer.content[:200]
    assert field in answer.json()["errores"]
    assert nothing_was_written()


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_body_of_it_is_400(load, name):
    answer = load(body=UNREADABLE[name])
    assert answer.status_code == 400, answer.content[:200]
    assert answer.json()["mensaje"]
    assert nothing_was_written()


@pytest.mark.parametrize(
    "body", [b"\xff\xfe{}", b'{"comentarios": "\xe9"}', NESTED.encode(), b"{" + b'"c":1,' * 1_000_000 + b'"x":1}']
)
def test_bytes_that_nobody_should_read_are_400_or_413(load, body):
    assert load(body=body).status_code in {400, 413}
    assert nothing_was_written()


@pytest.mark.parametrize("field", ["limite", "desde", "correo"])
def test_a_report_asked_for_with_values_within_values_is_422_or_400(client, field):
    for depth, status in ((10, 422), (9_000, 400)):
        mail = "" if field == "correo" else '"correo": "a@b.example", '
        body = "{" + mail + f'"{field}": ' + '{"":' * depth + "0" + "}" * (depth + 1)
        answer = client.post("/generar_informe", body, content_type=ARRAY)
        assert (answer.status_code, bool(answer.json()["mensaje"])) == (status, True)


@pytest.mark.parametrize("name", WRONG | UNREADABLE)
def test_a_row_of_it_is_refused_and_its_neighbours_are_taken(upload, name):
    wrong = one(*WRONG[name]) if name in WRONG else UNREADABLE[name]
    lines = [row(json.dumps(GOOD)), row(wrong) if wrong.startswith("{") else wrong, row(json.dumps(GOOD))]
    answer = upload("\n".join(lines).encode())
    assert answer.status_code == 200, answer.content[:200]
    told = answer.json()
    assert (told["nuevas"], told["rechazadas"]) == (2, 1)
    [refused] = told["detalle"]
    assert refused["linea"] == 2 and refused["mensaje"]
    assert Infraccion.objects.count() == 2


@pytest.mark.parametrize(
    "line", [b"\xff\xfe\x00", NESTED.encode(), b'{"id": "x", ' + b'"c":1,' * 1_000_000 + b'"x":1}']
)
def test_a_line_that_nobody_should_read_costs_itself_alone(upload, line):
    answer = upload(row(json.dumps(GOOD)).encode() + b"\n" + line + b"\n" + row(json.dumps(GOOD)).encode())
    assert (answer.json()["nuevas"], answer.json()["rechazadas"]) == (2, 1)


def test_an_element_of_an_array_that_is_nested_deeply_costs_itself_alone(upload):
    deep = row(json.dumps(GOOD))[:-1] + ', "more": ' + '{"":' * 100 + "0" + "}" * 101
    answer = upload(f"[{row(json.dumps(GOOD))}, {deep}, {row(json.dumps(GOOD))}]".encode(), type=ARRAY)
    assert (answer.status_code, answer.json()["nuevas"], answer.json()["rechazadas"]) == (200, 2, 1)


@pytest.mark.parametrize("content", [NESTED.encode(), b"[" + b'{"a":' * 200_000, b"[\xff]", b'[{"a": NaN}]', b"[1,"])
def test_an_array_that_nobody_should_read_takes_nothing(upload, content):
    assert upload(content, type=ARRAY).status_code == 400
    assert nothing_was_written()


def test_a_gzip_that_grows_to_ten_gibibytes_is_refused_long_before(upload):
    """A hundred and sixty members of 64 MiB each, as a file may have."""
    member = gzip.compress(b" " * 64 * 2**20)
    bomb = member * 160
    assert len(bomb) < 12 * 2**20
    answer = upload(bomb, **{"Content-Encoding": "gzip"})
    assert answer.status_code == 413
    assert "MiB" in answer.json()["mensaje"]
    assert nothing_was_written()


def test_a_bomb_is_unpacked_no_further_than_it_may_go():
    unpacked = 0

    class Counted(Body):
        def _unpacked(self):
            nonlocal unpacked
            for piece in super()._unpacked():
                unpacked += len(piece)
                yield piece

    bomb = gzip.compress(b" " * 64 * 2**20)
    with pytest.raises(TooLarge):
        list(Counted(io.BytesIO(bomb), announced=len(bomb), packed=True, most=2**20).pieces())
    assert unpacked <= 2**20 + PIECE


@pytest.mark.parametrize(
    "text", ["=1+1", "@SUM(A1)", "+49", "-1", "'; DROP TABLE x; --", "<script>alert(1)</script>", "\u202egnp.exe"]
)
def test_a_comment_is_text_and_comes_back_as_it_was(load, client, text):
    assert load(comentarios=text).status_code == 200
    report = client.get("/generar_informe?correo=jose.pena@ejemplo.com").json()
    assert [fine["comentarios"] for fine in report["infracciones"]] == [text]


def raw(server, lines: list[bytes], body: bytes) -> bytes:
    """The status line that these bytes get."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"\r\n".join([*lines, b"Connection: close", b"", body]))
        return connection.recv(65536).partition(b"\r\n")[0]


@pytest.mark.parametrize(
    ("twice", "expected"),
    [
        ([b"Content-Length: 2", b"Content-Length: 200"], {b"400"}),
        ([b"Content-Length: 2", b"Transfer-Encoding: chunked"], {b"400", b"401"}),
        ([b"Content-Length: -1"], {b"400"}),
        ([b"Content-Length: x"], {b"400"}),
        ([b"Content-Length: 2", b"X-Many: " + b"x" * 300_000], {b"400", b"401", b"431"}),  # NGINX takes 8 KiB
    ],
)
def test_headers_given_twice_or_wrong_are_refused(live, twice, expected):
    head = [b"POST /cargar_infraccion HTTP/1.1", b"Host: localhost", b"Content-Type: application/json", *twice]
    status = raw(live, head, b"{}").split(b" ")
    assert len(status) > 1, "no answer at all"
    assert status[1] in expected


@pytest.mark.parametrize("first", [True, False])
def test_of_two_tokens_none_works_also_where_one_would(live, token, first):
    tokens = [token.encode(), b"x" * 43] if first else [b"x" * 43, token.encode()]
    body = json.dumps(GOOD).encode()
    head = [b"POST /cargar_infraccion HTTP/1.1", b"Host: localhost", b"Content-Type: application/json"]
    head.append(b"Content-Length: %d" % len(body))
    shown = [b"Authorization: Bearer " + each for each in tokens]
    alone, both = (raw(live, [*head, *some], body).split(b" ")[1] for some in (shown[:1], shown))
    assert (alone, both) == (b"200" if first else b"401", b"401")


# What Django would fail at before any middleware: a coding that nobody knows, codecs that make no text, one that always fails.
TYPES = [
    "a/b; x*=nonsense''y",
    "a/b; charset=hex",
    "a/b; charset=undefined",
    "a/b; charset=idna",
    "a/b; charset=utf-16",
]


@pytest.mark.parametrize("type", TYPES)
def test_no_type_of_a_body_is_a_server_error(live, token, type):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": type}
    statuses = {}
    for method, path in (
        ("GET", "/healthz?a=%ff"),
        ("GET", "/generar_informe?correo=ana@ejemplo.com"),
        ("POST", "/cargar_infraccion?a=b"),
        ("POST", "/cargar_infracciones"),
        ("POST", "/infracciones/x/evidencia"),
    ):
        answer = httpx.request(method, live.url + path, headers=headers, content=b"{}" if method == "POST" else None)
        statuses[path.partition("?")[0]] = answer.status_code
        assert answer.status_code == 200 or answer.json()["mensaje"], answer.content[:200]
    assert statuses == {
        "/healthz": 200,
        "/generar_informe": 200,
        "/cargar_infraccion": 415,
        "/cargar_infracciones": 415,
        "/infracciones/x/evidencia": 404,
    }


def test_what_fails_before_there_is_a_request_is_500_in_json_and_leads_to_the_log(monkeypatch, caplog):
    def fails(environ):
        raise ZeroDivisionError("unforeseen")

    monkeypatch.setattr(wsgi.Application, "request_class", staticmethod(fails))
    began = []
    environ = RequestFactory().generic("GET", "/healthz", headers={"X-Request-Id": "0123456789abcdef"}).environ
    body = b"".join(wsgi.application(environ, lambda *words: began.append(words)))
    [(status, headers)] = began
    assert status.startswith("500 ") and dict(headers)["Content-Type"] == "application/json"
    assert "0123456789abcdef" in json.loads(body)["mensaje"] and "unforeseen" not in body.decode()
    assert "unforeseen" in caplog.text


@pytest.fixture(scope="module")
def live(env, token):
    from testing.server import Server

    with Server(env) as found:
        yield found
