"""What somebody sends to do harm, over HTTPS: a 4xx that says why, or a row that is refused, and no container minds."""

from __future__ import annotations

import gzip
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.answers import answered
from rehearsal.checks.database import ask
from rehearsal.checks.people import People
from rehearsal.checks.single.outage import serving

_FINE, _FILE, _REPORT = "/cargar_infraccion", "/cargar_infracciones", "/generar_informe"
_JSON, _LINES = "application/json", "application/x-ndjson"
# As deep as Python 3.13 reads, which is more than a thread of two mebibytes can write out.
_DEEP = 9_990
# Sessions that nobody has: a NUL as cookies may write it, and one that is longer than any.
_COOKIES = (r'"\000aaaaaaaa"', "x" * 2_000)
_COUNTED = "SELECT (SELECT count(*) FROM infracciones_infraccion), (SELECT count(*) FROM infracciones_carga)"


@dataclass(frozen=True)
class Attack:
    """A request, and how it may be answered: by these statuses, or (a file) by so many refused rows beside two good ones."""

    name: str
    path: str
    body: bytes
    statuses: tuple[int, ...] = ()
    refused: int = 0
    type: str = _JSON
    headers: dict[str, str] = field(default_factory=dict)


@check("single")
def what_is_sent_to_do_harm_is_refused_with_a_reason_and_no_container_minds(subject: Subject) -> str:
    people = People.make(subject, officers=4, owners=1)
    before, there = serving(subject), ask(subject, _COUNTED)
    attacks = [*_single(people), *_files(people), *_reports(people)]
    taken = 0
    with people.client() as client:
        for number, each in enumerate(attacks):
            headers = people.bearer(number % 4) | {"Content-Type": each.type} | each.headers
            try:
                answer = client.post(each.path, content=each.body, headers=headers)
            except httpx.HTTPError as error:
                raise CheckError(f"{each.name}: no answer, {type(error).__name__}") from error
            _judge(each, answer)
            taken += 2 if each.refused else 0
        for cookie in _COOKIES:
            office = client.get("/admin/", headers={"Cookie": f"sessionid={cookie}"})
            if office.status_code != 302:
                raise CheckError(f"the office answered the session {cookie} with {office.status_code}")
        answered(client.post(_FINE, json=_fine(people), headers=people.bearer(0)), 200)
        for path in ("/healthz", "/readyz"):
            answered(client.get(path), 200)
    if (now := serving(subject)) != before:
        raise CheckError(f"before all that {before} served, after it {now}")
    counts = [[int(number) for number in each.split("|")] for each in (there, ask(subject, _COUNTED))]
    files = sum(bool(each.refused) for each in attacks)
    if (grown := [after - earlier for earlier, after in zip(*counts, strict=True)]) != [taken + 1, files]:
        raise CheckError(f"{taken + 1} fines and {files} files were to be written, there are {grown} more")
    return (
        f"{len(attacks)} requests refused, {files} of them files whose other rows were taken, and {len(_COOKIES)} sessions that "
        "nobody has; all containers as before"
    )


def _judge(attack: Attack, answer: httpx.Response) -> None:
    said = answer.text[:160]
    try:
        told = answer.json()
    except ValueError:
        raise CheckError(f"{attack.name}: answered {answer.status_code} without JSON: {said!r}") from None
    if attack.refused:
        if answer.status_code != 200 or (told["nuevas"], told["rechazadas"]) != (2, attack.refused):
            raise CheckError(
                f"{attack.name}: answered {answer.status_code}, 2 new and {attack.refused} refused were wanted: {said}"
            )
        if not all(row["mensaje"] for row in told["detalle"]):
            raise CheckError(f"{attack.name}: a row is refused without a reason: {said}")
    elif answer.status_code not in attack.statuses or not told.get("mensaje"):
        raise CheckError(f"{attack.name}: answered {answer.status_code}, {attack.statuses} was wanted: {said}")


def _fine(people: People) -> dict[str, object]:
    return {"placa_patente": people.plates[0], "timestamp": round(time.time() - 60, 3), "comentarios": "x"}


def _deep(depth: int) -> str:
    return '{"":' * depth + "0" + "}" * depth


def _wrong(people: People) -> Iterator[tuple[str, str]]:
    """Fines with one field that nobody can take, as JSON has them."""
    for name, value in (
        ("a time of the year 10000", '"10000-01-01T00:00:00Z"'),
        ("a time in the future", '"2100-01-01T00:00:00Z"'),
        ("a negative time", "-1"),
        ("a time before all calendars", "-99999999999"),
        ("a leap second at the end of all time", '"9999-12-31T23:59:60Z"'),
        ("a huge time", "1e400"),
        ("a time of very many digits", "9" * 40_000),
    ):
        yield name, _with(people, "timestamp", value)
    yield "a plate of 10,000 characters", _with(people, "placa_patente", json.dumps("A" * 10_000))
    yield "a NUL in a comment", _with(people, "comentarios", '"a\\u0000b"')
    yield "half a pair of surrogates", _with(people, "comentarios", '"\\ud800"')


def _unreadable(people: People) -> Iterator[tuple[str, str]]:
    """What is no JSON, or none that anybody should read."""
    yield "NaN", _with(people, "timestamp", "NaN")
    yield "a key twice", _with(people, "timestamp", "1772630430")[:-1] + ', "timestamp": 1772630430}'
    yield "values a hundred deep", _with(people, "comentarios", _deep(100))
    yield "nested objects", _with(people, "comentarios", _deep(_DEEP))
    yield "nested arrays", _with(people, "comentarios", "[" * 30_000 + "]" * 30_000)
    yield "half a document", '{"placa_patente": "AB1'


def _with(people: People, name: str, value: str) -> str:
    words = {key: json.dumps(given) for key, given in _fine(people).items()} | {name: value}
    return "{" + ", ".join(f'"{key}": {text}' for key, text in words.items()) + "}"


def _single(people: People) -> Iterator[Attack]:
    for name, body in _wrong(people):
        yield Attack(f"a fine with {name}", _FINE, body.encode(), (422,))
    for name, body in _unreadable(people):
        yield Attack(f"a fine: {name}", _FINE, body.encode(), (400,))
    yield Attack("an empty body", _FINE, b"", (400,))
    yield Attack("broken UTF-8", _FINE, b'{"comentarios": "\xe9"}', (400,))
    yield Attack("a hundred thousand nested arrays", _FINE, b"[" * 100_000 + b"]" * 100_000, (413,))
    yield Attack("a million columns", _FINE, b"{" + b'"c":1,' * 1_000_000 + b'"x":1}', (413,))
    good = json.dumps(_fine(people)).encode()
    yield Attack("a key of 256 characters", _FINE, good, (400,), headers={"Idempotency-Key": "k" * 256})
    yield Attack("a token that nobody issued", _FINE, good, (401,), headers={"Authorization": "Bearer " + "x" * 43})


def _files(people: People) -> Iterator[Attack]:
    def row(text: str) -> str:
        return '{"id": "' + str(uuid.uuid4()) + '", ' + text[1:] if text.startswith("{") else text

    def file(*wrong: bytes) -> bytes:
        good = [row(json.dumps(_fine(people))).encode() for _ in range(2)]
        return b"\n".join([good[0], *wrong, good[1]])

    for name, text in [*_wrong(people), *_unreadable(people)]:
        yield Attack(f"a file with {name}", _FILE, file(row(text).encode()), refused=1, type=_LINES)
    lines = (b"\xff\xfe\x00", b"[" * 100_000 + b"]" * 100_000, b'{"id": "x", ' + b'"c":1,' * 1_000_000 + b'"x":1}')
    yield Attack("a file with lines that nobody should read", _FILE, file(*lines), refused=3, type=_LINES)
    good = file()
    packed = gzip.compress(good)
    yield Attack("a gzip that is cut", _FILE, packed[:-9], (400,), type=_LINES, headers={"Content-Encoding": "gzip"})
    damaged = packed[:20] + bytes([packed[20] ^ 255]) + packed[21:]
    yield Attack("a gzip that is damaged", _FILE, damaged, (400,), type=_LINES, headers={"Content-Encoding": "gzip"})
    inner = row(_with(people, "más", _deep(100)))
    array = "[" + ", ".join([row(json.dumps(_fine(people))), inner, row(json.dumps(_fine(people)))]) + "]"
    yield Attack("an array with a row a hundred deep", _FILE, array.encode(), refused=1)
    yield Attack("an array nested ten thousand deep", _FILE, f"[{_deep(_DEEP)}, ".encode(), (400,))
    yield Attack("an array that does not end", _FILE, b'[{"a": 1},', (400,))


def _reports(people: People) -> Iterator[Attack]:
    for name in ("limite", "desde"):
        for depth, status in ((20, 422), (_DEEP, 400)):
            body = f'{{"correo": "{people.owners[0]}", "{name}": {_deep(depth)}}}'
            yield Attack(f"a report with {name} {depth} deep", _REPORT, body.encode(), (status,))
    yield Attack("a report of nobody", _REPORT, b'{"correo": 7}', (422,))
